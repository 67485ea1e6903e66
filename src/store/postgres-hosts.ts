/**
 * Connections to PostgreSQL: to whichever of several hosts takes writes, and only where what is
 * acknowledged is kept.
 *
 * @module
 */

import { setTimeout as sleep } from 'node:timers/promises'
import {
  DatabaseError,
  Pool,
  types,
  type ClientBase,
  type ClientConfig,
  type PoolClient,
  type QueryResult,
  type QueryResultRow,
} from 'pg'
import { StoreUnavailable } from '../payments/payment-store.ts'
import { StoreNotDurable } from './database.ts'

/** How it is connected to. */
export interface PostgresHostsOptions {
  /**
   * `postgres://user:password@host:port/database`, or with several hosts,
   * `host1:port1,host2:port2`: the one that is no standby is used. TLS by `?sslmode=verify-full`
   * and so on.
   */
  readonly url: string
  /** Connections at the most. */
  readonly poolMax: number
  /** How long a statement is waited for. Default: {@link STATEMENT_MAX_MS}. */
  readonly statementMaxMs?: number | undefined
}

/** Longer than a commit may take that waits for a standby; what takes longer is unknown. */
export const STATEMENT_MAX_MS = 10_000

/** Until a connection is there, or one of those that are becomes free. */
const CONNECT_MAX_MS = 5_000

/** What the pool says when no connection became free; another host would not help. */
const ALL_BUSY = 'timeout exceeded when trying to connect'

/** Until every connection has said goodbye. */
const CLOSE_MAX_MS = 2_000

/** Times that a statement is tried that lost against others (deadlock, serialization). */
const TRIES_MAX = 5

/** Runs statements, one at a time and each a transaction of its own. */
export class PostgresHosts {
  readonly #pools: readonly Pool[]
  #current = 0

