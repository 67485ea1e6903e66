/**
 * Small histories of a shop. Each passes certain named points at least twice, and goes on to its
 * end when the process dies at one of them.
 *
 * @module
 */
import { createClient, formatYuan, toFen } from '../../src/alipay/index.ts'
import type { CrashPoint } from '../../src/payments/index.ts'
import type { StoreCrashPoint } from '../../src/store/index.ts'
import type { WebhookCrashPoint } from '../../src/webhooks/index.ts'
import type { Installation, PaymentAnswer } from './installation.ts'
import type { Merchant } from './merchant.ts'

/** A history. */
export interface Story {
  /** Settings that it takes. */
  readonly env?: Readonly<Record<string, string>>
  /** Resolves when all has happened that people do; what follows may still be under way. */
  tell(merchant: Merchant, installation: Installation): Promise<void>
}

/** Where a process may die: see the lists of `src/payments`, `src/store` and `src/webhooks`. */
export type Point = CrashPoint | StoreCrashPoint | WebhookCrashPoint

/** Paid, and notified. */
const sold: Story = {
  async tell(merchant) {
    for (const reference of ['tea', 'cake']) {
      const payment = await merchant.sell({ reference })
      merchant.pay(payment)
      await merchant.until(payment, 'succeeded')
    }
  },
}

/** Paid, and Alipay's notifications go nowhere. */
const soldByAsking: Story = {
  async tell(merchant, { emulator }) {
    emulator.faults.add({ name: 'lost', probability: 1 })
    for (const reference of ['tea', 'cake']) {
      const payment = await merchant.sell({ reference })
      merchant.scan(payment)
      await merchant.untilScanned(payment)
      merchant.pay(payment)
      await merchant.until(payment, 'succeeded')
    }
  },
}

/** The buyer shows a code; where the till hears that nothing was taken, another one. */
const charged: Story = {
  async tell(merchant) {
    for (const reference of ['tea', 'cake']) await merchant.charge({ reference })
  },
}

/** Nobody pays: once the code was scanned, once not even that. */
const givenUp: Story = {
  async tell(merchant) {
    const scanned = await merchant.sell({ reference: 'tea', expiresIn: 60 })
    const unscanned = await merchant.sell({ reference: 'cake', expiresIn: 60 })
    merchant.scan(scanned)
    await merchant.until(scanned, 'expired', 10_000)
    await merchant.until(unscanned, 'expired', 10_000)
  },
}

/** The same with `alipay.trade.close`. */
const closed: Story = { ...givenUp, env: { SAOMA_FENCE: 'close' } }

/** Given back in parts, the last one in Alipay's own console. */
const refunded: Story = {
  async tell(merchant, installation) {
    const payment = await soldOnce(merchant)
    await merchant.untilRefunded(await merchant.refund(payment, 'sugar', 500))
    await merchant.untilRefunded(await merchant.refund(payment, 'milk', 300))
    await refundInConsole(installation, payment, 200)
    await merchant.untilRefundedInAll(payment, 1_000)
  },
}

/** Given back in parts, and what Alipay answers to it is lost. */
const refundedInDoubt: Story = {
  async tell(merchant, { emulator }) {
    emulator.settings.update({ notify_refund: false })
    const payment = await soldOnce(merchant)
    emulator.faults.add({ name: 'answer-lost', method: 'alipay.trade.refund', times: 2 })
    await merchant.untilRefunded(await merchant.refund(payment, 'sugar', 500))
    await merchant.untilRefunded(await merchant.refund(payment, 'milk', 300))
  },
}

/** Paid after the end: once it is kept, once another has paid the reference and it goes back. */
const paidLate: Story = {
  env: { SAOMA_DUPLICATE_PAYMENTS: 'refund' },
  async tell(merchant, { emulator }) {
    emulator.settings.update({ unscanned_cancel: 'no_effect', late_scan: 'accepted' })
    const tea = await merchant.sell({ reference: 'tea', expiresIn: 60 })
    const cake = await merchant.sell({ reference: 'cake', expiresIn: 60 })
    await merchant.until(tea, 'expired', 10_000)
    await merchant.until(cake, 'expired', 10_000)
    const again = await merchant.sell({ reference: 'cake' })
    merchant.pay(again)
    await merchant.until(again, 'succeeded')
    merchant.pay(tea)
    await merchant.until(tea, 'succeeded')
    merchant.pay(cake)
    await merchant.untilRefundedInAll(cake, cake.amount)
  },
}

/** The history that passes a point. */
export const STORIES: Readonly<Record<Point, Story>> = {
  'intent-stored': sold,
  claimed: soldByAsking,
  'before-precreate': sold,
  'precreate-answered': sold,
  'before-pay': charged,
  'pay-answered': charged,
  'before-query': soldByAsking,
  'query-answered': soldByAsking,
  'cancel-attempted': givenUp,
  'cancel-answered': givenUp,
  'before-close': closed,
  'close-answered': closed,
  'refund-stored': refunded,
  'refund-sent': refunded,
  'refund-answered': refunded,
  'before-refund-query': refundedInDoubt,
  'refund-query-answered': refundedInDoubt,
  'notification-verified': sold,
  'notification-committed': sold,
  'before-settle': paidLate,
  'store-before-commit': refunded,
  'store-after-commit': refunded,
  'delivery-claimed': sold,
  'delivery-sent': sold,
}

async function soldOnce(merchant: Merchant): Promise<PaymentAnswer> {
  const payment = await merchant.sell({ reference: 'tea' })
  merchant.pay(payment)
  return merchant.until(payment, 'succeeded')
}

/** Somebody at the merchant's gives money back past saoma. */
async function refundInConsole(
  { emulator: { baseUrl, credentials } }: Installation,
  payment: PaymentAnswer,
  amount: number,
): Promise<void> {
  const client = createClient({
    appId: credentials.app_id,
    privateKey: credentials.app_private_key,
    alipayPublicKey: credentials.alipay_public_key,
    gateway: `${baseUrl}/gateway.do`,
  })
  try {
    await client.trade.refund({
      out_trade_no: payment.alipay.out_trade_no,
      out_request_no: 'console_1',
      refund_amount: formatYuan(toFen(amount)),
    })
  } finally {
    await client.close()
  }
}
