/**
 * From what people paste to the text that was meant: without fences, quotes, quote marks of mail
 * and Markdown, and the words that terminals and logs put around a message.
 *
 * Texts are _byte strings_ here, a character a byte (`latin1`), for the bytes are what was signed.
 *
 * @module
 */

/** A message as bytes, and what had to be assumed to find it. */
export interface PastedText {
  /** Byte string. */
  readonly text: string
  /** Sentences for people. */
  readonly assumptions: readonly string[]
}

/** Takes the wrapping off. Never throws; what it does not know it leaves. */
export function unwrap(input: Uint8Array): PastedText {
  const assumptions: string[] = []
  let text = decodeUtf16(input) ?? Buffer.from(input).toString('latin1')
  text = text.replace(/^\xef\xbb\xbf/, '').replaceAll('\r\n', '\n')
  text = trim(stripFence(stripMarginMarks(trim(text))))
  const unquoted = stripQuotes(text)
  text = unquoted.startsWith('{\\"') ? unescapeJson(unquoted, assumptions) : unquoted
  return { text: trim(stripHttp(text, assumptions)), assumptions }
}

/** What PowerShell's `>` writes. */
function decodeUtf16(input: Uint8Array): string | undefined {
  if (input[0] !== 0xff || input[1] !== 0xfe) return undefined
  return toByteString(Buffer.from(input).subarray(2).toString('utf16le'))
}

/** A text as the byte string of its UTF-8. */
export function toByteString(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

/** Only ASCII blanks: 0xA0 may be half of a character. */
function trim(text: string): string {
  return text.replaceAll(/^[ \t\n\r]+|[ \t\n\r]+$/g, '')
}

/** `> ` of mails and `| ` of tables, if every line has it. */
function stripMarginMarks(text: string): string {
  const lines = text.split('\n')
  return lines.every((line) => /^[ \t]*[|>]|^[ \t]*$/.test(line))
    ? lines.map((line) => line.replace(/^[ \t]*[|> \t]*/, '')).join('\n')
    : text
}

/** The inside of the first ``` block; an unclosed one runs to the end. */
function stripFence(text: string): string {
  return /```(?:[a-z]*\n)?(.*?)(?:```|$)/s.exec(text)?.[1] ?? text
}

/** Pairs of quotes; the curly ones as bytes of UTF-8. */
const QUOTES = [
  ['"', '"'],
  ["'", "'"],
  ['`', '`'],
  ['\xe2\x80\x9c', '\xe2\x80\x9d'],
  ['\xe2\x80\x98', '\xe2\x80\x99'],
] as const

function stripQuotes(text: string): string {
  for (const [open, close] of QUOTES) {
    if (text.length > 1 && text.startsWith(open) && text.endsWith(close)) {
      return trim(text.slice(open.length, -close.length))
    }
  }
  return text
}

/** An answer that was logged as a string within JSON: `{\"alipay_…\":…}`. */
function unescapeJson(text: string, assumptions: string[]): string {
  try {
    const inner = JSON.parse(`"${Buffer.from(text, 'latin1').toString('utf8')}"`) as string
    assumptions.push('The text was the inside of a JSON string; its backslashes were undone once.')
    return toByteString(inner)
  } catch {
    return text
  }
}

/**
 * The form of an HTTP request as it was logged. Alipay's gateway merges query and body; a notify
 * address has its parameters in the body alone.
 */
function stripHttp(text: string, assumptions: string[]): string {
  const [, target = '', rest] =
    /^(?:POST|GET|PUT) +(.*?)(?: HTTP\/[\d.]+)?(\n.*)?$/s.exec(text) ?? []
  if (target === '') return text
  const head = /^(?:\n[\w-]+: [^\n]*)*\n\n(.*)$/s.exec(rest ?? '')
  if (head === null) return target + (rest ?? '')
  const body = trim(head[1] ?? '')
  const query = target.includes('?') ? target.slice(target.indexOf('?') + 1) : ''
  assumptions.push('Of the HTTP request the parameters were taken; its headers are not signed.')
  if (body === '') return query
  return /(?:^|&)(?:sign|method)=/.test(query) ? `${query}&${body}` : body
}
