/**
 * All that the engine writes about one payment, from the intent to the event that it is paid.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { createPayments } from 'saoma'
import { toFen } from 'saoma/alipay'
import { AMOUNT, createFakeGateway } from './fake-gateway.ts'
import { openPlace, type Place } from './place.ts'
import { Stamps } from './stamp.ts'
import { recordStatements, type Statement } from './tape.ts'

/** What was sent, and the way to make it the statements of others. */
export interface TapedPayment {
  readonly statements: readonly Statement[]
  readonly stamps: Stamps
}

/** Takes one payment all the way, on a place that is then left. */
export async function tapePayment(place: Place): Promise<TapedPayment> {
  const tape = await recordStatements(place.kind)
  const { store, close } = await openPlace(place)
  const payments = createPayments({
    store: store.payments,
    gateway: createFakeGateway({ trades: 'paid' }),
    rules: { firstQueryAfterMs: 1_000 },
  })
  tape.length = 0
  const { record } = await payments.create({
    amount: toFen(AMOUNT),
    subject: '美式咖啡',
    reference: 'the-order-of-the-tape',
  })
  while ((await payments.runDue()) === 0) await sleep(50)
  const statements = [...tape]
  await payments.stop()
  await close()
  const { id, outTradeNo, checkoutToken, reference } = record.payment
  const eventIds = JSON.stringify(statements).match(/evt_[0-9a-z]{26}/g) ?? []
  const ids = [id, outTradeNo, checkoutToken, reference ?? '', ...eventIds]
  return { statements, stamps: new Stamps([...new Set(ids)]) }
}
