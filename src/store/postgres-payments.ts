/**
 * The engine's store on PostgreSQL. What happens at each step of a payment is one statement for
 * many payments, without a transaction around it: a node that is stopped in the middle holds no
 * lock.
 *
 * @module
 */

import { DatabaseError } from 'pg'
import type { Selectable } from 'kysely'
import {
  duePriority,
  type Lease,
  type PaymentCommit,
  type PaymentRecord,
  type PaymentStore,
  type ScheduleMove,
} from '../payments/index.ts'
import {
  EVENT_COLUMNS,
  EVIDENCE_COLUMNS,
  PAYMENT_COLUMNS,
  REFUND_COLUMNS,
  SAVED_COLUMNS,
  SAVED_REFUND_COLUMNS,
  SCHEDULE_COLUMNS,
} from './columns.ts'
import type { StoreDatabase } from './database.ts'
import type { StoreCrashPoint } from './group-commit.ts'
import { createColdQueries } from './payment-queries.ts'
import {
  fromPaymentRow,
  fromRefundRow,
  storable,
  toEventRow,
  toEvidenceRow,
  toPaymentRow,
  toRefundRow,
  type PaymentRow,
  type RefundRow,
} from './payment-rows.ts'
import { Batches, type BatchGate, type MemberResult } from './postgres-batches.ts'
import type { PostgresHosts } from './postgres-hosts.ts'
import type { DuePaymentsTable, PaymentsTable } from './schema.ts'

/** What the store is made of. */
export interface PostgresPaymentsOptions {
  readonly hosts: PostgresHosts
  readonly shared: StoreDatabase
  readonly gate: BatchGate
  /** Is told of payments that were committed. */
  readonly onCommitted: (paymentIds: readonly string[]) => void
  readonly hear: PaymentStore['hear']
  readonly crashPoint: (point: StoreCrashPoint) => void
}

