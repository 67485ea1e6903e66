/**
 * The log: a line of JSON for each thing that happened, to stderr. Entries are written so that they
 * hold no secret and nothing of a buyer; should one do so all the same, it is taken out here, by
 * the name of its field and by what it looks like.
 *
 * @module
 */

import { pino } from 'pino'
import type { LogEntry } from '../server/index.ts'

/** How a log is written. */
export interface LogOptions {
  /** What is told. `warn`: warnings and errors. Default `info`: everything. */
  readonly level?: LogEntry['level']
  /** Default: stderr. */
  readonly stream?: { write(line: string): unknown }
}

/** Opens it. */
export function createLog(options: LogOptions = {}): (entry: LogEntry) => void {
  const { level: least = 'info', stream = process.stderr } = options
  const log = pino(
    {
      level: least,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_FIELDS.flatMap((name) => [name, `*.${name}`]), censor: REDACTED },
      hooks: { streamWrite: redactText },
    },
    stream,
  )
  return ({ level, ...entry }) => log[level](entry)
}

/** What stands in place of what is nobody's business. */
export const REDACTED = '[redacted]'

/** Takes out of a text what looks like a secret, or like a buyer. */
export function redactText(text: string): string {
  return SECRET_TEXTS.reduce((left, pattern) => left.replaceAll(pattern, REDACTED), text)
}

/** Fields that nobody is to see, whatever stands in them. */
const SECRET_FIELDS: readonly string[] = [
  'api_key',
  'app_private_key',
  'auth_code',
  'authorization',
  'buyer_id',
  'buyer_logon_id',
  'buyer_open_id',
  'buyer_user_id',
  'cookie',
  'encrypt_key',
  'master_key',
  'notify_token',
  'password',
  'private_key',
  'secret',
  'session',
  'sign',
  'token',
]

/** What secrets, and buyers, look like where they stand in the middle of a text. */
const SECRET_TEXTS: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----/gs,
  // RSA keys, as Alipay's tool writes them: base64 of DER without a head.
  /\bMII[A-Za-z0-9+/]{60,}={0,2}/g,
  // API keys, secrets of webhooks and of DingTalk's robots.
  /\b(?:sk|rk)_(?:live|test)_\w+/g,
  /\bwhsec_[\w+/=-]+/g,
  /\bSEC[0-9a-f]{32,}/g,
  // 256 random bits: tokens of sessions and pages, master keys.
  /(?<![\w-])[\w-]{43}(?![\w-])/g,
  /(?<![\w+/])[\w+/]{43}=/g,
  // What stands in an address, in front of its host or behind its path.
  /(?<=:\/\/)[^\s/:@"']*:[^\s/@"']+(?=@)/g,
  /(?<=\b(?:access_token|key|token|sign)=)[^\s&"'\\]+/g,
  /(?<=\/alipay\/notify\/)[\w-]{16,}/g,
  // A buyer's payment code (付款码): 16 to 24 digits from 25 to 30.
  /(?<![\w.])(?:2[5-9]|30)\d{14,22}(?![\w.])/g,
  // A user of Alipay's, a mobile number, a mail address.
  /(?<!\w)2088\d{12}(?!\w)/g,
  /(?<![\w.])1[3-9]\d{9}(?![\w.])/g,
  /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g,
]
