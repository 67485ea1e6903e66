/**
 * What the back office keeps beside its users: settings, refunds that wait for somebody's approval,
 * and filters that people have saved.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { systemClock, type Clock, type Fen, type Instant } from '../alipay/index.ts'
import { newLeaseToken } from '../payments/identifiers.ts'

/** The settings of an application. */
export interface Settings {
  /** Refunds by which more of a payment goes back need somebody's approval; `null` for none do. */
  readonly refundApprovalAbove: Fen | null
}

/** A refund that somebody asked for, and somebody else decides about. */
export interface RefundRequest {
  /** `rr_…`. */
  readonly id: string
  readonly appId: string
  readonly paymentId: string
  readonly amount: Fen
  readonly reference: string | null
  readonly reason: string | null
  readonly metadata: Readonly<Record<string, string>>
  /**
   * - `approved`: the refund is made, or is being made; a repeat goes on with it.
   * - `failed`: it was approved, and could not be made any more.
   */
  readonly status: 'pending' | 'approved' | 'declined' | 'failed'
  readonly requestedBy: Person
  readonly requestedAt: Instant
  readonly decidedBy: Person | null
  readonly decidedAt: Instant | null
  /** The refund that was made. */
  readonly refundId: string | null
  /** Why it could not be made: a code of the API's. */
  readonly failure: string | null
}

/** A user as he was called then. */
export interface Person {
  readonly id: string
  readonly name: string
}

/** A search that somebody has given a name. */
export interface SavedFilter {
  /** `flt_…`. */
  readonly id: string
  readonly appId: string
  /** Whose it is. */
  readonly userId: string
  readonly name: string
  /** Of which list. */
  readonly list: 'payments' | 'refunds'
  /** The parameters of the list. */
  readonly query: Readonly<Record<string, string>>
  readonly createdAt: Instant
}

/** What the desk asks of a store. Each function is one transaction. */
export interface DeskStore {
  readSettings(appId: string): Promise<Settings>
  writeSettings(appId: string, change: Partial<Settings>): Promise<void>
  /** Stores a request; one with its id is left as it is. */
  insertRefundRequest(request: RefundRequest): Promise<void>
  findRefundRequest(appId: string, id: string): Promise<RefundRequest | undefined>
  /** Newest first. */
  listRefundRequests(
    appId: string,
    range: {
      readonly limit: number
      readonly before?: string | undefined
      readonly status?: RefundRequest['status'] | undefined
    },
  ): Promise<RefundRequest[]>
  /** Changes one that still has the status `believed`; `false` if it has not. */
  updateRefundRequest(
    appId: string,
    id: string,
    believed: RefundRequest['status'],
    change: Partial<
      Pick<RefundRequest, 'status' | 'decidedBy' | 'decidedAt' | 'refundId' | 'failure'>
    >,
  ): Promise<boolean>
  insertSavedFilter(filter: SavedFilter): Promise<void>
  /** In the order in which they were saved. */
  listSavedFilters(appId: string, userId: string): Promise<SavedFilter[]>
  deleteSavedFilter(appId: string, userId: string, id: string): Promise<boolean>
}

/** The desk at work. */
export interface Desk extends Pick<
  DeskStore,
  'findRefundRequest' | 'listRefundRequests' | 'listSavedFilters' | 'deleteSavedFilter'
> {
  settings(appId: string): Promise<Settings>
  changeSettings(appId: string, change: Partial<Settings>): Promise<Settings>
  /** Keeps a wish. The same one, by its name, is kept once. */
  requestRefund(wish: RefundWish): Promise<RefundRequest>
  /**
   * Approves a request, or goes on with one that was approved and not made yet.
   *
   * - `own`: who asked for a refund does not approve it.
   * - `decided`: it was decided about before.
   */
  approve(appId: string, id: string, by: Person): Promise<Decision>
  /** Declines a request. */
  decline(appId: string, id: string, by: Person): Promise<Decision>
  /** Keeps what became of an approved request. */
  settle(
    request: RefundRequest,
    result: { readonly refundId: string } | { readonly failure: string },
  ): Promise<RefundRequest>
  /** Saves a filter; `undefined` where he has {@link SAVED_FILTERS_MAX}. */
  saveFilter(filter: Omit<SavedFilter, 'id' | 'createdAt'>): Promise<SavedFilter | undefined>
}

