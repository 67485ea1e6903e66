/**
 * One commit for many writers: what is written within one turn of the event loop shares one
 * transaction, so that the disk is waited for once and not once a writer.
 *
 * Nothing awaits between BEGIN and COMMIT, so no reader on the same connection ever sees what is
 * not committed, and promises resolve only after COMMIT.
 *
 * @module
 */

import { StoreUnavailable } from '../payments/payment-store.ts'
import type { DatabaseSync, StatementSync } from './database-sync.ts'

/** Some writes on the open transaction. It may be run twice, so it does nothing else. */
export type Member<T> = () => T

/** How writes are gathered. */
export interface GroupCommitOptions {
  /**
   * Calls `flush` once, soon, never at once. Default: at the end of this turn of the event loop.
   * Simulations run it as a microtask.
   */
  readonly scheduleFlush?: ((flush: () => void) => void) | undefined
  /** Called where a process may die: see {@link StoreCrashPoint}. */
  readonly crashPoint?: ((point: StoreCrashPoint) => void) | undefined
  /** Is told, once, of the error after which nothing can be written any more. */
  readonly onFatal: (error: Error) => void
}

/** Where a process may die in the worst moment: before the commit, or before anybody is told. */
export type StoreCrashPoint = 'store-before-commit' | 'store-after-commit'

/** Members of one transaction at the most: some 20 ms, for which nothing else runs. */
const MEMBERS_MAX = 500

interface Waiting {
  readonly member: Member<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/** Gathers writes on one connection. */
export class GroupCommit {
  readonly #database: DatabaseSync
  readonly #options: GroupCommitOptions
  readonly #schedule: (flush: () => void) => void
  readonly #statements: Record<'begin' | 'commit' | 'savepoint' | 'undo' | 'keep', StatementSync>
  #waiting: Waiting[] = []
  #isScheduled = false
  #broken: Error | undefined

  constructor(database: DatabaseSync, options: GroupCommitOptions) {
    this.#database = database
    this.#options = options
    this.#schedule = options.scheduleFlush ?? setImmediate
    this.#statements = {
      begin: database.prepare('BEGIN IMMEDIATE'),
      commit: database.prepare('COMMIT'),
      savepoint: database.prepare('SAVEPOINT member'),
      undo: database.prepare('ROLLBACK TO member'),
      keep: database.prepare('RELEASE member'),
    }
  }

  /**
   * Runs a member in the next transaction.
   *
   * @returns What the member returned, once that is committed.
   * @throws {unknown} What the member threw; it has then written nothing.
   * @throws {StoreUnavailable} If it could not be committed.
   */
  write<T>(member: Member<T>): Promise<T> {
    if (this.#broken !== undefined) return Promise.reject(this.#refusal())
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ member, resolve: resolve as (value: unknown) => void, reject })
      this.#scheduleNext()
    })
  }

  /** @throws {StoreUnavailable} If the store has failed or is closed: what it says may be wrong. */
  assertUsable(): void {
    if (this.#broken !== undefined) throw this.#refusal()
  }

  /** Commits what waits, and takes nothing more. */
  close(): void {
    while (this.#waiting.length > 0 && this.#broken === undefined) this.#flush()
    this.#broken ??= new Error('The store is closed.')
  }

  #scheduleNext(): void {
    if (this.#isScheduled || this.#waiting.length === 0) return
    this.#isScheduled = true
    this.#schedule(() => {
      this.#isScheduled = false
      this.#flush()
      this.#scheduleNext()
    })
  }

  #flush(): void {
    const group = this.#waiting.splice(0, MEMBERS_MAX)
    if (group.length === 0) return
    try {
      const outcomes = this.#commit(group)
      this.#options.crashPoint?.('store-after-commit')
      for (const [index, { resolve, reject }] of group.entries()) {
        const outcome = outcomes[index] as Outcome
        if ('error' in outcome) reject(outcome.error)
        else resolve(outcome.value)
      }
    } catch (error) {
      for (const { reject } of group) reject(error)
      if (this.#broken !== undefined) {
        for (const { reject } of this.#waiting.splice(0)) reject(this.#refusal())
      }
    }
  }

  /**
   * Members hardly ever throw, so they run without savepoints first. Where one throws, all is
   * rolled back and each is run again behind a savepoint of its own.
   */
  #commit(group: readonly Waiting[]): readonly Outcome[] {
    try {
      return this.#transaction(() => group.map(({ member }) => ({ value: member() })))
    } catch (error) {
      if (error instanceof StoreUnavailable) throw error
      return this.#transaction(() => group.map(({ member }) => this.#guarded(member)))
    }
  }

  #transaction<T>(run: () => T): T {
    let isCommitting = false
    try {
      this.#statements.begin.run()
      const result = run()
      this.#options.crashPoint?.('store-before-commit')
      isCommitting = true
      this.#statements.commit.run()
      return result
    } catch (error) {
      this.#rollBack()
      throw this.#judge(error, isCommitting)
    }
  }

  #guarded(member: Member<unknown>): Outcome {
    const { savepoint, undo, keep } = this.#statements
    savepoint.run()
    try {
      const value = member()
      keep.run()
      return { value }
    } catch (error) {
      if (isOfDatabase(error)) throw error
      undo.run()
      keep.run()
      return { error }
    }
  }

  #rollBack(): void {
    try {
      // SQLite has rolled back by itself after some errors.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
    } catch (error) {
      this.#fail(error)
    }
  }

  /** What a failed transaction means to its members. */
  #judge(error: unknown, isCommitting: boolean): unknown {
    const code = primaryCode(error)
    if (!isCommitting && !isOfDatabase(error)) return error
    // A commit that could not be written in full is not in the log; whether one that could not be
    // flushed is there, only a new start can tell.
    const isClean = code !== undefined && LIVES_ON.has(code)
    if (!isClean) this.#fail(error)
    return new StoreUnavailable(
      `SQLite could not ${isCommitting ? 'commit' : 'write'}: ${String(error)}`,
      isCommitting && !isClean ? 'unknown' : 'not_applied',
      { cause: error },
    )
  }

  #fail(cause: unknown): void {
    if (this.#broken !== undefined) return
    this.#broken = new Error(
      'The database can not be written to any more. Look at the disk, then start again.',
      { cause },
    )
    this.#options.onFatal(this.#broken)
  }

  #refusal(): StoreUnavailable {
    return new StoreUnavailable(this.#broken?.message ?? '', 'not_applied', { cause: this.#broken })
  }
}

type Outcome = { readonly value: unknown } | { readonly error: unknown }

/** SQLite's result codes that say that nothing was written, and that later writes may be. */
const LIVES_ON = new Set([
  5, // SQLITE_BUSY: another program holds the lock.
  6, // SQLITE_LOCKED
  8, // SQLITE_READONLY
  13, // SQLITE_FULL
])

/** Codes that blame the statement and not the database. */
const OF_STATEMENT = new Set([
  1, // SQLITE_ERROR
  18, // SQLITE_TOOBIG
  19, // SQLITE_CONSTRAINT
  20, // SQLITE_MISMATCH
  21, // SQLITE_MISUSE
  25, // SQLITE_RANGE
])

function isOfDatabase(error: unknown): boolean {
  const code = primaryCode(error)
  return code !== undefined && !OF_STATEMENT.has(code)
}

/** @see {@link https://sqlite.org/rescode.html} */
function primaryCode(error: unknown): number | undefined {
  const { errcode } = error as { errcode?: unknown }
  return typeof errcode === 'number' ? errcode & 0xff : undefined
}
