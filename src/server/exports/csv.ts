/**
 * Rows as CSV that Excel opens rightly in Chinese: with a byte order mark, numbers of many digits
 * kept as text, and nothing that a spreadsheet would carry out.
 *
 * @module
 * @see https://www.rfc-editor.org/rfc/rfc4180
 * @see https://owasp.org/www-community/attacks/CSV_Injection
 */

/** By this Excel sees that it is UTF-8. */
const BYTE_ORDER_MARK = '\uFEFF'

/** Writes a file, a part of it for each set of rows. */
export async function* writeCsv(
  header: readonly string[],
  rows: AsyncIterable<readonly (readonly string[])[]>,
): AsyncGenerator<Uint8Array> {
  yield Buffer.from(BYTE_ORDER_MARK + toLine(header))
  for await (const some of rows) yield Buffer.from(some.map(toLine).join(''))
}

function toLine(cells: readonly string[]): string {
  return `${cells.map(toCell).join(',')}\r\n`
}

function toCell(text: string): string {
  // A spreadsheet would carry it out; behind an apostrophe it is text. Other signs of "=" are those
  // of Chinese keyboards.
  const harmless = /^[\s]*[=+\-@＝＋－＠\t\r]/.test(text) ? `'${text}` : text
  // Excel makes 2.02611E+27 of Alipay's numbers; a tab behind keeps them, as in Alipay's own bills.
  const kept = /^\d{12,}$/.test(harmless) ? `${harmless}\t` : harmless
  return /[",\r\n\t']/.test(kept) ? `"${kept.replaceAll('"', '""')}"` : kept
}
