/**
 * Takes the buyer out of a raw text of Alipay's, so that it can be shown, and leaves the rest of it
 * byte for byte.
 *
 * @module
 */

import { maskTrailBytes, skipBlanks, skipString, skipValue } from './answer-envelope.ts'
import { toCharset } from './charset.ts'
import { percentDecode } from './form.ts'

/**
 * Replaces who bought by `***`: the values of `open_id` and of all names that begin with `buyer_`,
 * but `buyer_pay_amount` and `buyer_user_type`; also in camelCase, which Alipay has in
 * notifications. Whatever kind of value it is, nested in whatever way, also in JSON within JSON.
 *
 * Nothing else is changed, spelling and escapes included; what is not JSON within a value is the
 * merchant's own text (`body`, `passback_params`) and stays. A part that looks like JSON, is not
 * whole and may speak of a buyer becomes `***` altogether. Masking twice is masking once. Never
 * throws.
 *
 * @param text Raw JSON (an answer's node, or a whole answer) or a raw form, as `rawText` gives
 *   them.
 */
export function maskBuyer(text: string): string {
  return applyEdits(text, LOOKS_LIKE_JSON.test(text) ? jsonEdits(text) : formEdits(text))
}

/** Part of a text, and what stands there instead. */
interface Edit {
  readonly start: number
  readonly end: number
  readonly by: string
}

const MASK = '***'

const LOOKS_LIKE_JSON = /^\s*[{["]/

function applyEdits(text: string, edits: readonly Edit[]): string {
  let masked = ''
  let at = 0
  for (const { start, end, by } of edits) {
    masked += text.slice(at, start) + by
    at = end
  }
  return masked + text.slice(at)
}

function formEdits(form: string): Edit[] {
  const charset = /(?:^|&)charset=([\w-]+)/i.exec(form)?.[1] ?? ''
  const isGbk = toCharset(charset) === 'gbk'
  const edits: Edit[] = []
  let start = 0
  for (const pair of form.split('&')) {
    const end = start + pair.length
    const equals = pair.indexOf('=')
    const valueStart = start + equals + 1
    const value = form.slice(valueStart, end)
    if (equals !== -1 && isBuyerData(percentDecode(pair.slice(0, equals)))) {
      edits.push({ start: valueStart, end, by: MASK })
    } else if (equals !== -1 && MAY_BE_JSON.test(value)) {
      const bytes = percentDecode(value)
      const text = isGbk ? maskTrailBytes(Buffer.from(bytes, 'latin1')) : bytes
      edits.push(...within(value, valueStart, PERCENT_UNIT, text, encodeURIComponent))
    }
    start = end + 1
  }
  return edits
}

/** The same of what {@link LOOKS_LIKE_JSON} once it is decoded, blanks included. */
const MAY_BE_JSON = /^(?:[\s+]|%(?:09|0[a-d]|20|a0))*(?:[{["]|%(?:7b|5b|22))/i

/** What one character of the decoded text is written as. */
const PERCENT_UNIT = /%[0-9a-fA-F]{2}|[^]/g
const JSON_UNIT = /\\u[0-9a-fA-F]{4}|\\.|[^]/g

/**
 * The edits of JSON that is written within another text.
 *
 * @param raw How it is written there, from `start` on.
 * @param text What that means, with one character for each match of `unit`.
 * @param escape Writes as it is written there.
 */
function within(
  raw: string,
  start: number,
  unit: RegExp,
  text: string,
  escape: (text: string) => string,
): Edit[] {
  const edits = LOOKS_LIKE_JSON.test(text) ? jsonEdits(text) : []
  if (edits.length === 0) return []
  const offsets = [...raw.matchAll(unit)].map(({ index }) => start + index)
  offsets.push(start + raw.length)
  return edits.map((edit) => ({
    start: offsets[edit.start] as number,
    end: offsets[edit.end] as number,
    by: escape(edit.by),
  }))
}

function jsonEdits(text: string): Edit[] {
  if (!MAY_SPEAK_OF_BUYER.test(text)) return []
  if (!isJson(text)) return [{ start: 0, end: text.length, by: MASK }]
  const edits: Edit[] = []
  for (let at = 0; at < text.length;) {
    if (text[at] !== '"') {
      at++
      continue
    }
    const start = at
    at = skipString(text, start)
    const literal = text.slice(start, at)
    const meaning = JSON.parse(literal) as string
    const colon = skipBlanks(text, at)
    if (text[colon] !== ':') {
      edits.push(...within(literal.slice(1, -1), start + 1, JSON_UNIT, meaning, escapeJson))
    } else if (isBuyerData(meaning)) {
      const valueStart = skipBlanks(text, colon + 1)
      at = skipValue(text, valueStart)
      edits.push({ start: valueStart, end: at, by: `"${MASK}"` })
    }
  }
  return edits
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function isBuyerData(name: string): boolean {
  const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  return /^(?:buyer_(?!(?:pay_amount|user_type)$)|open_id$)/.test(snake)
}

/** In ASCII that is escaped without need a name may hide. */
const MAY_SPEAK_OF_BUYER = /buyer|open_?id|u00[2-7]/i

function escapeJson(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}
