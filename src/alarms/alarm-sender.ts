/**
 * Sends one message over one channel: to a robot, a mail server or a program. Addresses are held
 * against the same rules as those of webhooks.
 *
 * @module
 */

import { isIP } from 'node:net'
import { request, type Dispatcher } from 'undici'
import type { Clock } from '../alipay/index.ts'
import {
  AddressRefused,
  signWebhook,
  SigningSecret,
  type AddressRules,
  type Lookup,
} from '../webhooks/index.ts'
import type { AlarmKind } from './alarm-kinds.ts'
import type { ChannelSettings } from './channel.ts'
import { robotRefusal, robotRequest } from './robots.ts'

/** A message as it is sent. */
export interface AlarmMessage {
  readonly id: string
  /** `null` of a message that only tries a channel out. */
  readonly kind: AlarmKind | null
  readonly title: string
  /** A line each. */
  readonly lines: readonly string[]
}

/** What a message is sent with. */
export interface SendContext {
  readonly dispatcher: Dispatcher
  readonly rules: AddressRules
  readonly lookup: Lookup
  readonly clock: Clock
}

/** Milliseconds of one sending. */
export const SEND_TIMEOUT_MS = 15_000

/** Bytes of an answer that are looked at. */
const ANSWER_BYTES_MAX = 16_384

/**
 * Sends it. Does not reject for what the channel or the network does.
 *
 * @returns Why it was not taken, without addresses and secrets; `null` if it was.
 */
export async function sendAlarm(
  context: SendContext,
  settings: ChannelSettings,
  message: AlarmMessage,
): Promise<string | null> {
  try {
    return await (settings.type === 'email'
      ? sendMail(context, settings, message)
      : post(context, settings, message))
  } catch (error) {
    return explain(error)
  }
}

type Posted = Exclude<ChannelSettings, { readonly type: 'email' }>

async function post(
  { dispatcher, clock }: SendContext,
  settings: Posted,
  message: AlarmMessage,
): Promise<string | null> {
  const { type } = settings
  const at = clock.now()
  const text = [`【${message.title}】`, ...message.lines].join('\n')
  const { url, body, headers } =
    type === 'webhook'
      ? webhookRequest(settings, message, at)
      : { ...robotRequest({ ...settings, type }, text, at), headers: {} }
  const answer = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'user-agent': 'saoma-alarms', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    dispatcher,
    signal: AbortSignal.timeout(SEND_TIMEOUT_MS),
  })
  const { statusCode } = answer
  const said = await beginningOf(answer.body)
  if (type !== 'webhook') return robotRefusal(type, statusCode, said)
  return statusCode >= 200 && statusCode < 300 ? null : `answered ${statusCode}`
}

/** By Standard Webhooks, as payments are told: a receiver has its library already. */
function webhookRequest(
  { url, secret }: Posted,
  { id, kind, title, lines }: AlarmMessage,
  at: ReturnType<Clock['now']>,
) {
  const body = JSON.stringify({ type: 'alarm', kind, title, lines })
  const headers =
    secret === undefined ? {} : { ...signWebhook({ id, body, at }, [SigningSecret.parse(secret)]) }
  return { url, body, headers }
}

async function beginningOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    length += chunk.length
    if (length >= ANSWER_BYTES_MAX) break
  }
  return Buffer.concat(chunks).toString()
}

async function sendMail(
  { rules, lookup }: SendContext,
  settings: Extract<ChannelSettings, { readonly type: 'email' }>,
  { title, lines }: AlarmMessage,
): Promise<null> {
  const url = new URL(settings.url)
  const secure = url.protocol === 'smtps:'
  const { hostname, port, username, password } = url
  // Few servers send mail, and all would load it.
  const { createTransport } = await import('nodemailer')
  const transport = createTransport({
    // An address that was checked: the name is not looked up again.
    host: await checkedAddress(hostname, rules, lookup),
    port: port === '' ? (secure ? 465 : 587) : Number(port),
    secure,
    // A password goes over TLS alone.
    requireTLS: username !== '',
    tls: isIP(hostname) === 0 ? { servername: hostname } : {},
    ...(username !== '' && {
      auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) },
    }),
    connectionTimeout: SEND_TIMEOUT_MS,
    greetingTimeout: SEND_TIMEOUT_MS,
    socketTimeout: SEND_TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  try {
    const { from, to } = settings
    await transport.sendMail({
      from,
      to: [...to],
      subject: `[saoma] ${title}`,
      text: lines.join('\n'),
    })
    return null
  } finally {
    transport.close()
  }
}

async function checkedAddress(host: string, rules: AddressRules, lookup: Lookup): Promise<string> {
  const literal = host.replace(/^\[(.*)\]$/, '$1')
  const found = isIP(literal) === 0 ? await lookup(host) : [{ address: literal }]
  for (const { address } of found) rules.check(host, address)
  return found[0]?.address ?? host
}

/** A code alone: messages of errors may repeat an address, which is a robot's password. */
function explain(error: unknown): string {
  if (error instanceof AddressRefused) return error.message
  const { code, responseCode } = (error ?? {}) as { code?: unknown; responseCode?: unknown }
  if (typeof responseCode === 'number') return `the mail server answered ${responseCode}`
  if (error instanceof Error && error.name === 'TimeoutError') return 'no answer in time'
  return typeof code === 'string' ? `could not be reached (${code})` : 'could not be sent'
}
