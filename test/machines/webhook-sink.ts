/**
 * Where a merchant's webhooks arrive: keeps each delivery as it came, and answers as it is told.
 *
 * @module
 */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterUse } from './lifetime.ts'

/** One request, as it came. */
export interface Delivery {
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** The bytes that a signature is about. */
  readonly body: Buffer
  /** When its last byte was read, in milliseconds since the epoch. */
  readonly receivedAtMs: number
}

/** What the merchant's server does with a delivery, once it has read all of it. */
export type SinkAnswer =
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
      readonly delayMs?: number
    }
  /** Sends it elsewhere, by default with 302. */
  | { readonly kind: 'redirect'; readonly to: string; readonly status?: number }
  /** Answers 200 with so many bytes, of which it does not say the number, unless it is cut off. */
  | { readonly kind: 'huge'; readonly bytes: number }
  /** Keeps the connection and says nothing. */
  | { readonly kind: 'never' }
  /** Resets the connection. */
  | { readonly kind: 'cut' }

/** A merchant's server on 127.0.0.1. */
export interface WebhookSink {
  readonly url: string
  /** All deliveries, oldest first, also those that were answered badly. */
  readonly deliveries: readonly Delivery[]
  /** Has the next deliveries answered so, one by one, before it is `answerAlways`'s turn again. */
  answerNext(...answers: readonly SinkAnswer[]): void
  /** How all others are answered. At first 200 with no body. */
  answerAlways(answer: SinkAnswer): void
  /** Resolves with all deliveries as soon as there are so many. */
  delivered(count: number): Promise<readonly Delivery[]>
}

/** Starts one, which is gone after the test, or after the file when no test runs. */
export async function startWebhookSink(): Promise<WebhookSink> {
  const deliveries: Delivery[] = []
  const next: SinkAnswer[] = []
  const waiting = new Set<() => void>()
  let always: SinkAnswer = { kind: 'answer', status: 200 }

  const server = createServer((request, response) => {
    // A sender that goes away in the middle has delivered nothing.
    request.on('error', () => {})
    response.on('error', () => {})
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      deliveries.push({
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(parts),
        receivedAtMs: Date.now(),
      })
      void give(next.shift() ?? always, response)
      for (const look of waiting) look()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  afterUse(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    deliveries,
    answerNext: (...answers) => void next.push(...answers),
    answerAlways: (answer) => void (always = answer),
    delivered: (count) =>
      new Promise((resolve, reject) => {
        const finish = (act: () => void): void => {
          clearTimeout(timer)
          waiting.delete(look)
          act()
        }
        const timer = setTimeout(
          () => finish(() => reject(new Error(`${deliveries.length} deliveries, not ${count}`))),
          PATIENCE_MS,
        )
        const look = (): void => {
          if (deliveries.length >= count) finish(() => resolve([...deliveries]))
        }
        waiting.add(look)
        look()
      }),
  }
}

/** Generous: other tests use the same machine. */
const PATIENCE_MS = 30_000

async function give(answer: SinkAnswer, response: ServerResponse): Promise<void> {
  switch (answer.kind) {
    case 'answer':
      if (answer.delayMs) await sleep(answer.delayMs)
      response.writeHead(answer.status, answer.headers).end(answer.body)
      return
    case 'redirect':
      response.writeHead(answer.status ?? 302, { location: answer.to }).end()
      return
    case 'huge':
      response.writeHead(200, { 'content-type': 'text/plain' })
      Readable.from(zeros(answer.bytes))
        .on('error', () => {})
        .pipe(response)
      return
    case 'cut':
      response.socket?.resetAndDestroy()
      return
    case 'never':
  }
}

function* zeros(bytes: number): Generator<Buffer> {
  const part = Buffer.alloc(65_536, '0')
  for (let left = bytes; left > 0; left -= part.length) yield part.subarray(0, left)
}
