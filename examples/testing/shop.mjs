// What is tested: a shop that takes payments, and a notify address of its own.
import { createPayments } from 'saoma'
import { createClient } from 'saoma/alipay'

/** Makes the shop of a gateway, a database and a clock. */
export function openShop({ clientOptions, store, clock }) {
  const client = createClient({ ...clientOptions, clock })
  const payments = createPayments({ store: store.payments, gateway: client, clock })
  payments.start()
  return {
    order: (reference) => payments.create({ amount: 8888, subject: '美式咖啡', reference }),
    async statusOf(reference) {
      const [record] = await payments.listByReference(reference)
      return record?.payment.status
    },
    /** Answers Alipay's POST, given its raw body. */
    async notified(body) {
      try {
        await payments.acceptNotification(client.verifyNotification(body))
        return 'success'
      } catch {
        return 'fail'
      }
    },
    async close() {
      await payments.stop()
      await client.close()
    },
  }
}