  constructor({ url, poolMax, statementMaxMs }: PostgresHostsOptions) {
    this.#pools = hostUrls(url).map((connectionString) => {
      const pool = new Pool({
        ...clientConfig(connectionString, statementMaxMs),
        max: poolMax,
        idleTimeoutMillis: 60_000,
        verify: (client, done) => void verify(client, done),
      })
      // One that breaks while it is idle is replaced when one is needed; while it is used, who
      // waits for the statement is told.
      pool.on('error', () => {})
      pool.on('connect', (client) => void client.on('error', () => {}))
      return pool
    })
  }

  /**
   * Runs a statement.
   *
   * @throws {StoreUnavailable} If it cannot be said that it was done.
   * @throws {DatabaseError} If the statement is at fault; it has then done nothing.
   */
  async query<Row extends QueryResultRow>(
    sql: string,
    parameters: readonly unknown[] = [],
  ): Promise<QueryResult<Row>> {
    for (let tries = 1; ; tries++) {
      const client = await this.connect()
      try {
        const result = await client.query<Row>(sql, [...parameters])
        client.release()
        return result
      } catch (error) {
        client.release(isOfConnection(error))
        if (!isLostRace(error) || tries === TRIES_MAX) throw judge(error, 'sent')
      }
    }
  }

  /**
   * Runs statements in one transaction.
   *
   * @throws {StoreUnavailable} If it cannot be said that they were done.
   * @throws {DatabaseError} If one of them is at fault; nothing was done.
   */
  async transaction(
    statements: readonly { readonly sql: string; readonly parameters: readonly unknown[] }[],
  ): Promise<QueryResult[]> {
    for (let tries = 1; ; tries++) {
      const client = await this.connect()
      let isCommitting = false
      try {
        // A node that is stopped in the middle keeps no lock for long.
        await client.query('begin; set local idle_in_transaction_session_timeout = 5000')
        const results: QueryResult[] = []
        for (const { sql, parameters } of statements) {
          results.push(await client.query(sql, [...parameters]))
        }
        isCommitting = true
        await client.query('commit')
        client.release()
        return results
      } catch (error) {
        const isBroken =
          isOfConnection(error) || !(await client.query('rollback').then(Boolean, () => false))
        client.release(isBroken)
        if (!isLostRace(error) || tries === TRIES_MAX) {
          throw judge(error, isCommitting ? 'sent' : 'not_sent')
        }
      }
    }
  }

  /**
   * A connection to the host that takes writes. Whoever takes it releases it, with `true` if it is
   * broken.
   */
  async connect(): Promise<PoolClient> {
    const failures: unknown[] = []
    for (let tried = 0; tried < this.#pools.length; tried++) {
      const index = (this.#current + tried) % this.#pools.length
      try {
        const client = await (this.#pools[index] as Pool).connect()
        this.#current = index
        return client
      } catch (error) {
        failures.push(error)
        if (String(error).includes(ALL_BUSY)) break
      }
    }
    const worst = failures.find((failure) => failure instanceof StoreNotDurable) ?? failures[0]
    throw unavailable(worst, 'not_applied')
  }

  /** Closes all connections; those that do not answer are left to the operating system. */
  async end(): Promise<void> {
    const patience = new AbortController()
    await Promise.race([
      Promise.all(this.#pools.map((pool) => pool.end())),
      sleep(CLOSE_MAX_MS, undefined, { signal: patience.signal }).catch(() => {}),
    ])
    patience.abort()
  }
}

/** The settings of every connection. */
export function clientConfig(
  connectionString: string,
  statementMaxMs: number = STATEMENT_MAX_MS,
): ClientConfig {
  return {
    connectionString,
    application_name: 'saoma',
    connectionTimeoutMillis: CONNECT_MAX_MS,
    query_timeout: statementMaxMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types: { getTypeParser },
  }
}

/** One address a host. */
export function hostUrls(url: string): string[] {
  const [, scheme = '', userinfo = '', hosts = '', path = '', search = ''] =
    /^(postgres(?:ql)?:\/\/)(.*@)?([^@/?]*)(\/[^?]*)?(\?.*)?$/.exec(url) ?? []
  if (hosts === '') {
    throw new TypeError('The address of PostgreSQL is postgres://user:password@host:port/database.')
  }
  const parameters = new URLSearchParams(search)
  // Kept for the libraries that need to be told; here it is always so.
  parameters.delete('target_session_attrs')
  const rest = parameters.size === 0 ? path : `${path}?${parameters.toString()}`
  return hosts.split(',').map((host) => `${scheme}${userinfo}${host}${rest}`)
}

/** 64-bit integers are milliseconds, fen and positions, all of which a number holds exactly. */
const getTypeParser: typeof types.getTypeParser = (oid: number, format?: 'text' | 'binary') =>
  oid === INT8 ? Number : types.getTypeParser(oid, format)

const INT8 = 20

async function verify(client: ClientBase, done: (failure?: Error) => void): Promise<void> {
  let failure: Error | undefined
  try {
    await assertUsable(client)
  } catch (error) {
    failure = error as Error
  }
  done(failure)
}

/** Standbys are passed over; a server that loses what it has acknowledged is refused. */
async function assertUsable(client: ClientBase): Promise<void> {
  const { rows } = await client.query<Record<string, string | boolean>>(
    `select pg_is_in_recovery() as "isStandby", ${DURABLE.map((name) => `current_setting('${name}') as ${name}`).join()}`,
  )
  const settings = rows[0] ?? {}
  if (settings['isStandby'] === true) throw new Error('This host is a standby.')
  for (const name of DURABLE) {
    if (settings[name] === 'off') {
      throw new StoreNotDurable(
        `PostgreSQL runs with ${name}=off and would lose payments that it has acknowledged. Set it to on.`,
      )
    }
  }
}

const DURABLE = ['fsync', 'full_page_writes', 'synchronous_commit'] as const

/** What an error means to who waits for the statement. */
function judge(error: unknown, was: 'sent' | 'not_sent'): unknown {
  if (isOfStatement(error)) return error
  const isKnown = was === 'not_sent' || !isOfConnection(error) || isReadOnly(error)
  return unavailable(error, isKnown ? 'not_applied' : 'unknown')
}

function unavailable(cause: unknown, outcome: StoreUnavailable['outcome']): StoreUnavailable {
  const message = cause instanceof Error ? cause.message : String(cause)
  return new StoreUnavailable(`PostgreSQL: ${message}`, outcome, { cause })
}

/** The connection is gone, or of no use: nobody knows what it will bring. */
function isOfConnection(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return true
  const { severity, code = '' } = error
  return /^(?:FATAL|PANIC)$/.test(severity ?? '') || /^(?:08|57P)/.test(code) || isReadOnly(error)
}

/** The host has become a standby under our feet. */
function isReadOnly(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === '25006'
}

/**
 * It would fail again: what it says is wrong, or taken.
 *
 * @see {@link https://www.postgresql.org/docs/current/errcodes-appendix.html}
 */
function isOfStatement(error: unknown): boolean {
  return (
    error instanceof DatabaseError &&
    !isOfConnection(error) &&
    /^(?:0A|2[0-9A-F]|3|42|44)/.test(error.code ?? '')
  )
}

/** Somebody else was quicker; the same again may well succeed. */
function isLostRace(error: unknown): boolean {
  return error instanceof DatabaseError && ['40001', '40P01'].includes(error.code ?? '')
}
