/**
 * The store of the books as queries, one text for SQLite and PostgreSQL but for a few words. All
 * that may be large is read in pages, so that payments are not held up.
 *
 * @module
 */

import { sql, type RawBuilder, type Selectable } from 'kysely'
import { toFen, toInstant, type Fen, type Instant } from '../alipay/index.ts'
import type {
  BilledElsewhen,
  BooksStore,
  Difference,
  DifferenceStatus,
  GroupTotals,
  LocalPayment,
  LocalRefund,
  Reconciliation,
  ReconciliationResult,
  Span,
} from '../books/index.ts'
import { NO_TOTALS } from '../books/index.ts'
import type { Compilable, StoreDatabase } from './database.ts'
import { storable } from './payment-rows.ts'
import { tellEvent } from './reconciliation-events.ts'
import type { BilledElsewhenTable, DifferencesTable, ReconciliationsTable } from './schema.ts'

/**
 * A payment is paid at most this long after it was created: codes live two hours, and clocks may be
 * wrong for a while. The rows of a day are found by the order of creation.
 */
const PAID_WITHIN_MS = 24 * 3_600_000

/** Rows of one statement: some milliseconds, for which SQLite does nothing else. */
const SLICE_MS = 3_600_000

/** Makes the store of the books on a database whose schema is up to date. */
export function createBooksStore(database: StoreDatabase): BooksStore {
  const { db, app, kind } = database

  const run = async <Row>(statement: RawBuilder<unknown>): Promise<Row[]> =>
    (await statement.execute(db)).rows as Row[]

  const atomically = (statements: readonly RawBuilder<unknown>[]) =>
    database.atomically(
      statements.map((statement): Compilable => ({ compile: () => statement.compile(db) })),
    )

  /** One parameter, however many there are: the text of the statement is always the same. */
  const oneOf = (values: readonly string[]): RawBuilder<unknown> =>
    kind === 'sqlite'
      ? sql`in (select value from json_each(${JSON.stringify(values)}))`
      : sql`= any(${values})`

  const after = (column: string, position: { at: Instant; id: string } | null) =>
    position === null
      ? sql``
      : sql`and (${sql.raw(column)}, ${sql.raw('id')}) > (${position.at}, ${position.id})`

  return {
    async paymentsOf(outTradeNos) {
      if (outTradeNos.length === 0) return []
      const payments = await run<LocalPaymentRow>(
        sql`select ${PAYMENT} from payments where app = ${app} and out_trade_no ${oneOf(outTradeNos)}`,
      )
      if (payments.length === 0) return []
      const refunds = await run<LocalRefundRow>(
        sql`select id, payment_id, out_request_no, amount, status, source, succeeded_at
          from refunds where payment_id ${oneOf(payments.map(({ id }) => id))}
          order by payment_id, position`,
      )
      const byPayment = new Map<string, LocalRefundRow[]>()
      for (const refund of refunds) {
        const others = byPayment.get(refund.payment_id)
        if (others === undefined) byPayment.set(refund.payment_id, [refund])
        else others.push(refund)
      }
      return payments.map((row) => fromPayment(row, byPayment.get(row.id) ?? []))
    },

    async ofOtherApps(outTradeNos) {
      if (outTradeNos.length === 0) return new Set()
      // Applications are few: each is found by one step in the index.
      const apps: string[] = []
      for (let last = ''; ; last = apps.at(-1) ?? '') {
        const [next] = await run<{ app: string | null }>(
          sql`select min(app) as app from payments where app > ${last}`,
        )
        if (next === undefined || next.app === null) break
        apps.push(next.app)
      }
      const others = apps.filter((other) => other !== app)
      if (others.length === 0) return new Set()
      const rows = await run<{ out_trade_no: string }>(
        sql`select out_trade_no from payments
          where app ${oneOf(others)} and out_trade_no ${oneOf(outTradeNos)}`,
      )
      return new Set(rows.map(({ out_trade_no }) => out_trade_no))
    },

    async paidIn({ from, until }, position, limit) {
      const rows = await run<LocalPaymentRow>(
        sql`select ${PAYMENT} from payments
          where app = ${app} and created_at >= ${from - PAID_WITHIN_MS}
            and created_at < ${until + PAID_WITHIN_MS}
            and status = 'succeeded' and paid_at >= ${from} and paid_at < ${until}
            ${after('created_at', position)}
          order by created_at, id limit ${limit}`,
      )
      return rows.map((row) => fromPayment(row, []))
    },

    async refundedIn({ from, until }, position, limit) {
      const rows = await run<LocalRefundRow & { out_trade_no: string; trade_no: string | null }>(
        sql`select refund.id, payment_id, out_request_no, refund.amount, refund.status, source,
            succeeded_at, out_trade_no, trade_no
          from refunds as refund join payments as payment on payment.id = refund.payment_id
          where payment.app = ${app} and succeeded_at >= ${from} and succeeded_at < ${until}
            and refund.status = 'succeeded'
            ${position === null ? sql`` : sql`and (succeeded_at, refund.id) > (${position.at}, ${position.id})`}
          order by succeeded_at, refund.id limit ${limit}`,
      )
      return rows.map((row) => fromRefund(row, row))
    },

    async totalsIn(span) {
      const sums = new GroupSums()
      for (const { from, until } of slices({
        from: toInstant(Math.max(0, span.from - PAID_WITHIN_MS)),
        until: toInstant(span.until + PAID_WITHIN_MS),
      })) {
        const rows = await run<GroupRow>(
          sql`select store_id, operator_id, terminal_id, count(*) as count, sum(amount) as amount,
              sum(case when amount_received > 0 then amount - amount_received else 0 end)
                as discount
            from payments
            where app = ${app} and created_at >= ${from} and created_at < ${until}
              and status = 'succeeded' and paid_at >= ${span.from} and paid_at < ${span.until}
            group by store_id, operator_id, terminal_id`,
        )
        for (const row of rows) sums.addPayments(row)
      }
      for (const { from, until } of slices(span)) {
        const rows = await run<GroupRow>(
          sql`select store_id, operator_id, terminal_id, count(*) as count,
              sum(refund.amount) as amount, 0 as discount
            from refunds as refund join payments as payment on payment.id = refund.payment_id
            where payment.app = ${app} and succeeded_at >= ${from} and succeeded_at < ${until}
              and refund.status = 'succeeded'
            group by store_id, operator_id, terminal_id`,
        )
        for (const row of rows) sums.addRefunds(row)
      }
      return sums.groups
    },

    async firstSaleAt() {
      const [row] = await run<{ at: number }>(
        sql`select created_at as at from payments where app = ${app}
          order by created_at, id limit 1`,
      )
      return row === undefined ? null : toInstant(row.at)
    },

    async openReconciliation(reconciliation) {
      const { date, billType } = reconciliation
      await run(
        sql`insert into reconciliations (id, app, bill_type, bill_date, status, source, runs,
            rows_read, created_at, updated_at, next_try_at, leased_until)
          values (${reconciliation.id}, ${app}, ${billType}, ${date}, ${reconciliation.status},
            ${reconciliation.source}, 0, 0, ${reconciliation.createdAt},
            ${reconciliation.updatedAt}, ${reconciliation.nextTryAt}, 0)
          on conflict (app, bill_date, bill_type) do nothing`,
      )
      const [row] = await run<ReconciliationRow>(
        sql`select * from reconciliations
          where app = ${app} and bill_date = ${date} and bill_type = ${billType}`,
      )
      return fromReconciliation(row as ReconciliationRow)
    },

    async claimReconciliation(id, { token, ms }) {
      const [row] = await run<ReconciliationRow>(
        sql`update reconciliations
          set lease_token = ${token}, leased_until = ${database.now()} + ${sql.lit(ms)}
          where app = ${app} and id = ${id} and leased_until <= ${database.now()}
          returning *`,
      )
      return row === undefined ? undefined : fromReconciliation(row)
    },

    async renewReconciliation(id, { token, ms }) {
      const rows = await run(
        sql`update reconciliations set leased_until = ${database.now()} + ${sql.lit(ms)}
          where app = ${app} and id = ${id} and lease_token = ${token} returning id`,
      )
      return rows.length === 1
    },

    async saveReconciliation(reconciliation, { token, ms }, release, event = null) {
      const { result, failure } = reconciliation
      const isOurs = sql`app = ${app} and id = ${reconciliation.id} and lease_token = ${token}`
      const saved = sql`update reconciliations set
            status = ${reconciliation.status}, source = ${reconciliation.source},
            runs = ${reconciliation.runs}, bill_hash = ${reconciliation.billHash},
            rows_read = ${reconciliation.rowsRead},
            result = ${result === null ? null : JSON.stringify(result)},
            failure = ${failure === null ? null : JSON.stringify(failure)},
            updated_at = ${reconciliation.updatedAt}, finished_at = ${reconciliation.finishedAt},
            next_try_at = ${reconciliation.nextTryAt},
            leased_until = ${release ? sql`0` : sql`${database.now()} + ${sql.lit(ms)}`},
            lease_token = ${release ? null : token}
          where ${isOurs} returning id`
      if (event === null) return (await run(saved)).length === 1
      // Last, as it may give the lease back: until then the row is held.
      const held = sql`select id from reconciliations where ${isOurs}
        ${kind === 'postgresql' ? sql`for update` : sql``}`
      const isMade = sql`exists (select 1 from reconciliations where ${isOurs})`
      const statements = [held, ...tellEvent(database, event, isMade), saved]
      return (await atomically(statements)).at(-1)?.rows.length === 1
    },

    async findReconciliation(id) {
      const [row] = await run<ReconciliationRow>(
        sql`select * from reconciliations where app = ${app} and id = ${storable(id)}`,
      )
      return row === undefined ? undefined : fromReconciliation(row)
    },

    async listReconciliations({ limit, before, date }) {
      const rows = await run<ReconciliationRow>(
        sql`select * from reconciliations where app = ${app}
            ${date === undefined ? sql`` : sql`and bill_date = ${storable(date)}`}
            ${
              before === undefined
                ? sql``
                : sql`and (bill_date, bill_type) < (select bill_date, bill_type
                    from reconciliations where app = ${app} and id = ${storable(before)})`
            }
          order by bill_date desc, bill_type desc limit ${limit}`,
      )
      return rows.map(fromReconciliation)
    },

    async putDifferences(differences) {
      if (differences.length === 0) return
      await atomically(
        differences.map(
          (difference) => sql`insert into differences (id, app, bill_type, bill_date, code, status,
              out_trade_no, out_request_no, trade_no, payment_id, refund_id, bill_amount,
              local_amount, note, run, created_at, updated_at)
            values (${difference.id}, ${app}, ${difference.billType}, ${difference.date},
              ${difference.code}, ${difference.status}, ${storable(difference.outTradeNo)},
              ${storable(difference.outRequestNo)}, ${difference.tradeNo}, ${difference.paymentId},
              ${difference.refundId}, ${difference.billAmount}, ${difference.localAmount},
              ${difference.note}, ${difference.run}, ${difference.createdAt},
              ${difference.updatedAt})
            on conflict (id) do update set run = excluded.run,
              status = case when differences.status = 'resolved' then 'resolved'
                else excluded.status end,
              payment_id = excluded.payment_id, refund_id = excluded.refund_id,
              bill_amount = excluded.bill_amount,
              local_amount = excluded.local_amount, note = excluded.note,
              updated_at = excluded.updated_at`,
        ),
      )
    },

    async closeVanished(date, billType, current, now) {
      await run(
        sql`update differences set status = 'healed', updated_at = ${now},
            note = 'A later run did not find it any more.'
          where app = ${app} and bill_date = ${date} and bill_type = ${billType}
            and run < ${current} and status in ('open', 'waiting')`,
      )
    },

    async closeBilled(now) {
      await run(
        sql`update differences set status = 'healed', updated_at = ${now},
            note = 'The bill of another day has it.'
          where app = ${app} and status in ('open', 'waiting')
            and code in ('missing_remote', 'refund_missing_remote') and exists (
              select 1 from billed_elsewhen as elsewhen
              where elsewhen.app = ${app} and elsewhen.bill_type = differences.bill_type
                and elsewhen.out_trade_no = differences.out_trade_no
                and elsewhen.out_request_no = differences.out_request_no)`,
      )
      await run(
        sql`update reconciliations set status = 'balanced'
          where app = ${app} and status = 'differences' and not exists (
            select 1 from differences as difference
            where difference.app = reconciliations.app and difference.status = 'open'
              and difference.bill_date = reconciliations.bill_date
              and difference.bill_type = reconciliations.bill_type)`,
      )
    },

    async listDifferences({ limit, after: last, date, billType, statuses }) {
      const rows = await run<DifferenceRow>(
        sql`select * from differences where app = ${app}
            ${date === undefined ? sql`` : sql`and bill_date = ${storable(date)}`}
            ${billType === undefined ? sql`` : sql`and bill_type = ${billType}`}
            ${statuses === undefined ? sql`` : sql`and status in (${sql.join(statuses)})`}
            ${
              last === undefined
                ? sql``
                : sql`and (bill_date, id) > (select bill_date, id from differences
                    where app = ${app} and id = ${storable(last)})`
            }
          order by bill_date, id limit ${limit}`,
      )
      return rows.map(fromDifference)
    },

    async findDifference(id) {
      const [row] = await run<DifferenceRow>(
        sql`select * from differences where app = ${app} and id = ${storable(id)}`,
      )
      return row === undefined ? undefined : fromDifference(row)
    },

    async resolveDifference(id, { by, note, now }) {
      const [row] = await run<DifferenceRow>(
        sql`update differences set status = 'resolved', resolved_by = ${storable(by)},
            note = ${storable(note)}, updated_at = ${now}
          where app = ${app} and id = ${storable(id)} returning *`,
      )
      return row === undefined ? undefined : fromDifference(row)
    },

    async countDifferences(date, billType) {
      const rows = await run<{ status: DifferenceStatus; count: number }>(
        sql`select status, count(*) as count from differences
          where app = ${app} and bill_date = ${date} and bill_type = ${billType} group by status`,
      )
      const counts = { open: 0, waiting: 0, healed: 0, resolved: 0 }
      for (const { status, count } of rows) counts[status] = count
      return counts
    },

    async noteElsewhen(rows) {
      if (rows.length === 0) return
      await atomically(
        rows.map(
          (row) => sql`insert into billed_elsewhen
              (app, bill_type, out_trade_no, out_request_no, bill_date, local_date, amount)
            values (${app}, ${row.billType}, ${storable(row.outTradeNo)},
              ${storable(row.outRequestNo)}, ${row.billDate}, ${row.localDate}, ${row.amount})
            on conflict (app, bill_type, out_trade_no, out_request_no) do update
            set bill_date = excluded.bill_date, local_date = excluded.local_date,
              amount = excluded.amount`,
        ),
      )
    },

    async forgetElsewhen(date, billType) {
      await run(
        sql`delete from billed_elsewhen
          where app = ${app} and bill_date = ${date} and bill_type = ${billType}`,
      )
    },

    async elsewhenOf(date, billType) {
      const rows = await run<Selectable<BilledElsewhenTable>>(
        sql`select * from billed_elsewhen
          where app = ${app} and local_date = ${date} and bill_type = ${billType}
          union
          select * from billed_elsewhen
          where app = ${app} and bill_date = ${date} and bill_type = ${billType}`,
      )
      return rows.map((row) => ({
        billType: row.bill_type as BilledElsewhen['billType'],
        outTradeNo: row.out_trade_no,
        outRequestNo: row.out_request_no,
        billDate: row.bill_date,
        localDate: row.local_date,
        amount: toFen(row.amount),
      }))
    },
  }
}

