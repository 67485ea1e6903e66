/**
 * A merchant that writes its requests itself: it signs, sends, checks, and knows nothing of our
 * client.
 *
 * @module
 */

import { createPublicKey, verify, X509Certificate } from 'node:crypto'
import { type IncomingMessage, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  certificateSerialNumber,
  rootCertificateSerialNumber,
} from '../../src/alipay/certificate.ts'
import { type Charset, decodeText, encodeText } from '../../src/alipay/charset.ts'
import { decodeForm, encodeForm } from '../../src/alipay/form.ts'
import { loadPublicKey } from '../../src/alipay/keys.ts'
import { createSigner, verifySignature } from '../../src/alipay/signer.ts'
import {
  notificationSigningContent,
  requestSigningContent,
} from '../../src/alipay/signing-content.ts'
import { MovableClock, formatBeijingTime, parseBeijingTime } from '../../src/alipay/time.ts'
import { type Emulator, type EmulatorOptions, createEmulator } from '../../src/emulator/index.ts'

export const zhang = '2088102100000016'
export const li = '2088102100000024'

export const start = '2026-11-23 10:00:00'

/** An emulator whose clock stands still at 10 o'clock in Beijing until it is put forward. */
export async function emulatorAt(
  time = start,
  options: Partial<EmulatorOptions> = {},
): Promise<Emulator> {
  const clock = new MovableClock(parseBeijingTime(time))
  return createEmulator({ baseUrl: 'http://127.0.0.1:6201', clock, seed: 1, ...options })
}

export interface CallOptions {
  readonly params?: Readonly<Record<string, string | undefined>>
  readonly charset?: Charset
  readonly mode?: 'key' | 'certificate'
  readonly notifyUrl?: string
}

export interface GatewayAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly root: string
  readonly node: Record<string, string>
  readonly rawNode: string
  readonly sign: string | undefined
  readonly certSn: string | undefined
}

/** The parameters of a request, with their signature. An option that is `undefined` is left out. */
export async function signedParams(
  emulator: Emulator,
  method: string,
  biz: unknown,
  { params = {}, charset = 'utf-8', mode = 'key', notifyUrl }: CallOptions = {},
): Promise<Record<string, string>> {
  const { app_id, app_private_key, certificates } = emulator.credentials
  const all: Record<string, string | undefined> = {
    app_id,
    method,
    format: 'JSON',
    charset,
    sign_type: 'RSA2',
    timestamp: formatBeijingTime(emulator.clock.now()),
    version: '1.0',
    notify_url: notifyUrl,
    biz_content: typeof biz === 'string' ? biz : JSON.stringify(biz),
    ...(mode === 'certificate'
      ? {
          app_cert_sn: certificateSerialNumber(certificates.app),
          alipay_root_cert_sn: rootCertificateSerialNumber(certificates.root),
        }
      : {}),
    ...params,
  }
  const given = Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
  if ('sign' in params) return given
  const signer = createSigner(app_private_key, given['sign_type'] === 'RSA' ? 'RSA' : 'RSA2')
  const sign = await signer.sign(encodeText(requestSigningContent(given), charset))
  return { ...given, sign }
}

/** Calls the gateway by a POST and reads the answer, without believing it. */
export async function call(
  emulator: Emulator,
  method: string,
  biz: unknown,
  options: CallOptions = {},
): Promise<GatewayAnswer> {
  const params = await signedParams(emulator, method, biz, options)
  const query = encodeForm([['charset', params['charset'] ?? 'utf-8']])
  const body = encodeForm(Object.entries(params), options.charset ?? 'utf-8')
  const request = new Request(`${emulator.baseUrl}/gateway.do?${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body,
  })
  return readAnswer(await emulator.fetch(request), options.charset ?? 'utf-8')
}

export async function readAnswer(
  response: Response,
  charset: Charset = 'utf-8',
): Promise<GatewayAnswer> {
  const text = decodeText(new Uint8Array(await response.arrayBuffer()), charset)
  const match = /^\{"(\w+)":(.*?)(?:,"alipay_cert_sn":"(\w+)")?(?:,"sign":"([^"]*)")?\}$/s.exec(
    text,
  )
  const [, root = '', rawNode = '', certSn, sign] = match ?? []
  const node = (rawNode === '' ? {} : JSON.parse(rawNode)) as Record<string, string>
  return {
    status: response.status,
    headers: response.headers,
    text,
    root,
    node,
    rawNode,
    certSn,
    sign,
  }
}

/** Whether Alipay's key signed the answer. */
export function isGenuine(
  emulator: Emulator,
  answer: GatewayAnswer,
  charset: Charset = 'utf-8',
): boolean {
  const key = loadPublicKey(emulator.credentials.alipay_public_key)
  return verifySignature(encodeText(answer.rawNode, charset), answer.sign ?? '', key, 'RSA2')
}

/** Precreates an order and gives its QR text. */
export async function precreate(
  emulator: Emulator,
  order: Readonly<Record<string, unknown>> = {},
  options: CallOptions = {},
): Promise<string> {
  const { node } = await call(
    emulator,
    'alipay.trade.precreate',
    { out_trade_no: 'ORDER-1', total_amount: '88.88', subject: '咖啡', ...order },
    options,
  )
  if (node['qr_code'] === undefined) throw new Error(JSON.stringify(node))
  return node['qr_code']
}

/** Has a buyer scan a code, and gives the trade number. */
export function scan(emulator: Emulator, qrCode: string, buyer = zhang): string {
  const result = emulator.wallet.scan(qrCode, buyer)
  if (result.status !== 'ready') throw new Error(result.status)
  return result.trade.trade_no
}

/** Precreates, scans and pays; gives the trade number. */
export async function sell(
  emulator: Emulator,
  order: Readonly<Record<string, unknown>> = {},
  options: CallOptions = {},
): Promise<string> {
  const tradeNo = scan(emulator, await precreate(emulator, order, options))
  const paid = emulator.wallet.pay(tradeNo, zhang)
  if (paid.status !== 'paid') throw new Error(paid.status)
  return tradeNo
}

export interface Received {
  readonly params: ReadonlyMap<string, string>
  readonly contentType: string
  readonly raw: string
}

/** A merchant's notify address on a free port, which answers what `reply` says. */
export async function notifyAddress(
  reply: (
    received: Received,
    count: number,
  ) => { status?: number; text: string; headers?: Record<string, string> },
  charset: Charset = 'utf-8',
) {
  const received: Received[] = []
  const server = createServer((incoming, outgoing) => {
    const handle = async () => {
      const body = await readAll(incoming)
      const message = {
        params: decodeForm(body, charset),
        contentType: incoming.headers['content-type'] ?? '',
        raw: body.toString('latin1'),
      }
      received.push(message)
      const { status = 200, text, headers = {} } = reply(message, received.length)
      outgoing.writeHead(status, headers).end(text)
    }
    void handle()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/notify`
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { url, received, close }
}

async function readAll(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** Whether Alipay's key signed the notification, by the rule V1. */
export function isGenuineNotification(
  emulator: Emulator,
  { params }: Received,
  charset: Charset = 'utf-8',
  certificate?: string,
): boolean {
  const content = encodeText(notificationSigningContent(params, 'V1'), charset)
  const key =
    certificate === undefined
      ? loadPublicKey(emulator.credentials.alipay_public_key)
      : createPublicKey(
          new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'pem' }),
        )
  const digest = params.get('sign_type') === 'RSA' ? 'sha1' : 'sha256'
  return verify(digest, content, key, Buffer.from(params.get('sign') ?? '', 'base64'))
}
