/**
 * Values of options, checked where they are read.
 *
 * @module
 */

import { InvalidArgumentError } from 'commander'

/** Reads a port, 0 to 65535. */
export function port(text: string): number {
  const number = wholeNumber(text)
  if (number > 65_535) throw new InvalidArgumentError('A port is a number from 0 to 65535.')
  return number
}

/** Reads a whole number, 0 or more. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It is a whole number.')
  return Number(text)
}

/** Reads the seconds that a buyer is given, 60 to 6600. */
export function buyerSeconds(text: string): number {
  const seconds = wholeNumber(text)
  if (seconds < 60 || seconds > 6_600) throw new InvalidArgumentError('It is 60 to 6600 seconds.')
  return seconds
}
