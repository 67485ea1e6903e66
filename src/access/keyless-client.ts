/**
 * The client of an application that has no keys yet: nothing is sent, and nothing is believed.
 *
 * @module
 */

import { KeyInvalid, NotificationInvalid, type AlipayClient } from '../alipay/index.ts'

/** Makes it; `outcome` of whatever it is asked for is `not_applied`. */
export function createKeylessClient(
  application: Pick<AlipayClient, 'appId' | 'gateway' | 'clock'>,
): AlipayClient {
  const message = `The application ${application.appId} has no keys in use: stage, verify and activate a credential.`
  const refuse = (): Promise<never> => Promise.reject(new KeyInvalid('empty', message))
  const disbelieve = (): never => {
    throw new NotificationInvalid('wrong_key', message)
  }
  return {
    ...application,
    trade: {
      precreate: refuse,
      query: refuse,
      cancel: refuse,
      close: refuse,
      refund: refuse,
      refundQuery: refuse,
      pay: refuse,
    },
    bill: { downloadUrl: refuse },
    execute: refuse,
    measureClock: refuse,
    verifyNotification: disbelieve,
    verifyServiceMessage: disbelieve,
    verifyReturnUrl: disbelieve,
    close: () => Promise.resolve(),
  }
}
