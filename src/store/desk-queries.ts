/**
 * The store of the desk as queries, one text for SQLite and PostgreSQL: each statement is a
 * transaction of its own.
 *
 * @module
 */

import { sql } from 'kysely'
import type { DeskStore, RefundRequest, SavedFilter } from '../access/index.ts'
import { toFen, toInstant } from '../alipay/index.ts'
import type { StoreDatabase } from './database.ts'
import { storable } from './payment-rows.ts'
import type { RefundRequestsTable, SavedFiltersTable } from './schema.ts'

/** Makes the store of the desk on a database whose schema is up to date. */
export function createDeskStore({ db }: Omit<StoreDatabase, 'app'>): DeskStore {
  return {
    async readSettings(appId) {
      const row = await db
        .selectFrom('settings')
        .selectAll()
        .where('app_id', '=', appId)
        .executeTakeFirst()
      const above = row?.refund_approval_above ?? null
      return { refundApprovalAbove: above === null ? null : toFen(above) }
    },

    async writeSettings(appId, { refundApprovalAbove }) {
      if (refundApprovalAbove === undefined) return
      const change = { refund_approval_above: refundApprovalAbove }
      await db
        .insertInto('settings')
        .values({ app_id: appId, ...change })
        .onConflict((conflict) => conflict.column('app_id').doUpdateSet(change))
        .execute()
    },

    async insertRefundRequest(request) {
      await db
        .insertInto('refund_requests')
        .values(toRequestRow(request))
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    },

    async findRefundRequest(appId, id) {
      const row = await db
        .selectFrom('refund_requests')
        .selectAll()
        .where('app_id', '=', appId)
        .where('id', '=', storable(id))
        .executeTakeFirst()
      return row && fromRequestRow(row)
    },

    async listRefundRequests(appId, { limit, before, status }) {
      const rows = await db
        .selectFrom('refund_requests')
        .selectAll()
        .where('app_id', '=', appId)
        .$if(status !== undefined, (query) => query.where('status', '=', status ?? ''))
        .$if(before !== undefined, (query) =>
          query.where(
            sql<boolean>`(requested_at, id) < (select requested_at, id from refund_requests
              where app_id = ${appId} and id = ${storable(before ?? '')})`,
          ),
        )
        .orderBy('requested_at', 'desc')
        .orderBy('id', 'desc')
        .limit(limit)
        .execute()
      return rows.map(fromRequestRow)
    },

    async updateRefundRequest(appId, id, believed, change) {
      const { status, decidedBy, decidedAt, refundId, failure } = change
      const { numUpdatedRows } = await db
        .updateTable('refund_requests')
        .set({
          ...(status !== undefined && { status }),
          ...(decidedBy && { decided_by: decidedBy.id, decided_by_name: storable(decidedBy.name) }),
          ...(decidedAt !== undefined && { decided_at: decidedAt }),
          ...(refundId !== undefined && { refund_id: refundId }),
          ...(failure !== undefined && { failure }),
        })
        .where('app_id', '=', appId)
        .where('id', '=', storable(id))
        .where('status', '=', believed)
        .executeTakeFirstOrThrow()
      return numUpdatedRows === 1n
    },

    async insertSavedFilter(filter) {
      await db.insertInto('saved_filters').values(toFilterRow(filter)).execute()
    },

    async listSavedFilters(appId, userId) {
      const rows = await db
        .selectFrom('saved_filters')
        .selectAll()
        .where('app_id', '=', appId)
        .where('user_id', '=', userId)
        .orderBy('created_at')
        .orderBy('id')
        .execute()
      return rows.map(fromFilterRow)
    },

    async deleteSavedFilter(appId, userId, id) {
      const { numDeletedRows } = await db
        .deleteFrom('saved_filters')
        .where('app_id', '=', appId)
        .where('user_id', '=', userId)
        .where('id', '=', storable(id))
        .executeTakeFirstOrThrow()
      return numDeletedRows === 1n
    },
  }
}

function toRequestRow(request: RefundRequest): RefundRequestsTable {
  const { reference, reason, decidedBy } = request
  return {
    id: request.id,
    app_id: request.appId,
    payment_id: storable(request.paymentId),
    amount: request.amount,
    reference: reference === null ? null : storable(reference),
    reason: reason === null ? null : storable(reason),
    metadata: storable(JSON.stringify(request.metadata)),
    status: request.status,
    requested_by: request.requestedBy.id,
    requested_by_name: storable(request.requestedBy.name),
    requested_at: request.requestedAt,
    decided_by: decidedBy && decidedBy.id,
    decided_by_name: decidedBy && storable(decidedBy.name),
    decided_at: request.decidedAt,
    refund_id: request.refundId,
    failure: request.failure,
  }
}

function fromRequestRow(row: RefundRequestsTable): RefundRequest {
  return {
    id: row.id,
    appId: row.app_id,
    paymentId: row.payment_id,
    amount: toFen(row.amount),
    reference: row.reference,
    reason: row.reason,
    metadata: JSON.parse(row.metadata) as RefundRequest['metadata'],
    status: row.status as RefundRequest['status'],
    requestedBy: { id: row.requested_by, name: row.requested_by_name },
    requestedAt: toInstant(row.requested_at),
    decidedBy:
      row.decided_by === null ? null : { id: row.decided_by, name: row.decided_by_name ?? '' },
    decidedAt: row.decided_at === null ? null : toInstant(row.decided_at),
    refundId: row.refund_id,
    failure: row.failure,
  }
}

function toFilterRow(filter: SavedFilter): SavedFiltersTable {
  return {
    id: filter.id,
    app_id: filter.appId,
    user_id: filter.userId,
    name: storable(filter.name),
    list: filter.list,
    query: storable(JSON.stringify(filter.query)),
    created_at: filter.createdAt,
  }
}

function fromFilterRow(row: SavedFiltersTable): SavedFilter {
  return {
    id: row.id,
    appId: row.app_id,
    userId: row.user_id,
    name: row.name,
    list: row.list as SavedFilter['list'],
    query: JSON.parse(row.query) as SavedFilter['query'],
    createdAt: toInstant(row.created_at),
  }
}