/** Makes the engine's store on a database whose schema is up to date. */
export function createPostgresPayments(options: PostgresPaymentsOptions): PaymentStore {
  const { hosts, shared, gate, onCommitted, crashPoint } = options
  const { app } = shared

  /** Writes a batch, and returns the ids of those payments that it has written. */
  const write = async (
    sql: string,
    [rows, due, commits]: readonly [
      readonly PaymentRow[],
      readonly DueRow[],
      readonly PaymentCommit[],
    ],
  ): Promise<Set<string>> => {
    const parameters = [
      app,
      JSON.stringify(rows),
      JSON.stringify(due),
      ...along(app, commits),
      rows.map(({ id }) => id),
    ]
    crashPoint('store-before-commit')
    const { rows: written } = await hosts.query<{ id: string }>(sql, parameters)
    crashPoint('store-after-commit')
    return new Set(written.map(({ id }) => id))
  }

  const insertBatch = async (
    items: readonly Insert[],
  ): Promise<MemberResult<'inserted' | 'taken'>[]> => {
    const commits = items.map(({ commit }) => commit)
    const due = items.map(({ commit, lease }): DueRow => {
      const row = toDueRow(commit)
      const isLeased = commit.release?.token !== lease.token
      if (!isLeased) return { ...row, lease_token: null }
      const dueAt = row.due_at === null ? null : lease.ms
      return { ...row, due_at: dueAt, lease_token: lease.token, leased_until: lease.ms }
    })
    const rows = commits.map(({ record }) => toPaymentRow(record))
    const inserted = await write(statement(INSERTED, due, commits), [rows, due, commits])
    onCommitted([...inserted])
    return rows.map(({ id }) => ({ value: inserted.has(id) ? 'inserted' : 'taken' }))
  }

  const saveBatch = async (
    commits: readonly PaymentCommit[],
  ): Promise<MemberResult<'saved' | 'outdated' | 'reference_taken'>[]> => {
    const rows = commits.map(({ record }) => toPaymentRow(record))
    const due = commits.map(toDueRow)
    const once = async () => {
      const saved = await write(statement(SAVED, due, commits), [rows, due, commits])
      onCommitted([...saved])
      return rows.map(({ id }) => ({ value: saved.has(id) ? 'saved' : 'outdated' }) as const)
    }
    try {
      return await once()
    } catch (error) {
      const [commit, another] = commits
      const [row] = rows
      if (!isReferenceTaken(error) || another || !commit || !row) throw error
      if (commit.requiresReference) return [{ value: 'reference_taken' }]
      // Late money is booked also where another payment has the reference by now.
      row.blocking_reference = null
      return once()
    }
  }

  const rescheduleBatch = async (
    moves: readonly ScheduleMove[],
  ): Promise<MemberResult<boolean>[]> => {
    const rows = moves.map(({ record }) => toPaymentRow(record))
    const due = moves.map(toDueRow)
    const moved = await write(statement(MOVED, due, []), [rows, due, []])
    return rows.map(({ id }) => ({ value: moved.has(id) }))
  }

  const inserts = new Batches<Insert, 'inserted' | 'taken'>(
    gate,
    {
      keyOf: ({ commit }) => idOf(commit),
      // Those of one reference wait for each other.
      orderOf: ({ commit }) => `${commit.record.payment.reference ?? ''} ${idOf(commit)}`,
    },
    oneByOneIfNeeded(insertBatch),
  )
  const byId = { keyOf: idOf, orderOf: idOf }
  const saves = new Batches<PaymentCommit, 'saved' | 'outdated' | 'reference_taken'>(
    gate,
    byId,
    oneByOneIfNeeded(saveBatch),
  )
  const moves = new Batches<ScheduleMove, boolean>(gate, byId, oneByOneIfNeeded(rescheduleBatch))

  const records = async (sql: string, parameters: readonly unknown[]): Promise<PaymentRecord[]> => {
    const { rows } = await hosts.query<StoredRow>(sql, parameters)
    return rows.map(toRecord)
  }

  return {
    ...createColdQueries(shared),
    isShared: true,
    insert: (commit, lease) => inserts.add({ commit, lease }),
    save: (commit) => saves.add(commit),
    reschedule: (move) => moves.add(move),
    claimDue: (limit, lease) => records(CLAIM_DUE, [app, limit, lease.token, lease.ms]),
    async claim(paymentId, lease) {
      return (await records(CLAIM, [app, paymentId, lease.token, lease.ms]))[0]
    },
    async release(lease, paymentId, dueInMs) {
      const due = dueInMs === undefined ? 0 : toMs(dueInMs)
      const [all, one] = due === null ? [DROP, DROP_ONE] : [RELEASE, RELEASE_ONE]
      const ofOne = paymentId === undefined ? [] : [paymentId]
      const sql = paymentId === undefined ? all : one
      await hosts.query(sql, [app, lease.token, ...(due === null ? [] : [due]), ...ofOne])
    },
    async find(key) {
      const [[name, value]] = Object.entries(key) as [[keyof typeof FIND, string]]
      return (await records(FIND[name], [app, storable(value)]))[0]
    },
    listByReference: (reference) => records(BY_REFERENCE, [app, storable(reference)]),
    async nextDueInMs() {
      const { rows } = await hosts.query<{ due: number | null }>(NEXT_DUE, [app])
      const due = rows[0]?.due ?? null
      return due === null ? null : Math.max(0, due)
    },
    hear: options.hear,
  }
}

interface Insert {
  readonly commit: PaymentCommit
  readonly lease: Lease
}

type StoredRow = Selectable<PaymentsTable> & { readonly refunds: RefundRow[] }

function toRecord(row: StoredRow): PaymentRecord {
  return { payment: fromPaymentRow(row), refunds: row.refunds.map(fromRefundRow) }
}

function idOf({ record }: { readonly record: PaymentRecord }): string {
  return record.payment.id
}

/** A batch that fails for the sake of one is written one by one, so that this one fails alone. */
function oneByOneIfNeeded<Item, Result>(
  write: (items: readonly Item[]) => Promise<readonly MemberResult<Result>[]>,
): (items: readonly Item[]) => Promise<readonly MemberResult<Result>[]> {
  return async (items) => {
    try {
      return await write(items)
    } catch (error) {
      if (!(error instanceof DatabaseError) || items.length === 1) throw error
      const results: MemberResult<Result>[] = []
      for (const item of items) {
        const [result] = await write([item]).catch((alone: unknown) => [{ error: alone }])
        results.push(result as MemberResult<Result>)
      }
      return results
    }
  }
}

