/**
 * Finds the signed text in an answer of the gateway: the exact bytes of the value of
 * `xxx_response`. Nothing is decoded here and nothing is believed yet.
 *
 * The scan knows strings and escapes, so braces, quotes and look-alike names inside values do not
 * confuse it, and white space around a member is not taken for a part of it. Two members of one
 * name are refused: the one that is checked must be the one that is used.
 *
 * @module
 * @see Alipay: 同步返回验签
 */

import type { Charset } from './charset.ts'
import { MessageMalformed } from './errors.ts'

/** An answer taken apart, not yet verified. */
export interface AnswerEnvelope {
  /** The exact bytes that the signature covers; an encrypted node keeps its quotes. */
  readonly signedBytes: Uint8Array
  /** `method` for the method's own node, `error_response` for the gateway's generic one. */
  readonly root: 'method' | 'error_response'
  /** The signature in base64; `undefined` where the answer has none. */
  readonly sign: string | undefined
  /** In certificate mode, the serial number of the Alipay certificate whose key signed. */
  readonly alipayCertSn: string | undefined
}

/**
 * Takes an answer apart.
 *
 * @param body The body as it came.
 * @param method The method that was called, e.g. `alipay.trade.query`.
 * @throws {MessageMalformed} If it is not a JSON object with one node for this method.
 */
export function openAnswerEnvelope(
  body: Uint8Array,
  method: string,
  charset: Charset,
): AnswerEnvelope {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const members = scanMembers(charset === 'gbk' ? maskTrailBytes(bytes) : bytes.toString('latin1'))
  const methodNode = members.get(`${method.replaceAll('.', '_')}_response`)
  const errorNode = members.get('error_response')
  const node = methodNode ?? errorNode
  if (node === undefined || (methodNode !== undefined && errorNode !== undefined)) {
    throw new MessageMalformed(
      `The answer has no node for ${method}. Is the gateway's address right (…/gateway.do)?`,
    )
  }
  const text = ({ start, end }: Span): string => bytes.toString('latin1', start, end)
  return {
    signedBytes: bytes.subarray(node.start, node.end),
    root: methodNode === undefined ? 'error_response' : 'method',
    sign: stringValue(members.get('sign'), text),
    alipayCertSn: stringValue(members.get('alipay_cert_sn'), text),
  }
}

interface Span {
  readonly start: number
  readonly end: number
}

/** The value of a string member. Of base64 and hex, only `/` can be written with an escape. */
function stringValue(span: Span | undefined, text: (span: Span) => string): string | undefined {
  if (span === undefined) return undefined
  const literal = text(span)
  return literal.startsWith('"') ? literal.slice(1, -1).replaceAll('\\/', '/') : undefined
}

/**
 * The members of the outermost object: name to the span of its value. `text` has one character a
 * byte.
 */
function scanMembers(text: string): Map<string, Span> {
  const members = new Map<string, Span>()
  let at = expect(text, skipBlanks(text, 0), '{')
  at = skipBlanks(text, at)
  for (;;) {
    const nameEnd = skipString(text, at)
    const name = text.slice(at + 1, nameEnd - 1)
    const start = skipBlanks(text, expect(text, skipBlanks(text, nameEnd), ':'))
    const end = skipValue(text, start)
    if (members.has(name)) {
      throw new MessageMalformed(
        'The answer has two members of one name; it may have been altered.',
      )
    }
    members.set(name, { start, end })
    at = skipBlanks(text, end)
    if (text[at] !== ',') break
    at = skipBlanks(text, at + 1)
  }
  at = skipBlanks(text, expect(text, at, '}'))
  if (at !== text.length) throw notJson()
  return members
}

/**
 * The end of the JSON value that begins at `start`, whose inside is not checked.
 *
 * @throws {MessageMalformed} If it has none. So do all of these.
 */
export function skipValue(text: string, start: number): number {
  const first = text[start]
  if (first === '"') return skipString(text, start)
  if (first === '{' || first === '[') return skipNested(text, start)
  let at = start
  while (at < text.length && /[-+.0-9A-Za-z]/.test(text.charAt(at))) at++
  if (at === start) throw notJson()
  return at
}

/**
 * Depth alone is counted: whether the brackets match in kind is left to the parser of the verified
 * text.
 */
function skipNested(text: string, start: number): number {
  let depth = 0
  let at = start
  do {
    const character = text[at]
    if (character === undefined) throw notJson()
    if (character === '"') {
      at = skipString(text, at)
      continue
    }
    if (character === '{' || character === '[') depth++
    if (character === '}' || character === ']') depth--
    at++
  } while (depth > 0)
  return at
}

/** The end of the JSON string that begins at `start`, behind its quote. */
export function skipString(text: string, start: number): number {
  if (text[start] !== '"') throw notJson()
  for (let at = start + 1; at < text.length; at++) {
    const character = text[at]
    if (character === '\\') at++
    else if (character === '"') return at + 1
  }
  throw notJson()
}

/** The first place from `start` on that is not JSON's white space. */
export function skipBlanks(text: string, start: number): number {
  let at = start
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at++
  return at
}

function expect(text: string, at: number, character: string): number {
  if (text[at] !== character) throw notJson()
  return at + 1
}

function notJson(): MessageMalformed {
  return new MessageMalformed(
    'The answer is not a whole JSON object: it was cut off, or came from something between here and the gateway.',
  )
}

/**
 * In GBK the second byte of a character may be `\`, `{` or `}`: hide it from the scan, keeping all
 * positions.
 */
export function maskTrailBytes(bytes: Buffer): string {
  const masked = Buffer.from(bytes)
  for (let at = 0; at < masked.length; at++) {
    if ((masked[at] ?? 0) >= 0x81 && at + 1 < masked.length) masked[++at] = 0x80
  }
  return masked.toString('latin1')
}
