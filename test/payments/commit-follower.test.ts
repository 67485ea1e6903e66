import { expect, onTestFinished, test } from 'vitest'
import { toFen } from '../../src/alipay/index.ts'
import { createPayments, type Gateway, type PaymentRecord } from '../../src/payments/index.ts'
import { openSqliteStore } from '../../src/store/index.ts'

const nobodyAnswers = (): Promise<never> => Promise.reject(new RangeError('Nobody answers'))

const gateway: Gateway = {
  appId: '2021000000000000',
  trade: {
    precreate: nobodyAnswers,
    pay: nobodyAnswers,
    query: nobodyAnswers,
    cancel: nobodyAnswers,
    close: nobodyAnswers,
    refund: nobodyAnswers,
    refundQuery: nobodyAnswers,
  },
}

test('a page that begins to watch in the moment in which another node commits is told of it', async () => {
  const store = await openSqliteStore(':memory:')
  // As on PostgreSQL where nobody can be heard: only reading helps.
  const shared = { ...store.payments, isShared: true, hear: () => () => {} }
  const [here, there] = [shared, shared].map((own) => createPayments({ store: own, gateway }))
  if (!here || !there) throw new Error('There are two nodes')
  onTestFinished(async () => {
    await here.stop()
    await store.close()
  })
  const { record } = await there.create({ amount: toFen(1_800), subject: '美式咖啡' })

  here.start()
  const told = new Promise<PaymentRecord>((resolve) => here.watch(record.payment.id, resolve))
  await there.cancel(record.payment.id)
  expect((await told).payment.status).toBe('closing')
})