function isReferenceTaken(error: unknown): boolean {
  return (
    error instanceof DatabaseError &&
    error.code === '23505' &&
    error.constraint === 'payments_blocking_reference'
  )
}

/**
 * When a payment is next due, on its way into the database: times count from now; the token is that
 * of the lease that is given back, or, with `leased_until`, that is taken.
 */
type DueRow = Omit<Selectable<DuePaymentsTable>, 'app'>

function toDueRow({ record, dueInMs, release }: ScheduleMove): DueRow {
  return {
    payment_id: record.payment.id,
    priority: duePriority(record),
    due_at: toMs(dueInMs),
    lease_token: release?.token ?? null,
    leased_until: 0,
  }
}

function toMs(dueInMs: number | null): number | null {
  return dueInMs === null ? null : Math.max(0, Math.ceil(dueInMs))
}

/** What goes along with the payments of a batch: `position` is the order within it. */
function along(app: string, commits: readonly PaymentCommit[]): string[] {
  const events = commits.flatMap(({ record, events: told }) =>
    told.map((event) => toEventRow(app, record.payment.id, event)),
  )
  const evidence = commits.flatMap(({ record, timeline }) =>
    timeline.map((entry) => toEvidenceRow(record.payment.id, entry)),
  )
  const refunds = commits.flatMap(({ record, refunds: changed }) =>
    changed.map((refund) =>
      toRefundRow(
        refund,
        record.refunds.findIndex(({ id }) => id === refund.id),
      ),
    ),
  )
  const numbered = (list: readonly object[]) =>
    JSON.stringify(list.map((row, index) => ({ ...row, position: index })))
  return [numbered(events), numbered(evidence), JSON.stringify(refunds)]
}

const NOW = '(select floor(extract(epoch from clock_timestamp()) * 1000)::bigint)'

const sets = (names: readonly string[], of: string): string =>
  names.map((name) => `${name} = ${of}.${name}`).join()

const PAYMENTS = 'json_populate_recordset(null::payments, $2)'

/**
 * Looked up by their keys, whatever PostgreSQL believes of the size of a table that it has not
 * looked at for a while: that is why the application is asked for in a way that no index is used
 * for.
 */
const IS_OURS = 'p.id = any ($7::text[]) and texteq(p.app, $1)'

/** Those of a batch that are written: the new ones, or those at the version that is believed. */
const INSERTED = `insert into payments (${PAYMENT_COLUMNS.join()}, app)
  select ${PAYMENT_COLUMNS.join()}, $1 from ${PAYMENTS} on conflict do nothing returning id`

const SAVED = `update payments p set ${sets(SAVED_COLUMNS, 'batch')} from ${PAYMENTS} batch
  where p.id = batch.id and ${IS_OURS} and p.version = batch.version - 1 returning p.id`

const MOVED = `update payments p set ${sets(SCHEDULE_COLUMNS, 'batch')} from ${PAYMENTS} batch
  where p.id = batch.id and ${IS_OURS} and p.version = batch.version returning p.id`

/**
 * Writes payments, and with those that are written all that belongs to them. PostgreSQL runs the
 * parts from the last to the first, and so the events last.
 *
 * Positions of events are drawn while a lock of the application is held, which is lifted after the
 * commit can be seen: a higher position is never seen before a lower one, so a reader that goes
 * from position to position passes over none. All payments are written before the lock is taken, so
 * that nobody waits for a payment while holding it.
 */
