/**
 * Many sales at a time, each with a fate that is drawn: what merchants and buyers do with a
 * cluster, whatever happens to it.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom, type Random } from '../../src/emulator/random.ts'
import type { Installation, PaymentAnswer } from '../crash/installation.ts'
import type { Merchant } from '../crash/merchant.ts'

/** How much is sold. */
export interface LoadOptions {
  readonly seed: number
  readonly sales: number
  /** In which they begin, in real time. */
  readonly overMs: number
  /** Seconds that buyers are given, at the most. Default 240. */
  readonly expiresInMax?: number
}

/** What has become of it so far. */
export interface LoadCounts {
  /** Sales of which a code was shown. */
  sold: number
  scanned: number
  paid: number
  /** Buyers who were told that it is too late. */
  turnedAway: number
  canceled: number
  refunds: number
  /** Sales that had ended before their code was there. */
  missed: number
}

/**
 * Sells. Resolves when all that people do is done.
 *
 * @throws {AggregateError} If the merchant was told what cannot be.
 */
export async function sellMuch(
  installation: Installation,
  merchant: Merchant,
  { seed, sales, overMs, expiresInMax = 240 }: LoadOptions,
): Promise<LoadCounts> {
  const counts = { sold: 0, scanned: 0, paid: 0, turnedAway: 0, canceled: 0, refunds: 0, missed: 0 }
  const results = await Promise.allSettled(
    Array.from({ length: sales }, async (_, index) => {
      const random = createRandom(seed * 10_007 + index)
      await sleep(random() * overMs)
      const expiresIn = 60 + Math.floor(random() * (expiresInMax - 59))
      const sale = { reference: `sale ${index}`, amount: 100 + index, expiresIn }
      await sellOne({ installation, merchant, counts, random }, sale)
    }),
  )
  const failures = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason as unknown] : [],
  )
  if (failures.length > 0) throw new AggregateError(failures, failures.map(String).join('\n'))
  return counts
}

interface SaleContext {
  readonly installation: Installation
  readonly merchant: Merchant
  readonly counts: LoadCounts
  readonly random: Random
}

/** Buyers think this long at the most, in real time. */
const THINKING_MS = 2_000

async function sellOne(
  { installation, merchant, counts, random }: SaleContext,
  sale: { readonly reference: string; readonly amount: number; readonly expiresIn: number },
): Promise<void> {
  const payment = await merchant.sell({ ...sale, orItsEnd: true })
  if (payment.next_action === null) {
    counts.missed++
    return
  }
  counts.sold++
  const fate = random()
  if (fate < 0.08) return
  await sleep(random() * THINKING_MS)
  const tradeNo = merchant.tryScan(payment)
  if (tradeNo === undefined) {
    counts.turnedAway++
    return
  }
  counts.scanned++
  if (fate < 0.16) return
  if (fate < 0.24) {
    const canceling = cancel(installation, payment)
    if (random() < 0.5) pay(merchant, counts, tradeNo)
    await canceling
    counts.canceled++
    return
  }
  await sleep(random() * THINKING_MS)
  if (!pay(merchant, counts, tradeNo) || random() < 0.5) return
  const now = await merchant.untilEnded(payment)
  // Taken back by a cancel in the moment in which it was paid.
  if (now.status !== 'succeeded' || now.amount_refunded > 0) return
  for (const part of ['a', 'b', 'c'].slice(0, 1 + Math.floor(random() * 3))) {
    const amount = Math.max(1, Math.floor(sale.amount / 4))
    await merchant.refund(payment, `${sale.reference} ${part}`, amount)
    counts.refunds++
  }
}

function pay(merchant: Merchant, counts: LoadCounts, tradeNo: string): boolean {
  const isPaid = merchant.payScanned(tradeNo) === 'paid'
  if (isPaid) counts.paid++
  else counts.turnedAway++
  return isPaid
}

/** Until somebody has answered. */
async function cancel({ api }: Installation, { id }: PaymentAnswer): Promise<void> {
  const { status } = await api('POST', `/payments/${id}/cancel`, {})
  if (![200, 202, 409].includes(status)) throw new Error(`The cancel was answered ${status}`)
}
