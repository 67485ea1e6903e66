/**
 * What the calls, commits and notifications of this process are signs of. They are counted as they
 * come, and judged at each look of the watch; what is found stands until its opposite is seen.
 *
 * @module
 */

import type { Alarm } from '../alarms/index.ts'
import type { ObservedCall, PaymentCommit } from '../payments/index.ts'

/** The signs of one application. */
export interface Signs {
  noteCall(call: ObservedCall): void
  noteCommit(commit: PaymentCommit): void
  /** How calls have ended since it was asked last. */
  takeOutcomes(): { readonly unknown: number; readonly definite: number }
  /**
   * What stands now.
   *
   * @param about Tells what goes on now from what went on before, such as the hour.
   */
  standing(about: string): Alarm[]
}

/** Signatures that do not hold, and none that does, are no accident from so many on. */
const KEYS_WRONG_MIN = 3

/** So many payments in a row that nobody was notified of. */
const UNNOTIFIED_MIN = 20

/**
 * Begins to count.
 *
 * @param expectsNotifications Whether Alipay can be expected to send any: its sandbox sends none.
 */
export function createSigns({
  expectsNotifications,
}: {
  readonly expectsNotifications: boolean
}): Signs {
  let outcomes = { unknown: 0, definite: 0 }
  let unverified = 0
  let refusedKeys = 0
  let unnotified = 0
  /** Why Alipay takes no payment for this account, by its own word. */
  let restriction: string | null = null
  return {
    noteCall({ method, code, outcome, isVerified }) {
      outcomes[outcome === 'unknown' ? 'unknown' : 'definite'] += 1
      if (isVerified) unverified = 0
      else if (code === 'ERR_ALIPAY_SIGNATURE_INVALID') unverified += 1
      if (KEYS_REFUSED.test(code)) refusedKeys += 1
      else if (isVerified) refusedKeys = 0
      if (!TAKES_PAYMENTS.test(method)) return
      if (RESTRICTED.test(code)) restriction = code
      else if (outcome === 'applied') restriction = null
    },
    noteCommit({ events, timeline }) {
      if (!events.some(({ type }) => type === 'payment.succeeded')) return
      const sources = timeline.filter(({ kind }) => kind === 'trade').map(({ source }) => source)
      if (sources.includes('notification')) unnotified = 0
      else if (sources.includes('gateway')) unnotified += 1
    },
    takeOutcomes() {
      const taken = outcomes
      outcomes = { unknown: 0, definite: 0 }
      return taken
    },
    standing(about) {
      const found: Alarm[] = []
      if (unverified >= KEYS_WRONG_MIN) {
        found.push({ kind: 'keys_wrong', about: `answers:${about}`, text: UNVERIFIED })
      }
      if (refusedKeys >= KEYS_WRONG_MIN) {
        found.push({ kind: 'keys_wrong', about: `requests:${about}`, text: REFUSED })
      }
      if (restriction !== null) {
        const text = `${restriction}: 请登录支付宝商家平台查看 / see Alipay's merchant platform`
        found.push({ kind: 'account_restricted', about: `${restriction}:${about}`, text })
      }
      if (expectsNotifications && unnotified >= UNNOTIFIED_MIN) {
        const text = `最近 ${unnotified} 笔付款都靠查询得知，请运行 saoma doctor / the last payments were all found by asking: run saoma doctor`
        found.push({ kind: 'notifications_missing', about, text })
      }
      return found
    },
  }
}

const UNVERIFIED =
  '支付宝公钥可能填成了应用公钥，或证书属于另一个应用；期间付款没有结果，但不会丢失。请运行 saoma doctor / The Alipay public key may be your own application’s, or another application’s certificate. No payment has a result until it is right; none is lost. Run saoma doctor'

const REFUSED =
  '支付宝不接受应用的签名：应用私钥与开放平台上的应用公钥（或证书）不是一对，或 APPID 属于另一个应用。请运行 saoma doctor / Alipay does not take the application’s signature: the private key is not that of the public key or certificate in its console, or the APPID is another application’s. Run saoma doctor'

/** Refusals of who asks, not of what is asked. */
const KEYS_REFUSED = /^isv\.(?:invalid-signature|missing-signature-|invalid-app-id|\S*cert)/

const TAKES_PAYMENTS = /^alipay\.trade\.(?:precreate|pay)$/

/** Refusals that are about the account, whoever the buyer and whatever the sale. */
const RESTRICTED =
  /^ACQ\.(?:SELLER_BEEN_BLOCKED|ACCESS_FORBIDDEN|MERCHANT_PERM_RECEIPT_(?:SUSPEND|DAY)_LIMIT|BEYOND_PAY_RESTRICTION|BEYOND_PER_RECEIPT(?:_DAY)?_RESTRICTION|RESTRICTED_MERCHANT_INDUSTRY)$/
