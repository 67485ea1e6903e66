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
}

/** What nodes tell each other of one application. */
export interface AppHearing {
  /** Tells the other nodes, soon. */
  tell(paymentIds: readonly string[]): void
  /** Calls the listener with what other nodes tell. Returns the way to stop. */
  hear(listener: Listener): () => void
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

/** What one node says and hears of one application. */
class Channel implements AppHearing {
  readonly name: string
  readonly listeners = new Set<Listener>()
  readonly committed = new Set<string>()
  readonly #hearing: PostgresHearing
  #speaking: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(hearing: PostgresHearing, app: string) {
    this.#hearing = hearing
    this.name = `saoma_${createHash('sha256').update(app).digest('hex').slice(0, 16)}`
  }

  tell(paymentIds: readonly string[]): void {
    if (paymentIds.length === 0 || this.#isClosed) return
    for (const id of paymentIds) this.committed.add(id)
    this.#speaking ??= setTimeout(() => void this.#speak(), GATHER_MS)
  }

  hear(listener: Listener): () => void {
    // A function that is given twice is called twice, and stopped one by one.
    const own: Listener = (paymentIds) => listener(paymentIds)
    this.listeners.add(own)
    if (this.listeners.size === 1) this.#hearing.follow(this)
    return () => {
      if (this.listeners.delete(own) && this.listeners.size === 0) this.#hearing.leave(this)
    }
  }

  /** Tells what was not told yet. */
  async close(): Promise<void> {
    clearTimeout(this.#speaking)
    this.listeners.clear()
    if (this.committed.size > 0) await this.#speak()
    this.#isClosed = true
  }

  call(paymentIds: readonly string[]): void {
    for (const listener of this.listeners) listener(paymentIds)
  }

  async #speak(): Promise<void> {
    this.#speaking = undefined
    const ids = [...this.committed].join()
    this.committed.clear()
    await this.#hearing.speak(this.name, ids.length > MESSAGE_MAX ? MANY : ids)
  }
}

/** Speaks and listens for one node: of however many applications, on one connection. */
export class PostgresHearing {
  readonly #options: PostgresHearingOptions
  readonly #node = randomUUID().slice(0, 8)
  readonly #channels: Channel[] = []
  /** Those that somebody hears, by their names. */
  readonly #followed = new Map<string, Channel>()
  #listening: Client | undefined
  #isConnecting = false
  #retrying: NodeJS.Timeout | undefined
  #failures = 0

  constructor(options: PostgresHearingOptions) {
    this.#options = options
  }

  /** Nodes of one application hear each other. */
  of(app: string): AppHearing {
    const channel = new Channel(this, app)
    this.#channels.push(channel)
    return channel
  }

  /** Tells what was not told yet, and hears nothing more. */
  async close(): Promise<void> {
    this.#followed.clear()
    this.#hangUp()
    await Promise.all(this.#channels.map((channel) => channel.close()))
  }

  /** Begins to listen to a channel. */
  follow(channel: Channel): void {
    this.#followed.set(channel.name, channel)
    if (this.#listening === undefined) return this.#listen()
    // A connection that breaks over it is made again, for all of them.
    this.#listening.query(`listen ${channel.name}`).catch(() => {})
  }

  /** Stops to listen to a channel; the last one ends the connection. */
  leave({ name }: Channel): void {
    this.#followed.delete(name)
    if (this.#followed.size === 0) this.#hangUp()
    else this.#listening?.query(`unlisten ${name}`).catch(() => {})
  }

  /** Says something on a channel. */
  async speak(channel: string, ids: string): Promise<void> {
    try {
      await this.#options.hosts.query('select pg_notify($1, $2)', [channel, `${this.#node}:${ids}`])
    } catch {
      // It is only a hint.
    }
  }

  #hangUp(): void {
    clearTimeout(this.#retrying)
    this.#retrying = undefined
    const client = this.#listening
    this.#listening = undefined
    client?.end().catch(() => {})
  }

  #listen(): void {
    if (this.#isConnecting || this.#retrying !== undefined) return
    this.#isConnecting = true
    this.#connect()
      .catch(() => {
        if (this.#followed.size === 0) return
        this.#retrying = setTimeout(
          () => {
            this.#retrying = undefined
            this.#listen()
          },
          Math.min(RETRY_MAX_MS, 100 * 2 ** Math.min(this.#failures++, 10)),
        )
      })
      .finally(() => {
        this.#isConnecting = false
        // It may have ended, or been wanted again, in the meantime.
        if (this.#followed.size > 0 && this.#listening === undefined) this.#listen()
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
        client.on('notification', ({ channel, payload = '' }) => this.#heard(channel, payload))
        const asked = new Set<string>()
        // Some may be added while it asks for the others.
        for (let name = this.#unasked(asked); name !== undefined; name = this.#unasked(asked)) {
          asked.add(name)
          await client.query(`listen ${name}`)
        }
        this.#use(client)
        return
      } catch (error) {
        failure = error
        client.end().catch(() => {})
      }
    }
    throw failure
  }

  #unasked(asked: ReadonlySet<string>): string | undefined {
    return [...this.#followed.keys()].find((name) => !asked.has(name))
  }

  #use(client: Client): void {
    if (this.#followed.size === 0) {
      client.end().catch(() => {})
      return
    }
    this.#listening = client
    const isAgain = this.#failures > 0
    this.#failures = 0
    client.on('end', () => {
      if (this.#listening !== client) return
      this.#listening = undefined
      this.#failures = 1
      this.#listen()
    })
    // Nobody listened for a while: there may be anything.
    if (isAgain) for (const channel of this.#followed.values()) channel.call([])
  }

  #heard(channel: string, payload: string): void {
    const colon = payload.indexOf(':')
    if (payload.slice(0, colon) === this.#node) return
    const ids = payload.slice(colon + 1)
    this.#followed.get(channel)?.call(ids === MANY ? [] : ids.split(','))
  }
}
