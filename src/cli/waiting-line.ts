/**
 * The line that moves while a payment is waited for: what is waited for, and the time that is left.
 *
 * @module
 */

import { spinner } from '@clack/prompts'
import { systemClock } from '../alipay/index.ts'
import type { ApiPayment } from './merchant-api.ts'

/** The line. */
export interface WaitingLine {
  show(payment: ApiPayment): void
  /** Takes it away, so that something lasting can be printed. */
  clear(): void
}

/** @param isLive Whether there is a terminal to move it in; without one there is no line. */
export function openWaitingLine(isLive: boolean): WaitingLine {
  if (!isLive) return { show: () => {}, clear: () => {} }
  let line: ReturnType<typeof spinner> | undefined
  return {
    show(payment) {
      const text = describe(payment)
      if (line === undefined) {
        line = spinner()
        line.start(text)
      } else {
        line.message(text)
      }
    },
    clear() {
      line?.clear()
      line = undefined
    },
  }
}

function describe({ status, scanned_at: scannedAt, expires_at: expiresAt }: ApiPayment): string {
  const seconds = Math.max(0, Math.ceil((Date.parse(expiresAt) - systemClock.now()) / 1_000))
  const left = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
  switch (status) {
    case 'pending':
      return scannedAt === null
        ? `waiting for a scan, ${left} left`
        : `the buyer is paying, ${left} left`
    case 'created':
      return 'asking Alipay'
    default:
      return 'fetching the proof of its end from Alipay'
  }
}
