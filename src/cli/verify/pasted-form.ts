/**
 * Reads parameters from a form as it was sent, or as somebody pasted it: a URL, decoded or not, one
 * line or many. Where it can be read in several ways, all are given, the likeliest first.
 *
 * @module
 */

import {
  decodeText,
  encodeText,
  parseForm,
  toCharset,
  type Charset,
  type FormPair,
} from '../../alipay/index.ts'
import { toByteString } from './pasted-text.ts'

/** One way to read a pasted form. */
export interface FormReading {
  /** Byte strings, decoded once, in the order of arrival. */
  readonly pairs: readonly FormPair[]
  /** What had to be assumed, as sentences for people. */
  readonly assumptions: readonly string[]
}

/** Names that tell a form of Alipay's, wherever in a text it begins. */
const KNOWN_NAMES =
  'sign|sign_type|app_id|auth_app_id|method|biz_content|charset|version|format|timestamp|notify_id|' +
  'notify_type|notify_time|notify_url|return_url|trade_no|out_trade_no|trade_status|total_amount|' +
  'receipt_amount|invoice_amount|buyer_pay_amount|point_amount|refund_fee|send_back_fee|subject|body|' +
  'buyer_id|buyer_open_id|buyer_logon_id|seller_id|seller_email|gmt_create|gmt_payment|gmt_refund|' +
  'gmt_close|fund_bill_list|voucher_detail_list|passback_params|out_biz_no|service|msg_method|' +
  'app_auth_token|app_cert_sn|alipay_root_cert_sn|encrypt_type'

/**
 * Reads a form.
 *
 * @param text Byte string.
 * @returns All ways to read it that differ; none if it is no form.
 */
export function readPastedForm(text: string): FormReading[] {
  const assumptions: string[] = []
  const form = joinLines(findForm(text, assumptions), assumptions)
  if (!/[A-Za-z]\w*=/.test(form)) return []
  const readings = likelyWays(form).map((way) => {
    const own = [...assumptions]
    return { pairs: repairSign(READERS[way](form, own), way, own), assumptions: own }
  })
  return distinct(readings.flatMap(withCharset))
}

/** Reads parameters that somebody has parsed already and wrote down as JSON. */
export function readPastedObject(object: Readonly<Record<string, unknown>>): FormReading[] {
  const pairs = Object.entries(object).map(([name, value]): FormPair => [
    toByteString(name),
    toByteString(typeof value === 'string' ? value : JSON.stringify(value)),
  ])
  const assumptions = [
    'The parameters were given as JSON, so someone has decoded them; values are taken as they stand.',
  ]
  if (Object.values(object).some((value) => typeof value !== 'string')) {
    assumptions.push(
      'Values that are no strings were written as JSON, which may differ from what was sent.',
    )
  }
  return withCharset({ pairs, assumptions })
}

/** Drops a URL up to its `?`, and what a log put in front. */
function findForm(text: string, assumptions: string[]): string {
  const [url] = /^(?:https?:\/)?\/[^\s?]*\?/.exec(text) ?? []
  if (url !== undefined) return text.slice(url.length)
  const start = new RegExp(`(?<![\\w.])(?:${KNOWN_NAMES})=`).exec(text)?.index ?? 0
  const before = text.slice(0, start)
  if (before === '' || /=/.test(before)) return text
  assumptions.push('What stands before the first parameter was left out.')
  return text.slice(start)
}

/** Line breaks come from terminals, which cut anywhere, or from lists with a parameter a line. */
function joinLines(text: string, assumptions: string[]): string {
  if (!text.includes('\n')) return text
  const lines = text.split('\n').map((line) => line.replaceAll(/^[ \t]+|\r/g, ''))
  const isList = lines.every((line) => /^[A-Za-z]\w*=|^$/.test(line))
  const begins = new RegExp(`^(?:${KNOWN_NAMES})=`)
  assumptions.push('Line breaks are not a part of the message and were taken out.')
  return lines.reduce((joined, line) => {
    if (/[&?]$/.test(joined) || line.startsWith('&') || line === '') return joined + line
    if (isList || begins.test(line)) return `${joined}&${line}`
    // A break between date and time stood for their blank.
    return /\d{4}-\d\d-\d\d$/.test(joined) && /^\d\d:/.test(line)
      ? `${joined} ${line}`
      : joined + line
  })
}

