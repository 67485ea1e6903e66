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

/** Reads how many rows are listed, 1 to 100. */
export function rows(text: string): number {
  const count = wholeNumber(text)
  if (count < 1 || count > 100) throw new InvalidArgumentError('It is 1 to 100.')
  return count
}

/** Reads a list that is separated by commas. */
export function listed(text: string): readonly string[] {
  return text.split(',').map((entry) => entry.trim())
}
