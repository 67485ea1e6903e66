/**
 * What holds at the end of every scenario, whatever went wrong in it: the invariants that can be
 * told from the store, from what was committed on the way, and from Alipay's ledger.
 *
 * @module
 */

import { addMs } from '../../src/alipay/index.ts'
import type {
  PaymentCommit,
  PaymentRecord,
  StoredEvent,
  TimelineEntry,
} from '../../src/payments/index.ts'
import type { Shop } from '../payments/shop.ts'

/** Looks for breaches, and tells each in a line; none is how it should be. */
export async function breaches(shop: Shop): Promise<string[]> {
  const events = await shop.books.eventsAfter(0, 100_000)
  const found: string[] = [...contents(shop.precreated), ...moneyTwice(shop), ...positions(events)]
  for (const record of await shop.records()) {
    const { id } = record.payment
    const commits = shop.commits.filter((commit) => commit.record.payment.id === id)
    const timeline = await shop.books.timeline(id)
    const ofPayment = events.filter(({ paymentId }) => paymentId === id)
    found.push(
      ...[
        ...versions(commits),
        ...ends(record, timeline),
        ...told(commits, ofPayment),
        ...numbered(ofPayment),
        ...due(record),
        ...explained(commits, timeline),
        ...secrets(shop, timeline, ofPayment),
      ].map((breach) => `${id}: ${breach}`),
    )
  }
  return found
}

/** Paid is final, and versions grow one by one. */
function versions(commits: readonly PaymentCommit[]): string[] {
  return commits.flatMap(({ record: { payment } }, index) => {
    const before = commits[index - 1]?.record.payment
    if (before === undefined) return payment.version === 1 ? [] : ['does not begin with version 1']
    return [
      ...(payment.version === before.version + 1 ? [] : [`version ${payment.version} is no next`]),
      ...(before.status === 'succeeded' && payment.status !== 'succeeded'
        ? [`succeeded became ${payment.status}`]
        : []),
    ]
  })
}

/** An end without money names its proof. */
function ends({ payment }: PaymentRecord, timeline: readonly TimelineEntry[]): string[] {
  return timeline
    .filter(({ from, to }) => from !== to && (to === 'expired' || to === 'canceled'))
    .filter((entry) => !isProof(entry, addMs(payment.expiresAt, 60_000)))
    .map(({ kind, at, to }) => `${to} at ${at} by ${kind}, which is no proof`)
}

function isProof({ kind, summary, at }: TimelineEntry, timeExpire: number): boolean {
  switch (kind) {
    case 'cancel_answered':
      return summary['action'] === 'close'
    case 'close_answered':
      return true
    case 'trade':
      return summary['tradeStatus'] === 'TRADE_CLOSED' && summary['paidAt'] === null
    case 'trade_not_exist':
      return at >= timeExpire
    default:
      return false
  }
}

/** One number has one content. */
function contents(precreated: readonly string[]): string[] {
  const byNumber = grouped([...new Set(precreated)], numberOf)
  return [...byNumber].flatMap(([number, texts]) =>
    texts.length === 1 ? [] : [`${number} was asked for with ${texts.length} contents`],
  )
}

function numberOf(text: string): string {
  return (JSON.parse(text) as { out_trade_no: string }).out_trade_no
}

/** A refund of one number is made once, and no more than was paid goes back. */
function moneyTwice(shop: Shop): string[] {
  return shop.emulator
    .ledger()
    .flatMap(({ out_trade_no, paid, refunded, refunds }) => [
      ...(refunded > paid ? [`${out_trade_no}: ${refunded} of ${paid} went back`] : []),
      ...(new Set(refunds.map((refund) => refund.out_request_no)).size === refunds.length
        ? []
        : [`${out_trade_no}: a number was refunded twice`]),
    ])
}

