/**
 * The numbers that Alipay gives out, in its forms: trades, notifications, QR codes, payment codes,
 * traces.
 *
 * @module
 */

import { type Instant, formatBeijingTime } from '../alipay/time.ts'
import type { Random } from './random.ts'

/** Makes new numbers; each call gives another one. */
export interface Numbers {
  /** 28 digits: the day, `22001`, and 15 more. */
  tradeNo(now: Instant): string
  /** 34 digits: the day, `00222`, the time, and 15 more. */
  notifyId(now: Instant): string
  /** The last part of a QR text, such as `bax01234567890abcdefg`. */
  qrCode(): string
  /** 付款码: 18 digits that begin with 28. */
  paymentCode(): string
  /** 32 hexadecimal digits, for the header `trace_id`. */
  traceId(): string
}

/** @param random Where the digits come from. */
export function createNumbers(random: Random): Numbers {
  const draw = (alphabet: string, length: number) =>
    Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)]).join('')
  const digits = (length: number) => draw('0123456789', length)
  const day = (now: Instant) => formatBeijingTime(now).slice(0, 10).replaceAll('-', '')
  const time = (now: Instant) => formatBeijingTime(now).slice(11).replaceAll(':', '')
  return {
    tradeNo: (now) => `${day(now)}22001${digits(15)}`,
    notifyId: (now) => `${day(now)}00222${time(now)}${digits(15)}`,
    qrCode: () => `bax${draw('0123456789abcdefghijklmnopqrstuvwxyz', 17)}`,
    paymentCode: () => `28${digits(16)}`,
    traceId: () => draw('0123456789abcdef', 32),
  }
}
