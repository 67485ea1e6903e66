/**
 * When a code, an unpaid trade and the time for refunds end.
 *
 * @module
 */

import { type Instant, addMs, formatBeijingDate, parseBeijingTime } from '../alipay/time.ts'
import type { Expiry, Order } from './records.ts'
import type { Settings } from './settings.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** One day, in milliseconds. */
export const DAY_MS = 24 * HOUR_MS

/** A QR code dies 2 hours after it was made, whatever the time-outs say. */
const CODE_LIFE_MS = 2 * HOUR_MS
/** The time-out of face-to-face payments that name none. */
const DEFAULT_TIMEOUT = '3h'

const EXPRESS = /^([1-9][0-9]{0,5})([mhd])$/
const UNIT_MS = { m: MINUTE_MS, h: HOUR_MS, d: DAY_MS }

/** Whether `text` is a relative time-out: `1m` to `15d`, or `1c`. */
export function isTimeoutExpress(text: string): boolean {
  if (text === '1c') return true
  const ms = expressMs(text)
  return ms !== undefined && ms <= 15 * DAY_MS
}

/** When a time-out that begins at `from` is over; `1c` is over at midnight in Beijing. */
function endOf(from: Instant, timeout: string): Instant {
  if (timeout === '1c')
    return addMs(parseBeijingTime(`${formatBeijingDate(from)} 00:00:00`), DAY_MS)
  return addMs(from, expressMs(timeout) ?? 0)
}

function expressMs(text: string): number | undefined {
  const match = EXPRESS.exec(text)
  return match === null ? undefined : Number(match[1]) * UNIT_MS[match[2] as 'm' | 'h' | 'd']
}

/** When a code that is made at `now` can be scanned no more. */
export function codeExpiry(expiry: Expiry, now: Instant, settings: Settings): Instant {
  const ends = [addMs(now, CODE_LIFE_MS)]
  if (expiry.qr_code_timeout_express !== undefined) {
    ends.push(endOf(now, expiry.qr_code_timeout_express))
  }
  if (expiry.time_expire !== undefined) {
    if (settings.late_scan === 'refused') ends.push(expiry.time_expire)
  } else if (settings.timeout_express_from === 'precreate') {
    ends.push(timeoutEnd(expiry, now))
  }
  return earliest(ends)
}

/**
 * When an unpaid trade is closed.
 *
 * @param times When the order was precreated, when its code was made (`undefined` for a barcode
 *   payment), and when the trade began.
 */
export function tradeExpiry(
  order: Order,
  times: {
    readonly precreated: Instant
    readonly codeMade?: Instant | undefined
    readonly created: Instant
  },
  settings: Settings,
): Instant {
  const { expiry } = order
  const from = settings.timeout_express_from === 'precreate' ? times.precreated : times.created
  // What could be scanned after its time can be paid too.
  const isLate = expiry.time_expire !== undefined && expiry.time_expire <= times.created
  const ends = [
    isLate ? timeoutEnd(expiry, from) : (expiry.time_expire ?? timeoutEnd(expiry, from)),
  ]
  if (expiry.qr_code_timeout_express !== undefined && times.codeMade !== undefined) {
    ends.push(endOf(times.codeMade, expiry.qr_code_timeout_express))
  }
  return earliest(ends)
}

function timeoutEnd(expiry: Expiry, from: Instant): Instant {
  return endOf(from, expiry.timeout_express ?? DEFAULT_TIMEOUT)
}

function earliest(times: readonly Instant[]): Instant {
  return times.reduce((first, time) => (time < first ? time : first))
}
