// @ts-check
/**
 * Yuan text and whole fen in the browser, by the same rules as `src/alipay/money.ts`.
 *
 * @module
 */

/**
 * Writes fen as yuan: 8888 is `88.88`.
 *
 * @param {number} amount
 * @returns {string}
 */
export function formatYuan(amount) {
  const digits = String(Math.abs(amount)).padStart(3, '0')
  return `${amount < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
}

/**
 * Reads yuan text as fen, `undefined` where it is none.
 *
 * @param {string} text
 * @returns {number | undefined}
 */
export function parseYuan(text) {
  const match = /^(0|[1-9][0-9]{0,12})(?:\.([0-9]{1,2}))?$/.exec(text.trim())
  if (match === null) return undefined
  return Number(match[1]) * 100 + Number((match[2] ?? '').padEnd(2, '0'))
}