const PAYMENT = sql.raw(
  'id, out_trade_no, trade_no, amount, amount_received, status, paid_at, duplicate_of, settlement, created_at',
)

interface LocalPaymentRow {
  readonly id: string
  readonly out_trade_no: string
  readonly trade_no: string | null
  readonly amount: number
  readonly amount_received: number | null
  readonly status: string
  readonly paid_at: number | null
  readonly duplicate_of: string | null
  readonly settlement: string | null
  readonly created_at: number
}

interface LocalRefundRow {
  readonly id: string
  readonly payment_id: string
  readonly out_request_no: string
  readonly amount: number
  readonly status: string
  readonly source: string
  readonly succeeded_at: number | null
}

interface GroupRow {
  readonly store_id: string | null
  readonly operator_id: string | null
  readonly terminal_id: string | null
  readonly count: number
  readonly amount: number | string
  /** What the merchant let off, as far as Alipay has said so. */
  readonly discount: number | string
}

type ReconciliationRow = Selectable<ReconciliationsTable>
type DifferenceRow = Selectable<DifferencesTable>

/** Adds up what slices bring. */
class GroupSums {
  readonly #groups = new Map<string, GroupTotals>()

  addPayments(row: GroupRow): void {
    this.#add(row, (group, count, amount, discount) => ({
      ...group,
      payments: group.payments + count,
      gross: toFen(group.gross + amount),
      discount: toFen(group.discount + discount),
      received: toFen(group.received + amount - discount),
    }))
  }

  addRefunds(row: GroupRow): void {
    this.#add(row, (group, count, amount) => ({
      ...group,
      refunds: group.refunds + count,
      refunded: toFen(group.refunded + amount),
      received: toFen(group.received - amount),
    }))
  }

  get groups(): GroupTotals[] {
    return [...this.#groups.values()]
  }

  #add(
    { store_id, operator_id, terminal_id, count, amount, discount }: GroupRow,
    change: (group: GroupTotals, count: number, amount: number, discount: number) => GroupTotals,
  ): void {
    const ids = {
      storeId: store_id ?? '',
      operatorId: operator_id ?? '',
      terminalId: terminal_id ?? '',
    }
    const key = JSON.stringify(ids)
    const group = this.#groups.get(key) ?? { ...ids, ...NO_TOTALS }
    // PostgreSQL's sums are of arbitrary precision, and come as text.
    this.#groups.set(key, change(group, count, Number(amount), Number(discount)))
  }
}

