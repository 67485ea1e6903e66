/**
 * Live changes of one payment as Server-Sent Events: the present state first, then each change
 * after its commit, until the end.
 *
 * @module
 */
import type { PaymentRecord } from '../../payments/index.ts'
import { eventStream } from '../event-stream.ts'
import type { AppContext } from '../options.ts'
import { checkoutOf } from './checkout.ts'
import type { PageOptions } from './page-options.ts'

/**
 * Streams the events of a payment. Ends by itself after a final state, when the reader goes away,
 * and when the server stops.
 *
 * @param load Reads the payment as it is committed now.
 */
export function checkoutEvents(
  paymentId: string,
  load: () => Promise<PaymentRecord | undefined>,
  options: PageOptions,
  context: AppContext,
): ReadableStream<Uint8Array> {
  return eventStream(context.stopping, (sink) => {
    let version = -1
    let tag = ''
    const send = (record: PaymentRecord): void => {
      if (!sink.isOpen || record.payment.version < version) return
      version = record.payment.version
      const checkout = checkoutOf(record, options, context)
      if (checkout.tag !== tag) {
        tag = checkout.tag
        sink.send(checkout, tag)
      }
      if (checkout.final) sink.close()
    }
    // Before the first read, or a commit between the two would never be told.
    const unwatch = context.payments.watch(paymentId, send)
    const begin = async (): Promise<void> => {
      const record = await load()
      if (record) send(record)
    }
    begin().catch((error: unknown) => sink.fail(error))
    return unwatch
  })
}