function statement(
  written: string,
  due: readonly DueRow[],
  commits: readonly PaymentCommit[],
): string {
  const has = (part: 'events' | 'timeline' | 'refunds'): boolean =>
    commits.some((commit) => commit[part].length > 0)
  const parts = [
    `written as (${written})`,
    `clock as materialized (select ${NOW} as now)`,
    ...(has('events') ? [TURN, TOLD] : []),
    ...(has('timeline') ? [LEARNED] : []),
    ...(has('refunds') ? [GIVEN_BACK] : []),
    ...(has('events') ? [TO_DELIVER] : []),
    ...(due.some(({ due_at: dueAt, leased_until: until }) => dueAt !== null || until > 0)
      ? [SCHEDULED]
      : []),
    ...(due.some(({ due_at: dueAt }) => dueAt === null) ? [DROPPED, RESTING] : []),
    // Or PostgreSQL would not know what it is given where there is nothing.
    'unused as (select $3::text, $4::text, $5::text, $6::text, $7::text[])',
  ]
  return `with ${parts.join(', ')} select id from written`
}

const DUE = `json_populate_recordset(null::due_payments, $3::json) s
  join written on written.id = s.payment_id cross join clock`

const SCHEDULED = `scheduled as (
  insert into due_payments as d (payment_id, app, priority, due_at, lease_token, leased_until)
  select s.payment_id, $1, s.priority, clock.now + s.due_at, s.lease_token,
    case when s.leased_until = 0 then 0 else clock.now + s.leased_until end
  from ${DUE} where s.due_at is not null or s.leased_until > 0
  on conflict (payment_id) do update set priority = excluded.priority, due_at = excluded.due_at,
    lease_token = case when d.lease_token = excluded.lease_token then null else d.lease_token end,
    leased_until = case when d.lease_token = excluded.lease_token then 0 else d.leased_until end
)`

const IS_FREE =
  '(d.lease_token is null or d.lease_token = s.lease_token or d.leased_until <= clock.now)'

const DROPPED = `dropped as (
  delete from due_payments d using ${DUE}
  where d.payment_id = s.payment_id and d.payment_id = any ($7::text[])
    and s.due_at is null and s.leased_until = 0 and ${IS_FREE}
)`

const RESTING = `resting as (
  update due_payments d set due_at = null, priority = s.priority from ${DUE}
  where d.payment_id = s.payment_id and d.payment_id = any ($7::text[])
    and s.due_at is null and s.leased_until = 0
    and not coalesce(${IS_FREE}, false)
)`

const EVENTS = 'json_populate_recordset(null::events, $4::json) e'

const TURN = `turn as materialized (
  select pg_advisory_xact_lock(hashtextextended('saoma events ' || $1, 0))
  from (select count(*) as count from written) as counted where count > 0
)`

const TOLD = `told as (
  insert into events (${EVENT_COLUMNS.join()})
  select ${EVENT_COLUMNS.map((name) => `e.${name}`).join()}
  from turn cross join ${EVENTS} join written on written.id = e.payment_id
  order by e.position
)`

const TO_DELIVER = `to_deliver as (
  insert into webhook_deliveries
    (id, app, endpoint_id, event_id, status, attempts, created_at, due_at, leased_until)
  select 'whd_' || substr(e.id, 5) || '_' || substr(w.id, 5), w.app, w.id, e.id,
    'pending', 0, e.created_at, clock.now, 0
  from ${EVENTS} join written on written.id = e.payment_id
  join webhook_endpoints w on w.app = $1 and w.status = 'enabled'
    and (w.types = '*' or strpos(w.types, ',' || e.type || ',') > 0)
  cross join clock
)`

const LEARNED = `learned as (
  insert into evidence (${EVIDENCE_COLUMNS.join()})
  select ${EVIDENCE_COLUMNS.map((name) => `e.${name}`).join()}
  from json_populate_recordset(null::evidence, $5::json) e
  join written on written.id = e.payment_id
  order by e.position
)`

const GIVEN_BACK = `given_back as (
  insert into refunds (${REFUND_COLUMNS.join()})
  select ${REFUND_COLUMNS.map((name) => `r.${name}`).join()}
  from json_populate_recordset(null::refunds, $6::json) r
  join written on written.id = r.payment_id
  on conflict (id) do update set ${sets(SAVED_REFUND_COLUMNS, 'excluded')}
)`