function slices({ from, until }: Span): Span[] {
  const all: Span[] = []
  for (let at: number = from; at < until; at += SLICE_MS) {
    all.push({ from: toInstant(at), until: toInstant(Math.min(until, at + SLICE_MS)) })
  }
  return all
}

function fromPayment(row: LocalPaymentRow, refunds: readonly LocalRefundRow[]): LocalPayment {
  return {
    id: row.id,
    outTradeNo: row.out_trade_no,
    tradeNo: row.trade_no,
    amount: toFen(row.amount),
    amountReceived: fen(row.amount_received),
    status: row.status,
    paidAt: instant(row.paid_at),
    duplicateOf: row.duplicate_of,
    settlement: row.settlement,
    createdAt: toInstant(row.created_at),
    refunds: refunds.map((refund) => fromRefund(refund, row)),
  }
}

function fromRefund(
  row: LocalRefundRow,
  payment: Pick<LocalPaymentRow, 'out_trade_no' | 'trade_no'>,
): LocalRefund {
  return {
    id: row.id,
    paymentId: row.payment_id,
    outTradeNo: payment.out_trade_no,
    outRequestNo: row.out_request_no,
    tradeNo: payment.trade_no,
    amount: toFen(row.amount),
    status: row.status,
    source: row.source,
    succeededAt: instant(row.succeeded_at),
  }
}