/** Whoever reads events by their position misses none. */
function positions(events: readonly StoredEvent[]): string[] {
  const ids = new Set(events.map(({ id }) => id))
  const isAscending = events.every((event, index) => {
    const before = events[index - 1]
    return before === undefined || before.position < event.position
  })
  return [
    ...(ids.size === events.length ? [] : ['two events have one id']),
    ...(isAscending ? [] : ['events are out of order']),
  ]
}

/** Each change of the status is told in the commit that makes it. */
function told(commits: readonly PaymentCommit[], events: readonly StoredEvent[]): string[] {
  const kept = new Set(events.map(({ id }) => id))
  return commits.flatMap(({ record: { payment }, events: ofCommit }, index) => {
    const before = commits[index - 1]?.record.payment.status
    const about = ofCommit.filter(({ refundId }) => refundId === undefined)
    return [
      ...(before !== payment.status && about.length === 0 ? [`${payment.status} is not told`] : []),
      ...ofCommit.filter(({ id }) => !kept.has(id)).map(({ type }) => `${type} is not kept`),
      ...about
        .filter(({ data }) => objectOf(data)['status'] !== payment.status)
        .map(({ type }) => `${type} shows another status than ${payment.status}`),
    ]
  })
}

function objectOf(data: string): Record<string, unknown> {
  return (JSON.parse(data) as { object: Record<string, unknown> }).object
}

/** The events of a payment, and those of a refund, are counted from 1 without a gap. */
function numbered(events: readonly StoredEvent[]): string[] {
  const byObject = grouped(events, ({ data }) => String(objectOf(data)['id']))
  return [...byObject].flatMap(([id, ofObject]) => {
    const numbers = ofObject.map(({ sequence }) => sequence)
    const isWhole = numbers.every((number, index) => number === index + 1)
    return isWhole ? [] : [`the events of ${id} are numbered ${numbers.join()}`]
  })
}

/** What is open has a next step. */
function due({ payment, refunds }: PaymentRecord): string[] {
  const isOpen = ['created', 'pending', 'closing'].includes(payment.status)
  return [
    ...((isOpen || payment.settlement === 'due') && payment.nextStepAt === null
      ? [`${payment.status} and never due`]
      : []),
    ...refunds
      .filter(({ status }) => ['pending', 'processing', 'requires_action'].includes(status))
      .filter(({ nextStepAt }) => nextStepAt === null)
      .map(({ id, status }) => `${id} is ${status} and never due`),
  ]
}

/** Each change of the status has its line, from the first one on. */
function explained(
  commits: readonly PaymentCommit[],
  timeline: readonly TimelineEntry[],
): string[] {
  const breaksOff = timeline.flatMap(({ from, to }, index) => {
    const before = timeline[index - 1]
    return (before === undefined ? null : before.to) === from
      ? []
      : [`the timeline goes from ${from} to ${to} after ${before?.to}`]
  })
  const unexplained = commits.flatMap(({ record: { payment } }, index) => {
    const before = commits[index - 1]?.record.payment.status ?? null
    if (before === payment.status) return []
    const isThere = timeline.some(
      ({ version, from, to }) =>
        version === payment.version && from === before && to === payment.status,
    )
    return isThere ? [] : [`no line says why it is ${payment.status}`]
  })
  return [...breaksOff, ...unexplained]
}

/** Nothing of the buyer is told to anybody. */
function secrets(
  shop: Shop,
  timeline: readonly TimelineEntry[],
  events: readonly StoredEvent[],
): string[] {
  const text = JSON.stringify([timeline, events])
  return shop.emulator.wallet
    .buyers()
    .flatMap(({ id, logon_id }) => [id, logon_id])
    .filter((secret) => text.includes(secret))
    .map((secret) => `${secret} of a buyer is told`)
}

function grouped<T>(things: readonly T[], nameOf: (thing: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const thing of things) {
    const name = nameOf(thing)
    groups.set(name, [...(groups.get(name) ?? []), thing])
  }
  return groups
}
