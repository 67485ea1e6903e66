/**
 * Rows as an Excel workbook of one sheet, written as they come. Every cell is text in the file
 * itself: no cell of it is a formula.
 *
 * @module
 * @see ECMA-376, part 1, section 18: SpreadsheetML
 */
import { strToU8, Zip, ZipDeflate } from 'fflate'

/** Rows that a sheet may have, the header among them. */
export const SHEET_ROWS_MAX = 1_048_576

/**
 * Writes a file, a part of it for each set of rows.
 *
 * @param sheet The sheet's name.
 * @throws {RangeError} If there are more rows than {@link SHEET_ROWS_MAX}: the file breaks off, so
 *   that nobody takes it for whole.
 */
export async function* writeXlsx(
  sheet: string,
  header: readonly string[],
  rows: AsyncIterable<readonly (readonly string[])[]>,
): AsyncGenerator<Uint8Array> {
  let made: Uint8Array[] = []
  const take = (): Uint8Array => {
    const all = Buffer.concat(made)
    made = []
    return all
  }
  const zip = new Zip((error, chunk) => {
    if (error) throw error
    made.push(chunk)
  })
  for (const [name, text] of Object.entries(frame(sheet))) {
    const file = new ZipDeflate(name, { level: 6 })
    zip.add(file)
    file.push(strToU8(XML + text), true)
  }
  const cells = new ZipDeflate('xl/worksheets/sheet1.xml', { level: 6 })
  zip.add(cells)
  cells.push(strToU8(`${XML}<worksheet xmlns="${SPREADSHEET}"><sheetData>${toRow(header)}`))
  let count = 1
  for await (const some of rows) {
    count += some.length
    if (count > SHEET_ROWS_MAX) {
      throw new RangeError(`A sheet has at most ${SHEET_ROWS_MAX} rows: export a shorter time`)
    }
    cells.push(strToU8(some.map(toRow).join('')))
    yield take()
  }
  cells.push(strToU8('</sheetData></worksheet>'), true)
  zip.end()
  yield take()
}

const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
const SPREADSHEET = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
const RELATIONS = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006'
const TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml'

/** The files around the sheet. */
function frame(sheet: string): Readonly<Record<string, string>> {
  return {
    '[Content_Types].xml':
      `<Types xmlns="${PACKAGE}/content-types">` +
      '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>' +
      `<Override PartName="/xl/workbook.xml" ContentType="${TYPE}.sheet.main+xml"/>` +
      `<Override PartName="/xl/worksheets/sheet1.xml" ContentType="${TYPE}.worksheet+xml"/></Types>`,
    '_rels/.rels':
      `<Relationships xmlns="${PACKAGE}/relationships">` +
      `<Relationship Id="rId1" Type="${RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    'xl/workbook.xml':
      `<workbook xmlns="${SPREADSHEET}" xmlns:r="${RELATIONS}"><sheets>` +
      `<sheet name="${escape(sheet)}" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    'xl/_rels/workbook.xml.rels':
      `<Relationships xmlns="${PACKAGE}/relationships">` +
      `<Relationship Id="rId1" Type="${RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
  }
}

function toRow(cells: readonly string[]): string {
  return `<row>${cells.map(toCell).join('')}</row>`
}

/** Amounts are numbers, so that they can be summed; all else is text. */
function toCell(text: string): string {
  if (/^\d{1,12}\.\d{2}$/.test(text)) return `<c><v>${text}</v></c>`
  return `<c t="inlineStr"><is><t xml:space="preserve">${escape(text)}</t></is></c>`
}

/** XML has no control characters and no half characters, not even escaped. */
function escape(text: string): string {
  return text
    .replaceAll(/[\p{Cs}\uFFFE\uFFFF]|(?![\t\n\r])\p{Cc}/gu, '\uFFFD')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
