/**
 * A process of its own that tells a receiver of one event, and is killed at a crash point on the
 * way: `dying-process.ts <database> <url> <point>`.
 *
 * @module
 */

import { systemClock } from '../../src/alipay/index.ts'
import { openSqliteStore } from '../../src/store/index.ts'
import { createWebhooks } from '../../src/webhooks/index.ts'
import { commitOf, event, lease } from '../store/payments-to-store.ts'

const [file = '', url = '', crashPoint = ''] = process.argv.slice(2)

const store = await openSqliteStore(file)
const webhooks = createWebhooks({
  store: store.webhooks,
  livemode: false,
  addresses: { allowPrivate: true },
  crashPoint(point) {
    if (point === crashPoint) process.kill(process.pid, 'SIGKILL')
  },
})
const { secret } = await webhooks.endpoints.create({ url })
const events = [event('pay_1', { id: 'evt_1', createdAt: systemClock.now() })]
await store.payments.insert(commitOf('pay_1', {}, [], { events }), lease())
console.log(secret.reveal())
await webhooks.runDue()