/**
 * - `encoded`: as it is sent, `%XX` and `+` for a blank;
 * - `plain`: decoded by someone, nothing is to be undone;
 * - `escapes`: blanks as they are, `%XX` undone, as browsers show addresses.
 */
type Way = 'encoded' | 'plain' | 'escapes'

function likelyWays(form: string): Way[] {
  const hasEscapes = /%[0-9a-fA-F]{2}/.test(form)
  // What no encoder leaves as it is.
  const hasRaw = /[ "{}<>\x80-\xff]/.test(form)
  if (!hasRaw) {
    // `2016-07-19+14:10:49` has a blank that was encoded.
    return hasEscapes || /\d-\d\d\+\d\d:/.test(form) ? ['encoded', 'plain'] : ['plain', 'encoded']
  }
  if (!hasEscapes) return ['plain']
  return /(?:^|&)sign=[^&]*%(?:2B|2F|3D)/i.test(form)
    ? ['escapes', 'plain', 'encoded']
    : ['plain', 'escapes', 'encoded']
}

const READERS: Readonly<Record<Way, (form: string, assumptions: string[]) => FormPair[]>> = {
  encoded: (form) => parseForm(Buffer.from(form, 'latin1')),
  plain: splitRaw,
  escapes: (form, assumptions) =>
    splitRaw(form, assumptions).map(([name, value]) => [name, unescape(value)]),
}

/** Splits at `&` and `=` alone. What follows an `&` and is no name belongs to the value before. */
function splitRaw(form: string, assumptions: string[]): FormPair[] {
  const pairs: [string, string][] = []
  for (const part of form.split('&')) {
    const [, name, value = ''] = /^([A-Za-z_][\w.-]*)=(.*)$/s.exec(part) ?? []
    const last = pairs.at(-1)
    if (name !== undefined) pairs.push([name, value])
    else if (last !== undefined && part !== '') {
      last[1] += `&${part}`
      assumptions.push(
        `& within the value of ${last[0]} was kept: what follows it is no parameter.`,
      )
    }
  }
  assumptions.push(PLAIN)
  return pairs
}

const PLAIN =
  'The text is not percent-encoded, so values were taken as they stand, and + was kept as +, in sign too.'

function unescape(value: string): string {
  return value.replaceAll(/%([0-9a-fA-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
}

/** Base64 has no blanks: each one was a `+`. */
function repairSign(pairs: readonly FormPair[], way: Way, assumptions: string[]): FormPair[] {
  return pairs.map(([name, value]) => {
    if (name !== 'sign' || !value.includes(' ')) return [name, value]
    assumptions.push(
      way === 'encoded'
        ? '+ in sign was kept as +, because base64 has no blanks: it was pasted, or sent, without encoding + as %2B.'
        : 'Blanks in sign were read as +, because base64 has none: someone decoded it once too often.',
    )
    return [name, value.replaceAll(' ', '+')]
  })
}

/** Terminals and editors show GBK as UTF-8: if the message says GBK, its bytes are made again. */
function withCharset(reading: FormReading): FormReading[] {
  const { pairs, assumptions } = reading
  const charset = toCharset(new Map(pairs).get('charset') ?? 'utf-8')
  if (charset !== 'gbk' || !pairs.some(([, value]) => isUtf8BeyondAscii(value))) return [reading]
  const inGbk = pairs.map(([name, value]): FormPair => [name, transcode(value, charset)])
  const assumption =
    'The message says charset=GBK and the text is UTF-8: it was turned back into GBK.'
  return [{ pairs: inGbk, assumptions: [...assumptions, assumption] }, reading]
}

function isUtf8BeyondAscii(bytes: string): boolean {
  return (
    /[\x80-\xff]/.test(bytes) &&
    !decodeText(Buffer.from(bytes, 'latin1'), 'utf-8').includes('\u{FFFD}')
  )
}

function transcode(bytes: string, charset: Charset): string {
  return encodeText(Buffer.from(bytes, 'latin1').toString('utf8'), charset).toString('latin1')
}

function distinct(readings: readonly FormReading[]): FormReading[] {
  const seen = new Set<string>()
  return readings.filter(({ pairs }) => {
    const key = JSON.stringify(pairs)
    return !seen.has(key) && seen.add(key)
  })
}
