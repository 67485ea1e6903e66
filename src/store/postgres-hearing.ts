/**
 * Nodes tell each other which payments they have committed, so that pages and workers of one need
 * not wait until they look for themselves. Nothing depends on it: what is not heard is found.
 *
 * @module
 */

import { createHash, randomUUID } from 'node:crypto'
import { Client } from 'pg'
import { clientConfig, hostUrls, type PostgresHosts } from './postgres-hosts.ts'

/** How nodes hear each other. */
export interface PostgresHearingOptions {
  readonly hosts: PostgresHosts
  /** A direct connection: a pooler between transactions forgets who listens. */
  readonly listenUrl: string
  /** Nodes of one application hear each other. */
  readonly app: string
}

type Listener = (paymentIds: readonly string[]) => void

/** What is committed within this goes out in one message. */
const GATHER_MS = 20

/** PostgreSQL takes 8,000 bytes. */
const MESSAGE_MAX = 7_000

/** More payments than fit. */
const MANY = '*'

/** Between attempts to listen again: 0.1, 0.2, 0.4, … 10 s. */
const RETRY_MAX_MS = 10_000

/** Speaks and listens for one node. */
export class PostgresHearing {
  readonly #options: PostgresHearingOptions
  readonly #channel: string
  readonly #node = randomUUID().slice(0, 8)
  readonly #listeners = new Set<Listener>()
  readonly #committed = new Set<string>()
  #speaking: NodeJS.Timeout | undefined
  #listening: Client | undefined
  #retrying: NodeJS.Timeout | undefined
  #failures = 0
  #isClosed = false

  constructor(options: PostgresHearingOptions) {
    this.#options = options
    const hash = createHash('sha256').update(options.app).digest('hex').slice(0, 16)
    this.#channel = `saoma_${hash}`
  }

  /** Tells the other nodes, soon. */
  tell(paymentIds: readonly string[]): void {
    if (paymentIds.length === 0 || this.#isClosed) return
    for (const id of paymentIds) this.#committed.add(id)
    this.#speaking ??= setTimeout(() => void this.#speak(), GATHER_MS)
  }

  /** Calls the listener with what other nodes tell. Returns the way to stop. */
  hear(listener: Listener): () => void {
    // A function that is given twice is called twice, and stopped one by one.
    const own: Listener = (paymentIds) => listener(paymentIds)
    this.#listeners.add(own)
    if (this.#listeners.size === 1) this.#listen()
    return () => {
      if (this.#listeners.delete(own) && this.#listeners.size === 0) this.#hangUp()
    }
  }

  /** Tells what was not told yet, and hears nothing more. */
  async close(): Promise<void> {
    this.#hangUp()
    this.#listeners.clear()
    clearTimeout(this.#speaking)
    if (this.#committed.size > 0) await this.#speak()
    this.#isClosed = true
  }

  async #speak(): Promise<void> {
    this.#speaking = undefined
    const ids = [...this.#committed].join()
    this.#committed.clear()
    const message = `${this.#node}:${ids.length > MESSAGE_MAX ? MANY : ids}`
    try {
      await this.#options.hosts.query('select pg_notify($1, $2)', [this.#channel, message])
    } catch {
      // It is only a hint.
    }
  }

  #hangUp(): void {
    clearTimeout(this.#retrying)
    const client = this.#listening
    this.#listening = undefined
    client?.end().catch(() => {})
  }

  #listen(): void {
    void this.#connect().catch(() => {
      if (this.#listeners.size === 0) return
      this.#retrying = setTimeout(
        () => this.#listen(),
        Math.min(RETRY_MAX_MS, 100 * 2 ** Math.min(this.#failures++, 10)),
      )
    })
  }

  /** To the host that takes writes: messages do not reach standbys. */
  async #connect(): Promise<void> {
    let failure: unknown
    for (const url of hostUrls(this.#options.listenUrl)) {
      const client = new Client(clientConfig(url))
      client.on('error', () => {})
      try {
        await client.connect()
        const { rows } = await client.query('select pg_is_in_recovery() as standby')
        if ((rows as { standby: boolean }[])[0]?.standby) throw new Error('This host is a standby.')
        await client.query(`listen ${this.#channel}`)
        this.#use(client)
        return
      } catch (error) {
        failure = error
        client.end().catch(() => {})
      }
    }
    throw failure
  }

  #use(client: Client): void {
    if (this.#listeners.size === 0 || this.#listening !== undefined) {
      client.end().catch(() => {})
      return
    }
    this.#listening = client
    const isAgain = this.#failures > 0
    this.#failures = 0
    client.on('notification', ({ payload = '' }) => this.#heard(payload))
    client.on('end', () => {
      if (this.#listening !== client) return
      this.#listening = undefined
      this.#failures = 1
      this.#listen()
    })
    // Nobody listened for a while: there may be anything.
    if (isAgain) this.#call([])
  }

  #heard(payload: string): void {
    const colon = payload.indexOf(':')
    if (payload.slice(0, colon) === this.#node) return
    const ids = payload.slice(colon + 1)
    this.#call(ids === MANY ? [] : ids.split(','))
  }

  #call(paymentIds: readonly string[]): void {
    for (const listener of this.#listeners) listener(paymentIds)
  }
}
