/**
 * The referee: compares what really happened with the money (Alipay's ledger), what the merchant is
 * told when asking (the API), what is stored (payments, refunds, events) and what the merchant was
 * sent (the webhooks as they arrived). Says each difference in a line; none is how it should be.
 *
 * @module
 */
import { toInstant } from '../../src/alipay/index.ts'
import type { GatewayLogEntry, LedgerEntry } from '../../src/emulator/index.ts'
import { verifyWebhook } from '../../src/webhooks/index.ts'
import type { Delivery } from '../machines/webhook-sink.ts'
import type { EventRow, Installation, PaymentAnswer, RefundAnswer } from './installation.ts'

/** All that there is to compare. */
export interface Accounts {
  readonly ledger: readonly LedgerEntry[]
  /** The last calls of the gateway, oldest first. */
  readonly requests: readonly Pick<GatewayLogEntry, 'method' | 'out_trade_no'>[]
  readonly payments: readonly PaymentAnswer[]
  readonly refunds: readonly RefundAnswer[]
  /** What the cashier page of each payment shows. */
  readonly pages: ReadonlyMap<string, string>
  readonly events: readonly EventRow[]
  /** Webhooks that were answered with 200. */
  readonly deliveries: readonly Delivery[]
  readonly webhookSecret: string
}

/** What the merchant remembers, and must find again. */
export interface Acknowledged {
  /** Ids of payments that the API has named. */
  readonly payments: readonly string[]
  /** Ids of refunds that the API has named. */
  readonly refunds: readonly string[]
}

/** Collects the accounts of an installation of which a node runs. */
export async function collect(installation: Installation): Promise<Accounts> {
  const { api, read, emulator, sink, webhookSecret } = installation
  const payments: PaymentAnswer[] = []
  for (;;) {
    const last = payments.at(-1)
    const after = last === undefined ? '' : `&starting_after=${last.id}`
    const { body } = await api<{ data: PaymentAnswer[]; has_more: boolean }>(
      'GET',
      `/payments?limit=100${after}`,
    )
    payments.push(...body.data)
    if (!body.has_more) break
  }
  const refunds: RefundAnswer[] = []
  for (const { id } of await read<{ id: string }>('select id from refunds order by id')) {
    refunds.push((await api<RefundAnswer>('GET', `/refunds/${id}`)).body)
  }
  const pages = new Map<string, string>()
  for (const { id, checkout_url } of payments) {
    const response = await fetch(`${checkout_url}/status`)
    pages.set(id, ((await response.json()) as { state: string }).state)
  }
  const events = await read<EventRow>(
    'select id, payment_id, refund_id, type, sequence, data from events order by position',
  )
  return {
    ledger: emulator.ledger(),
    requests: emulator.requests(),
    payments,
    refunds,
    pages,
    events,
    deliveries: sink.deliveries,
    webhookSecret,
  }
}

/** Looks for differences, once everything is over. */
export function differences(accounts: Accounts, acknowledged: Acknowledged): string[] {
  return [
    ...forgotten(accounts, acknowledged),
    ...money(accounts),
    ...moneyBack(accounts),
    ...ends(accounts),
    ...shown(accounts),
    ...numbers(accounts),
    ...told(accounts),
    ...promises(accounts),
    ...cancels(accounts),
  ]
}

/** What the API has named once is there, and so is what Alipay has a trade of. */
function forgotten({ payments, refunds, ledger }: Accounts, acknowledged: Acknowledged): string[] {
  const known = new Set([...payments, ...refunds].map(({ id }) => id))
  const orders = new Set(payments.map(({ alipay }) => alipay.out_trade_no))
  return [
    ...[...acknowledged.payments, ...acknowledged.refunds]
      .filter((id) => !known.has(id))
      .map((id) => `${id} was acknowledged and is lost`),
    ...ledger
      .filter(({ out_trade_no }) => !orders.has(out_trade_no))
      .map(({ out_trade_no }) => `Alipay has a trade ${out_trade_no} that nobody here knows`),
  ]
}

/** Paid at Alipay, and succeeded here, are the same. */
function money({ payments, ledger }: Accounts): string[] {
  const trades = new Map(ledger.map((entry) => [entry.out_trade_no, entry]))
  return payments.flatMap(({ id, status, amount, alipay }) => {
    const trade = trades.get(alipay.out_trade_no)
    const paid = trade?.paid ?? 0
    if (status === 'succeeded') {
      return paid === amount ? [] : [`${id} is succeeded with ${amount}, and Alipay has ${paid}`]
    }
    const isOpen = trade?.status === 'WAIT_BUYER_PAY'
    return [
      ...(paid === 0 ? [] : [`${id} is ${status}, and the buyer has paid ${paid}`]),
      ...(isOpen ? [`${id} is ${status}, and the buyer can still pay its trade`] : []),
    ]
  })
}

