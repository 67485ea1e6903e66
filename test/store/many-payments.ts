/**
 * A long list of payments, put into an open store beside it: what a shop has after some years.
 *
 * @module
 */
import { addMs } from '../../src/alipay/index.ts'
import type { OpenedStore } from './opened-stores.ts'
import { commitOf, lease, opening } from './payments-to-store.ts'

/** The payment in the middle, by everything that it may be looked for by. */
export interface Wanted {
  readonly id: string
  readonly outTradeNo: string
  readonly reference: string
  readonly tradeNo: string
  readonly amount: number
  readonly buyerLogonId: string
  readonly createdAt: number
}

/**
 * Puts `count` payments there, one a minute: all paid, but one in a thousand that was canceled and
 * the newest, which is open. Each has an amount and a buyer of its own.
 */
export async function putMany(
  { store, payments, query }: Pick<OpenedStore, 'store' | 'payments' | 'query'>,
  count: number,
): Promise<Wanted> {
  const held = lease()
  const open = { createdAt: addMs(opening, (count + 1) * MINUTE_MS) }
  await payments.insert(commitOf('pay_open', open, [], { release: held }), held)
  const isSqlite = store.kind === 'sqlite'
  const columns = isSqlite
    ? await query("select name from pragma_table_info('payments')")
    : await query(
        `select column_name as name from information_schema.columns
         where table_name = 'payments' order by ordinal_position`,
      )
  const own: Record<string, string> = {
    id: `'pay_' || i`,
    out_trade_no: `'sm_pay_' || i`,
    checkout_token: `'token_pay_' || i`,
    reference: `'A-' || i`,
    trade_no: `'2026112322001' || (${TAIL} + i)`,
    buyer_logon_id: `(1000 + i) || '***@example.com'`,
    amount: `${AMOUNT} + i`,
    created_at: `${opening} + i * ${MINUTE_MS}`,
    status: `case when i % 1000 = 7 then 'canceled' else 'succeeded' end`,
    paid_at: `${opening} + i * ${MINUTE_MS} + 9000`,
    next_step_at: 'null',
  }
  const names = columns.map(({ name }) => String(name))
  const numbers = isSqlite
    ? `(with recursive n(i) as (select 1 union all select i + 1 from n where i < ${count}) select i from n)`
    : `(select i from generate_series(1::bigint, ${count}) as i)`
  await query(
    `insert into payments (${names.join(', ')})
     select ${names.map((name) => own[name] ?? `payments.${name}`).join(', ')}
     from payments, ${numbers} as n where payments.id = 'pay_open'`,
  )
  return wantedAt(Math.floor(count / 2))
}

const MINUTE_MS = 60_000
const TAIL = 100_000_000
const AMOUNT = 1_000

function wantedAt(i: number): Wanted {
  return {
    id: `pay_${i}`,
    outTradeNo: `sm_pay_${i}`,
    reference: `A-${i}`,
    tradeNo: `2026112322001${TAIL + i}`,
    amount: AMOUNT + i,
    buyerLogonId: `${1000 + i}***@example.com`,
    createdAt: opening + i * MINUTE_MS,
  }
}
