/**
 * Shops and buyers: orders are made at an even rate over HTTP, each code is scanned and paid after
 * a while, and the events are read as they are committed.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Agent } from 'undici'
import { createSaoma, type Payment } from 'saoma/client'
import { API_KEY, type BenchInstallation } from './installation.ts'

/** A buyer takes so long, in milliseconds: the server asks once before he has paid. */
export const BUYER_MS = 6_000

/** What came of a time of traffic. */
export interface TrafficResult {
  readonly elapsedMs: number
  /** Read from the events. */
  readonly paid: number
  readonly created: number
  readonly failed: number
}

const BUYER = '2088102100000016'

/** Runs `perSecond` orders a second until it is stopped. */
export class Traffic {
  readonly #installation: BenchInstallation
  readonly #saoma
  readonly #agent = new Agent({ connections: 64 })
  readonly #stopped = new AbortController()
  readonly #running: Promise<unknown>[] = []
  #counts = { paid: 0, created: 0, failed: 0 }
  #beganMs = performance.now()

  constructor(installation: BenchInstallation, perSecond: number) {
    this.#installation = installation
    this.#saoma = createSaoma({ url: installation.url, apiKey: API_KEY })
    this.#running.push(this.#follow(), this.#order(perSecond))
  }

  /** Counts anew from now. */
  restart(): void {
    this.#counts = { paid: 0, created: 0, failed: 0 }
    this.#beganMs = performance.now()
  }

  read(): TrafficResult {
    return { elapsedMs: performance.now() - this.#beganMs, ...this.#counts }
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    await Promise.allSettled(this.#running)
    await this.#agent.close()
  }

  async #order(perSecond: number): Promise<void> {
    const began = performance.now()
    for (let number = 0; !this.#stopped.signal.aborted; number++) {
      const dueMs = began + (number * 1_000) / perSecond
      const earlyMs = dueMs - performance.now()
      // Also where it is late: answers are read in between.
      await sleep(Math.max(0, earlyMs))
      this.#buy(number).catch(() => (this.#counts.failed += 1))
    }
  }

  async #buy(number: number): Promise<void> {
    const name = `order-${number}`
    const made = await this.#post<Payment>(
      this.#installation.url,
      '/v1/payments',
      { amount: 1, subject: '美式咖啡', reference: name },
      { authorization: `Bearer ${API_KEY}`, 'idempotency-key': name },
    )
    this.#counts.created += 1
    await sleep(BUYER_MS)
    if (this.#stopped.signal.aborted) return
    const code = made.next_action?.qr_code
    const { trade } = await this.#wallet<{ trade: { trade_no: string } }>('scan', { code })
    await this.#wallet('pay', { trade_no: trade.trade_no })
  }

  #wallet<Answer>(what: string, body: object): Promise<Answer> {
    const path = `/_emulator/wallet/${what}`
    return this.#post(this.#installation.alipay, path, { buyer: BUYER, ...body })
  }

  /** Not by the client, whose `fetch` would take what the server could have of these cores. */
  async #post<Answer>(
    origin: string,
    path: string,
    body: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const { statusCode, body: answer } = await this.#agent.request({
      origin,
      path,
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const read = await answer.json()
    if (statusCode >= 300) throw new Error(`${path} answered ${statusCode}`)
    return read as Answer
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopped
    for await (const event of this.#saoma.events.follow({ types: ['payment.succeeded'], signal })) {
      if (event.type === 'payment.succeeded') this.#counts.paid += 1
    }
  }
}
