/**
 * Live changes of one payment as Server-Sent Events: the present state first, then each change
 * after its commit, until the end.
 *
 * @module
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
import type { PaymentRecord } from '../../payments/index.ts'
import type { ServerContext } from '../options.ts'
import { checkoutOf } from './checkout.ts'
import type { Language } from './language.ts'

/** How often something is said, so that nothing in between takes the connection for dead. */
const KEEP_ALIVE_MS = 15_000

/**
 * Streams the events of a payment. Ends by itself after a final state, when the reader goes away,
 * and when the server stops.
 *
 * @param load Reads the payment as it is committed now.
 */
export function checkoutEvents(
  paymentId: string,
  load: () => Promise<PaymentRecord | undefined>,
  language: Language,
  context: ServerContext,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let end = () => {}
  return new ReadableStream({
    async start(controller) {
      let version = -1
      let tag = ''
      let open = true
      const say = (text: string) => controller.enqueue(encoder.encode(text))
      const send = (record: PaymentRecord) => {
        if (!open || record.payment.version < version) return
        version = record.payment.version
        const checkout = checkoutOf(record, language, context)
        if (checkout.tag !== tag) {
          tag = checkout.tag
          say(`id: ${tag}\ndata: ${JSON.stringify(checkout)}\n\n`)
        }
        if (checkout.final) close()
      }
      // Before the first read, or a commit between the two would never be told.
      const unwatch = context.payments.watch(paymentId, send)
      const keepAlive = setInterval(() => say(':\n\n'), KEEP_ALIVE_MS).unref()
      end = () => {
        open = false
        clearInterval(keepAlive)
        unwatch()
        context.stopping.removeEventListener('abort', close)
      }
      function close() {
        if (!open) return
        end()
        controller.close()
      }
      context.stopping.addEventListener('abort', close)
      if (context.stopping.aborted) return close()
      try {
        const record = await load()
        if (record) send(record)
      } catch (error) {
        if (!open) return
        end()
        controller.error(error)
      }
    },
    cancel: () => end(),
  })
}
