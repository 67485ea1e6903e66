/**
 * Text that people and programs hand in.
 *
 * @module
 */

/**
 * Whether a text has `min` to `max` UTF-16 units (as Alipay's Java counts), and nothing in it that
 * a store or the wire would alter: no control character, no half of a surrogate pair.
 */
export function isPlainText(text: string, min: number, max: number): boolean {
  return text.length >= min && text.length <= max && !/[\p{Cc}\p{Cs}]/u.test(text)
}
