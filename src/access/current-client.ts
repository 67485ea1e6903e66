/**
 * The client of an application whose keys may change while it runs: calls go out with the newest
 * keys, and what Alipay sends is believed by any that are valid.
 *
 * @module
 */

import { NotificationInvalid, type AlipayClient } from '../alipay/index.ts'

/** A client that others stand behind. */
export interface CurrentClient extends AlipayClient {
  /** From now on: the newest first; where there is none, the one that it began with. */
  use(clients: readonly AlipayClient[]): void
}

/**
 * Makes it.
 *
 * @param first The client of the configuration. It always verifies, and signs until there is a
 *   newer one. It is closed with this one; the others are their owner's.
 */
export function createCurrentClient(first: AlipayClient): CurrentClient {
  let newest: readonly AlipayClient[] = []
  const signing = (): AlipayClient => newest[0] ?? first
  const { trade } = first
  const verified =
    <Input extends readonly unknown[], Result>(
      verify: (client: AlipayClient, ...input: Input) => Result,
    ) =>
    (...input: Input): Result => {
      let refusal: unknown
      for (const client of [...newest, first]) {
        try {
          return verify(client, ...input)
        } catch (error) {
          if (!(error instanceof NotificationInvalid)) throw error
          refusal ??= error
        }
      }
      throw refusal
    }
  return {
    appId: first.appId,
    gateway: first.gateway,
    clock: first.clock,
    use(clients) {
      newest = clients
    },
    trade: {
      ...trade,
      precreate: (request, options) => signing().trade.precreate(request, options),
      query: (request, options) => signing().trade.query(request, options),
      cancel: (request, options) => signing().trade.cancel(request, options),
      close: (request, options) => signing().trade.close(request, options),
      refund: (request, options) => signing().trade.refund(request, options),
      refundQuery: (request, options) => signing().trade.refundQuery(request, options),
      pay: (request, options) => signing().trade.pay(request, options),
    },
    bill: { downloadUrl: (request, options) => signing().bill.downloadUrl(request, options) },
    execute: (method, request, options) => signing().execute(method, request, options),
    measureClock: () => signing().measureClock(),
    verifyNotification: verified((client, body: Uint8Array | string) =>
      client.verifyNotification(body),
    ),
    verifyServiceMessage: verified((client, body: Uint8Array | string) =>
      client.verifyServiceMessage(body),
    ),
    verifyReturnUrl: verified((client, url: string, ownParams?: readonly string[]) =>
      client.verifyReturnUrl(url, ownParams),
    ),
    close: () => first.close(),
  }
}