/** Each refund has been made once, and each that was made is known. */
function moneyBack({ payments, refunds, ledger }: Accounts): string[] {
  const trades = new Map(ledger.map((entry) => [entry.out_trade_no, entry]))
  return payments.flatMap((payment) => {
    const trade = trades.get(payment.alipay.out_trade_no)
    const made = trade?.refunds ?? []
    const ours = refunds.filter(
      (refund) => refund.payment === payment.id && refund.status === 'succeeded',
    )
    const back = sum(made.map(({ amount }) => amount))
    return [
      ...(new Set(made.map(({ out_request_no }) => out_request_no)).size === made.length
        ? []
        : [`${payment.id}: Alipay has refunded a number twice`]),
      ...(back <= (trade?.paid ?? 0) ? [] : [`${payment.id}: more went back than was paid`]),
      ...(back === payment.amount_refunded && back === sum(ours.map(({ amount }) => amount))
        ? []
        : [
            `${payment.id}: Alipay has given back ${back}, the payment says ${payment.amount_refunded}, its refunds ${sum(ours.map(({ amount }) => amount))}`,
          ]),
      // What others have made may be known by its sum alone.
      ...ours
        .filter(({ source }) => source === 'api' || source === 'policy')
        .filter(
          ({ amount, alipay }) =>
            !made.some(
              (one) => one.out_request_no === alipay.out_request_no && one.amount === amount,
            ),
        )
        .map(({ id }) => `${id} is succeeded, and Alipay has not made it`),
    ]
  })
}

/** Everything has come to its end. */
function ends({ payments, refunds }: Accounts): string[] {
  const open = ['created', 'pending', 'closing', 'processing', 'requires_action']
  return [...payments, ...refunds]
    .filter(({ status }) => open.includes(status))
    .map(({ id, status }) => `${id} is still ${status}`)
}

/** The buyer's page tells the same as the API. */
function shown({ payments, pages }: Accounts): string[] {
  return payments.flatMap(({ id, status, amount, amount_refunded }) => {
    const paid = amount_refunded === amount ? 'refunded' : 'paid'
    const expected = status === 'succeeded' ? paid : status
    const page = pages.get(id)
    return page === expected ? [] : [`${id} is ${status}, and its page shows ${page}`]
  })
}

/** Events have ids and positions of their own, and count without a gap. */
function numbers({ events }: Accounts): string[] {
  const ids = new Set(events.map(({ id }) => id))
  const objects = new Map<string, number[]>()
  for (const event of events) {
    objects.set(objectOf(event), [...(objects.get(objectOf(event)) ?? []), event.sequence])
  }
  return [
    ...(ids.size === events.length ? [] : ['two events have the same id']),
    ...[...objects]
      .filter(([, sequences]) => sequences.some((sequence, index) => sequence !== index + 1))
      .map(([id, sequences]) => `the events of ${id} count ${sequences.join()}`),
  ]
}

/** Each event has arrived, as it is stored and rightly signed, and nothing else has. */
function told({ events, payments, refunds, deliveries, webhookSecret }: Accounts): string[] {
  const found: string[] = []
  const stored = new Map(events.map((event) => [event.id, event]))
  const arrived = new Set<string>()
  for (const { headers, body } of deliveries) {
    const at = toInstant(Number(headers['webhook-timestamp']) * 1_000)
    try {
      const webhook = verifyWebhook(body, headers, webhookSecret, { clock: { now: () => at } })
      const event = stored.get(webhook.id)
      if (event === undefined) found.push(`${webhook.id} was sent and is not stored`)
      else if (
        event.type !== webhook.type ||
        event.sequence !== webhook.sequence ||
        event.data !== JSON.stringify(webhook.data)
      ) {
        found.push(`${webhook.id} was sent otherwise than it is stored`)
      }
      arrived.add(webhook.id)
    } catch (error) {
      found.push(`a webhook cannot be verified: ${String(error)}`)
    }
  }
  for (const { id, type, payment_id } of events) {
    if (!arrived.has(id)) found.push(`${payment_id}: ${type} ${id} was never sent`)
  }
  for (const { id, status } of [...payments, ...refunds]) {
    const last = events.findLast((event) => objectOf(event) === id)
    if (last === undefined) found.push(`nothing was told of ${id}`)
    else if (statusIn(last) !== status) {
      found.push(`${id} is ${status}, and was last told to be ${statusIn(last)}`)
    }
  }
  return found
}

/** Told once that it is paid, and never that it was taken back by a cancel after that. */
function promises({ events, payments }: Accounts): string[] {
  return payments.flatMap(({ id, status }) => {
    const types = events
      .filter((event) => event.payment_id === id && event.refund_id === null)
      .map(({ type }) => type)
    const paid = types.filter((type) => PAID.has(type))
    return [
      ...(paid.length === (status === 'succeeded' ? 1 : 0)
        ? []
        : [`${id} is ${status}, and was told to be paid ${paid.length} times: ${paid.join()}`]),
      ...(types.filter((type) => type === 'payment.created').length === 1
        ? []
        : [`${id} was not told once to be created`]),
    ]
  })
}

/** No cancel without a query right before it. */
function cancels({ requests }: Accounts): string[] {
  return requests.flatMap(({ method, out_trade_no }, index) => {
    if (method !== 'alipay.trade.cancel') return []
    const before = requests.slice(0, index).findLast((call) => call.out_trade_no === out_trade_no)
    return before === undefined || before.method === 'alipay.trade.query'
      ? []
      : [`${out_trade_no} was canceled after ${before.method}`]
  })
}

/** The kinds of events that say that a payment is succeeded; each payment has one of them at most. */
const PAID: ReadonlySet<string> = new Set([
  'payment.succeeded',
  'payment.succeeded_late',
  'payment.refunded_by_cancel',
])

/** What an event is about. */
function objectOf({ payment_id, refund_id }: EventRow): string {
  return refund_id ?? payment_id
}

function statusIn({ data }: EventRow): string {
  return (JSON.parse(data) as { object: { status: string } }).object.status
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0)
}
