/**
 * A table that years have filled: as many ended payments as asked for, made by the database from
 * one that the engine has made.
 *
 * @module
 */
import { openDirectly, type Place } from './place.ts'

/** Copies are made by so many, or the database would keep a million of them beside the table. */
const CHUNK = 100_000

/** What may not be the same twice, in SQL; `n` counts the copies. */
const OWN: Readonly<Record<string, string>> = {
  id: "'pay_ended' || n",
  out_trade_no: "'smended' || n",
  checkout_token: "'ended' || n",
  reference: "'ended-' || n",
  blocking_reference: "'ended-' || n",
  created_at: 'created_at - n',
}

/** What the n-th copy is called; it may or may not have been made. */
export function endedPayment(
  n: number,
): Record<'id' | 'outTradeNo' | 'checkoutToken' | 'reference', string> {
  return {
    id: `pay_ended${n}`,
    outTradeNo: `smended${n}`,
    checkoutToken: `ended${n}`,
    reference: `ended-${n}`,
  }
}

/** Copies the payment `id`, from copy number `from` to number `to`. */
export async function addEndedPayments(
  place: Place,
  id: string,
  from: number,
  to: number,
): Promise<void> {
  const { query, close } = await openDirectly(place)
  const columns =
    place.kind === 'sqlite'
      ? await query("select name from pragma_table_info('payments')")
      : await query(
          "select column_name as name from information_schema.columns where table_name = 'payments'",
        )
  const names = columns.map(({ name }) => String(name))
  for (let first = from; first <= to; first += CHUNK) {
    const last = Math.min(to, first + CHUNK - 1)
    await query(`
      with recursive copies(n) as (
        select ${first} union all select n + 1 from copies where n < ${last}
      )
      insert into payments (${names.join()})
      select ${names.map((name) => OWN[name] ?? name).join()}
      from payments cross join copies where id = '${id}'`)
  }
  // As autovacuum would have done it in the meantime.
  await query(
    place.kind === 'sqlite' ? 'pragma wal_checkpoint(truncate)' : 'vacuum analyze payments',
  )
  await close()
}