function fromReconciliation(row: ReconciliationRow): Reconciliation {
  return {
    id: row.id,
    billType: row.bill_type as Reconciliation['billType'],
    date: row.bill_date,
    status: row.status as Reconciliation['status'],
    source: row.source as Reconciliation['source'],
    runs: row.runs,
    billHash: row.bill_hash,
    rowsRead: row.rows_read,
    result: row.result === null ? null : fromResult(row.result),
    failure: row.failure === null ? null : (JSON.parse(row.failure) as Reconciliation['failure']),
    createdAt: toInstant(row.created_at),
    updatedAt: toInstant(row.updated_at),
    finishedAt: instant(row.finished_at),
    nextTryAt: instant(row.next_try_at),
  }
}

/** One that was written by an earlier version has fewer sums. */
function fromResult(text: string): ReconciliationResult {
  const result = JSON.parse(text) as ReconciliationResult
  return {
    ...result,
    bill: { ...NO_TOTALS, ...result.bill },
    groups: result.groups.map((group) => ({ ...NO_TOTALS, ...group })),
  }
}

function fromDifference(row: DifferenceRow): Difference {
  return {
    id: row.id,
    billType: row.bill_type as Difference['billType'],
    date: row.bill_date,
    code: row.code as Difference['code'],
    status: row.status as Difference['status'],
    outTradeNo: row.out_trade_no,
    outRequestNo: row.out_request_no,
    tradeNo: row.trade_no,
    paymentId: row.payment_id,
    refundId: row.refund_id,
    billAmount: fen(row.bill_amount),
    localAmount: fen(row.local_amount),
    note: row.note,
    run: row.run,
    resolvedBy: row.resolved_by,
    createdAt: toInstant(row.created_at),
    updatedAt: toInstant(row.updated_at),
  }
}

function fen(value: number | null): Fen | null {
  return value === null ? null : toFen(value)
}

function instant(value: number | null): Instant | null {
  return value === null ? null : toInstant(value)
}
