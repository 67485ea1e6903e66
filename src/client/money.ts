/**
 * Yuan as people write them, and fen as the API counts them, without floating point.
 *
 * @module
 */

/**
 * Fen of an amount in yuan: `fen('88.88')` is 8888.
 *
 * @param text Digits, and at most two after a point.
 * @throws {RangeError} For anything else.
 */
export function fen(text: string): number {
  const [, whole = '', part = ''] = /^(\d{1,9})(?:\.(\d{1,2}))?$/.exec(text) ?? []
  if (whole === '') throw new RangeError('An amount in yuan is written like 88.88')
  return Number(whole) * 100 + Number(part.padEnd(2, '0'))
}

/**
 * An amount in yuan of fen: `yuan(8888)` is `88.88`.
 *
 * @param amount Whole fen, 0 or more.
 * @throws {RangeError} For anything else.
 */
export function yuan(amount: number): string {
  if (!Number.isSafeInteger(amount) || amount < 0) throw new RangeError('Fen are a whole number')
  return `${Math.floor(amount / 100)}.${String(amount % 100).padStart(2, '0')}`
}