/** A payment's row with its refunds, from a row `p` of the payments. */
const RECORD = `p.*, (
    select coalesce(json_agg(r order by r.position), '[]') from refunds r where r.payment_id = p.id
  ) as refunds`

const FIND = {
  id: `select ${RECORD} from payments p where app = $1 and id = $2`,
  outTradeNo: `select ${RECORD} from payments p where app = $1 and out_trade_no = $2`,
  checkoutToken: `select ${RECORD} from payments p where app = $1 and checkout_token = $2`,
  refundId: `select ${RECORD} from payments p
    where app = $1 and id = (select payment_id from refunds where id = $2)`,
}

const BY_REFERENCE = `select ${RECORD} from payments p where app = $1 and reference = $2
  order by created_at desc, id desc`

/** 0, 1 and 2. */
const PRIORITIES = [0, 1, 2]

/** As arrays, so that the plan never reads a whole table, however much is due. */
const CLAIM_DUE = `with clock as materialized (select ${NOW} as now),
  ${PRIORITIES.map(dueOf).join()},
  due as (${PRIORITIES.map((priority) => `select * from due_${priority}`).join(' union all ')}),
  taken as (
    update due_payments set lease_token = $3, leased_until = clock.now + $4, due_at = clock.now + $4
    from clock where payment_id = any (array(select payment_id from due))
    returning payment_id
  )
  select ${RECORD} from payments p join due on due.payment_id = p.id
  where p.id = any (array(select payment_id from taken))
  order by due.priority, due.due_at`

/** The longest due of a priority, as many as the priorities before it have left. */
function dueOf(priority: number): string {
  const left = PRIORITIES.slice(0, priority).map(
    (before) => `- (select count(*) from due_${before})`,
  )
  return `due_${priority} as materialized (
    select payment_id, priority, due_at from due_payments
    where app = $1 and priority = ${priority} and due_at <= (select now from clock)
      and leased_until <= (select now from clock)
    order by due_at limit $2::bigint ${left.join(' ')}
    for update skip locked
  )`
}

const CLAIM = `with taken as (
    insert into due_payments as d (payment_id, app, priority, lease_token, leased_until)
    select id, app, 1, $3, clock.now + $4 from payments cross join (select ${NOW} as now) clock
    where app = $1 and id = $2
    on conflict (payment_id) do update set lease_token = excluded.lease_token,
      leased_until = excluded.leased_until,
      due_at = case when d.due_at is null then null else excluded.leased_until end
    where d.leased_until <= ${NOW}
    returning payment_id
  )
  select ${RECORD} from payments p where p.id = (select payment_id from taken)`

/**
 * Who saved during the lease, without it, may have made the payment due earlier than its holder
 * knows.
 */
const RELEASE = `update due_payments set lease_token = null, leased_until = 0,
    due_at = case
      when due_at is null or due_at = leased_until then clock.now + $3::bigint
      else least(due_at, clock.now + $3::bigint)
    end
  from (select ${NOW} as now) clock
  where app = $1 and lease_token = $2`

const RELEASE_ONE = `${RELEASE} and payment_id = $4`

/** The same, where the holder knows of nothing that is due. */
const DROP = dropOf('')

const DROP_ONE = dropOf('and payment_id = $3')

function dropOf(condition: string): string {
  const held = `app = $1 and lease_token = $2 ${condition}`
  const isForgotten = '(due_at is null or due_at = leased_until)'
  return `with dropped as (delete from due_payments where ${held} and ${isForgotten})
    update due_payments set lease_token = null, leased_until = 0
    where ${held} and not ${isForgotten}`
}

/** While a payment is leased it is due when the lease ends, or earlier where it was saved since. */
const NEXT_DUE = `select min(due) - ${NOW} as due from (
    ${PRIORITIES.map(
      (priority) => `(select min(greatest(due_at, leased_until)) as due from (
        select due_at, leased_until from due_payments
        where app = $1 and priority = ${priority} and due_at is not null
        order by due_at limit 100
      ) as first_${priority})`,
    ).join(' union all ')}
  ) as firsts`
