/**
 * What a long run must have met. A part of the engine, a fault or a habit that nothing has come by
 * is not tested, whatever the number of seeds.
 *
 * @module
 */

import { CRASH_POINTS } from '../../src/payments/index.ts'
import type { CoverageKind } from './coverage.ts'
import { usedFaults } from './draw-plan.ts'
import { BUYERS, CONSOLES, MERCHANTS } from './plan.ts'

/** From so many seeds on, what was never met fails the run. */
export const SEEDS_FOR_ALL = 500

/**
 * Changes that are possible and need too rare a coincidence to be asked for, or a history that a
 * simulation does not have, and why.
 */
export const NOT_ASKED_FOR: Readonly<Record<string, string>> = {
  'transition: failed to succeeded': 'a refused order has a code only if an answer was lost',
  'transition: failed to closing': 'the same, and it is seen before it is paid',
  'transition: created to expired': 'somebody else scans and closes it before we have its code',
  'refund: pending to succeeded': 'only after a restored backup',
  'refund: requires_action to succeeded': 'a refusal that was none',
  'refund: requires_action to failed': 'a refusal that cannot be mended follows one that can',
  'refund: processing to canceled': 'given up, then sent all the same and refused',
  'refund: failed to succeeded': 'a refusal that was none',
  'refund: canceled to succeeded': 'the same',
}

/** By kind, the names that must have been met at least once. */
export const EXPECTED: Readonly<Partial<Record<CoverageKind, readonly string[]>>> = {
  transition: [
    'born created',
    'created to pending',
    'created to failed',
    'created to closing',
    'created to succeeded',
    'pending to succeeded',
    'pending to closing',
    'pending to expired',
    'closing to succeeded',
    'closing to expired',
    'closing to canceled',
    'expired to succeeded',
    'expired to closing',
    'canceled to succeeded',
    'canceled to closing',
  ],
  refund: [
    'born api pending',
    'born policy pending',
    'born external succeeded',
    'born cancel succeeded',
    'pending to processing',
    'pending to canceled',
    'processing to succeeded',
    'processing to failed',
    'processing to requires_action',
    'requires_action to processing',
    'requires_action to canceled',
  ],
  event: [
    'payment.created',
    'payment.pending',
    'payment.scanned',
    'payment.closing',
    'payment.succeeded',
    'payment.succeeded_late',
    'payment.refunded_by_cancel',
    'payment.duplicate',
    'payment.expired',
    'payment.canceled',
    'payment.failed',
    'payment.review_required',
    'payment.review_resolved',
    'refund.created',
    'refund.processing',
    'refund.requires_action',
    'refund.succeeded',
    'refund.failed',
    'refund.canceled',
    'refund.external',
  ],
  crash: CRASH_POINTS,
  'gateway fault': usedFaults('gateway'),
  'notification fault': usedFaults('notification'),
  network: [
    'no connection',
    'request lost',
    'request doubled',
    'answer lost',
    'time-out',
    'withdrawn',
    'success of a notification lost',
  ],
  store: ['refused', 'lost before', 'lost after', 'slow'],
  clock: ['alarm skew', 'alarm step'],
  node: [
    'dies at some moment',
    'forgets leases',
    'pauses at some moment',
    'pauses between query and cancel',
    'pauses during a call',
    'pauses after a call',
  ],
  buyer: [...BUYERS, 'has paid'],
  merchant: [...MERCHANTS, 'loses an answer'],
  console: CONSOLES,
}
