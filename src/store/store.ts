/**
 * What a caller gets who opens a store, whichever it is.
 *
 * @module
 */

import type { AccessStore, DeskStore, UserStore } from '../access/index.ts'
import type { BooksStore } from '../books/index.ts'
import type { FigureStore, PaymentStore } from '../payments/index.ts'
import type { AlarmStore } from '../alarms/index.ts'
import type { RetentionStore } from '../retention/index.ts'
import type { WebhookStore } from '../webhooks/index.ts'
import type { DatabaseKind } from './database.ts'
import type { Reseal, ResealResult } from './reseal.ts'

/** An open store: the rows of one application and mode. */
export interface Store {
  readonly kind: DatabaseKind
  readonly payments: PaymentStore
  readonly webhooks: WebhookStore
  readonly figures: FigureStore
  readonly books: BooksStore
  readonly alarms: AlarmStore
  readonly retention: RetentionStore
  /** Who may ask: of all applications of the database. */
  readonly access: AccessStore
  /** Who signs in to the back office: of all applications of the database. */
  readonly users: UserStore
  /** What the back office keeps: of all applications of the database. */
  readonly desk: DeskStore
  /** The rows of another application in the same database; for one identity the same object. */
  of(identity: string): AppStore
  /** Seals again all that is kept sealed, of all applications, beside those who use it. */
  reseal(reseal: Reseal): Promise<ResealResult>
  /**
   * Resolves when the store can not be trusted any more, with the reason. From then on every call
   * rejects with `StoreUnavailable`; the process is to end, and to start again.
   */
  readonly failed: Promise<Error>
  /** Writes something that nobody reads, durably; rejects where that cannot be done. */
  probeWrite(): Promise<void>
  /** Commits what waits, and lets go of the database. */
  close(): Promise<void>
}

/** The rows of one application and mode. */
export type AppStore = Pick<
  Store,
  'payments' | 'webhooks' | 'figures' | 'books' | 'alarms' | 'retention'
>

/** Whose rows these are unless it is said. */
export const IDENTITY_DEFAULT = 'default'