/** A refund that somebody wishes for. */
export interface RefundWish extends Pick<
  RefundRequest,
  'appId' | 'paymentId' | 'amount' | 'reference' | 'reason' | 'metadata' | 'requestedBy'
> {
  /** The request's own name, where it was given one. */
  readonly idempotencyKey?: string | undefined
}

/** What became of a decision. */
export type Decision =
  | { readonly status: 'done' | 'decided' | 'own'; readonly request: RefundRequest }
  | { readonly status: 'not_found' }

/** Filters that one user may save. */
export const SAVED_FILTERS_MAX = 50

/** Makes it. */
export function createDesk({
  store,
  clock = systemClock,
}: {
  readonly store: DeskStore
  /** Default: the machine's. */
  readonly clock?: Clock
}): Desk {
  const found = async (appId: string, id: string): Promise<RefundRequest> => {
    const request = await store.findRefundRequest(appId, id)
    if (request === undefined) throw new Error('A request that was just there is gone')
    return request
  }

  const decide = async (
    request: RefundRequest,
    status: 'approved' | 'declined',
    by: Person,
  ): Promise<Decision> => {
    const { appId, id } = request
    const change = { status, decidedBy: by, decidedAt: clock.now() }
    const isDone = await store.updateRefundRequest(appId, id, 'pending', change)
    const now = await found(appId, id)
    const goesOn = status === 'approved' && now.status === 'approved' && now.refundId === null
    return { status: isDone || goesOn ? 'done' : 'decided', request: now }
  }

  return {
    findRefundRequest: (appId, id) => store.findRefundRequest(appId, id),
    listRefundRequests: (appId, range) => store.listRefundRequests(appId, range),
    listSavedFilters: (appId, userId) => store.listSavedFilters(appId, userId),
    deleteSavedFilter: (appId, userId, id) => store.deleteSavedFilter(appId, userId, id),

    settings: (appId) => store.readSettings(appId),
    async changeSettings(appId, change) {
      await store.writeSettings(appId, change)
      return store.readSettings(appId)
    },

    async requestRefund({ idempotencyKey, ...wish }) {
      const id = requestId(wish, idempotencyKey)
      await store.insertRefundRequest({
        ...wish,
        id,
        status: 'pending',
        requestedAt: clock.now(),
        decidedBy: null,
        decidedAt: null,
        refundId: null,
        failure: null,
      })
      return found(wish.appId, id)
    },

    async approve(appId, id, by) {
      const request = await store.findRefundRequest(appId, id)
      if (request === undefined) return { status: 'not_found' }
      if (request.requestedBy.id === by.id) return { status: 'own', request }
      return decide(request, 'approved', by)
    },
    async decline(appId, id, by) {
      const request = await store.findRefundRequest(appId, id)
      return request === undefined ? { status: 'not_found' } : decide(request, 'declined', by)
    },
    async settle({ appId, id }, result) {
      const change = 'failure' in result ? { ...result, status: 'failed' as const } : result
      await store.updateRefundRequest(appId, id, 'approved', change)
      return found(appId, id)
    },

    async saveFilter(filter) {
      const before = await store.listSavedFilters(filter.appId, filter.userId)
      if (before.length >= SAVED_FILTERS_MAX) return undefined
      const saved = { ...filter, id: `flt_${newLeaseToken()}`, createdAt: clock.now() }
      await store.insertSavedFilter(saved)
      return saved
    },
  }
}

/** Made of the wish's name, where it has one: a repeat is the same wish. */
function requestId(
  { appId, paymentId, reference, requestedBy }: Omit<RefundWish, 'idempotencyKey'>,
  idempotencyKey: string | undefined,
): string {
  if (reference === null && idempotencyKey === undefined) return `rr_${newLeaseToken()}`
  const name = reference === null ? ['key', requestedBy.id, idempotencyKey] : ['name', reference]
  const digest = createHash('sha256').update(JSON.stringify([appId, paymentId, ...name]))
  return `rr_${digest.digest('hex').slice(0, 26)}`
}
