/**
 * Money: whole fen in the program, yuan text on Alipay's wire. The only file that knows yuan.
 *
 * @module
 */

declare const fen: unique symbol

/**
 * An amount of Chinese yuan in whole fen (1/100 yuan), an exact integer. Only {@link toFen} and
 * {@link parseYuan} make one, so a plain number of yuan cannot slip in.
 */
export type Fen = number & { readonly [fen]: true }

/**
 * Takes an integer as an amount of fen.
 *
 * @param amount Whole fen, from `-Number.MAX_SAFE_INTEGER` to `Number.MAX_SAFE_INTEGER`.
 * @throws {RangeError} If it is not such an integer.
 */
export function toFen(amount: number): Fen {
  if (!Number.isSafeInteger(amount)) {
    throw new RangeError(`An amount is a whole number of fen (1 yuan = 100 fen), not ${amount}`)
  }
  return amount as Fen
}

const YUAN = /^(-?)(0|[1-9][0-9]{0,12})(?:\.([0-9]{1,2}))?$/

/**
 * Reads Alipay's yuan text (`"88.88"`, `"0.1"`, `"100"`, `"-3.00"` in bills) as fen. No fraction is
 * ever formed, so `"19.99"` cannot become 1998.
 *
 * @throws {RangeError} On anything else: blanks, `+`, leading zeros, exponents, thousands commas,
 *   full-width digits, three decimals.
 */
export function parseYuan(text: string): Fen {
  const match = YUAN.exec(text)
  if (match === null) {
    throw new RangeError(`Not an amount in yuan with at most two decimals: ${JSON.stringify(text)}`)
  }
  const [, sign, yuan, decimals = ''] = match
  const amount = Number(yuan) * 100 + Number(decimals.padEnd(2, '0'))
  return (sign === '-' && amount !== 0 ? -amount : amount) as Fen
}

/**
 * Writes fen as yuan text with exactly two decimals: 8888 is `"88.88"`. The inverse of
 * {@link parseYuan}.
 */
export function formatYuan(amount: Fen): string {
  const digits = String(Math.abs(amount)).padStart(3, '0')
  return `${amount < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
}

/**
 * Adds amounts up.
 *
 * @throws {RangeError} If the sum is no longer an exact integer.
 */
export function sumFen(amounts: Iterable<Fen>): Fen {
  let sum = 0
  for (const amount of amounts) sum += amount
  return toFen(sum)
}
