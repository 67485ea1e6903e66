/**
 * Metrics for Prometheus.
 *
 * @module
 * @see https://prometheus.io/docs/practices/naming/
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Instant } from '../alipay/index.ts'
import type { ObservedCall, PaymentCommit } from '../payments/index.ts'

/** What this process counts. */
export interface Metrics {
  /** A request that was answered. `route` is the pattern, never the address. */
  answered(request: {
    readonly method: string
    readonly route: string
    readonly status: number
    readonly seconds: number
  }): void
  /** A notification of Alipay's; `result` as in the log. */
  notified(result: string): void
  /** A call of the gateway that is over. */
  called(call: ObservedCall): void
  /** Events of a commit of this process, and where it was learned from. */
  committed(commit: PaymentCommit): void
  /** The end of a certificate. */
  certificateEnds(certificate: {
    readonly of: string
    readonly serialNumber: string
    readonly endsAt: Instant
  }): void
  /** How things stand, found out for who asks now. */
  stands(state: MeasuredState): void
  /** All of it in the text format. */
  text(): Promise<string>
  /** The format's media type. */
  readonly contentType: string
}

/** How things stand. */
export interface MeasuredState {
  /** Whether the database answers. */
  readonly storeUp: boolean
  /** Gateway less machine, in seconds; `undefined` before it was measured. */
  readonly clockOffsetSeconds: number | undefined
  /** What a person has to look at, by kind; all kinds, also those of which there is none. */
  readonly attention: Readonly<Record<string, number>>
  /** Webhook endpoints, by status; likewise. */
  readonly webhookEndpoints: Readonly<Record<string, number>>
  /** What was pruned, by kind. */
  readonly retention: readonly {
    readonly kind: string
    readonly rows: number
    /** Seconds since 1970; `null` before the first walk came to its end. */
    readonly finishedAtSeconds: number | null
  }[]
  /** Open differences between bills and books, by code; likewise. */
  readonly differences: Readonly<Record<string, number>>
  /** The newest reconciliations of the daily bill, of all applications; `undefined` for none. */
  readonly reconciled: ReconciledState | undefined
}

/** How far the books are reconciled. Of several applications: the one that is farthest behind. */
export interface ReconciledState {
  /** When the last day began that was compared. */
  readonly day: Instant
  /** Seconds since it was compared. */
  readonly ageSeconds: number
  /** How long that took, in seconds. */
  readonly durationSeconds: number
}

/** Begins to count. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const requests = new Counter({
    name: 'saoma_http_requests_total',
    help: 'Requests that were answered, by route and status.',
    labelNames: ['method', 'route', 'status'],
    registers,
  })
  const durations = new Histogram({
    name: 'saoma_http_request_duration_seconds',
    help: 'How long requests took, by route.',
    labelNames: ['method', 'route'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  })
  const notifications = new Counter({
    name: 'saoma_notifications_total',
    help: 'Notifications of Alipay, by what became of them.',
    labelNames: ['result'],
    registers,
  })
  const attention = new Gauge({
    name: 'saoma_attention',
    help: 'What a person has to look at, by kind; 100 of a kind stand for 100 or more.',
    labelNames: ['kind'],
    registers,
  })
  const clockOffset = new Gauge({
    name: 'saoma_clock_offset_seconds',
    help: 'The gateway’s clock less the machine’s: positive where the machine is behind.',
    registers,
  })
  const storeUp = new Gauge({
    name: 'saoma_store_up',
    help: 'Whether the database answers.',
    registers,
  })
  const endpoints = new Gauge({
    name: 'saoma_webhook_endpoints',
    help: 'Webhook endpoints, by status.',
    labelNames: ['status'],
    registers,
  })
  const pruned = new Gauge({
    name: 'saoma_pruned_rows',
    help: 'Rows that retention has pruned so far, by kind.',
    labelNames: ['kind'],
    registers,
  })
  const prunedAt = new Gauge({
    name: 'saoma_pruned_timestamp_seconds',
    help: 'When retention last came to its end, by kind.',
    labelNames: ['kind'],
    registers,
  })
  const calls = new Counter({
    name: 'saoma_gateway_calls_total',
    help: 'Calls of Alipay, by method, outcome and code.',
    labelNames: ['method', 'outcome', 'code'],
    registers,
  })
  const callDurations = new Histogram({
    name: 'saoma_gateway_call_duration_seconds',
    help: 'How long calls of Alipay took, by method.',
    labelNames: ['method'],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15],
    registers,
  })
  const events = new Counter({
    name: 'saoma_events_total',
    help: 'Events that this process has committed, by type.',
    labelNames: ['type'],
    registers,
  })
  const paid = new Counter({
    name: 'saoma_payments_paid_total',
    help: 'Payments that have succeeded, by where it was learned from.',
    labelNames: ['by'],
    registers,
  })
  const certificates = new Gauge({
    name: 'saoma_certificate_expiry_timestamp_seconds',
    help: 'When certificates end, those that are staged included.',
    labelNames: ['of', 'serial_number'],
    registers,
  })
  const differences = new Gauge({
    name: 'saoma_reconciliation_differences',
    help: 'Open differences between bills and books, by code; 100 stand for 100 or more.',
    labelNames: ['code'],
    registers,
  })
  const reconciledDay = new Gauge({
    name: 'saoma_reconciliation_day_timestamp_seconds',
    help: 'When the last day began whose bill was compared with the books.',
    registers,
  })
  const reconciledAge = new Gauge({
    name: 'saoma_reconciliation_age_seconds',
    help: 'How long ago that was.',
    registers,
  })
  const reconciledDuration = new Gauge({
    name: 'saoma_reconciliation_duration_seconds',
    help: 'How long that took.',
    registers,
  })
  return {
    called({ method, outcome, code, durationMs }) {
      calls.inc({ method, outcome, code })
      callDurations.observe({ method }, durationMs / 1000)
    },
    committed({ events: happened, timeline }) {
      for (const { type } of happened) events.inc({ type })
      if (!happened.some(({ type }) => type === 'payment.succeeded')) return
      paid.inc({ by: timeline.at(-1)?.source ?? 'engine' })
    },
    certificateEnds({ of, serialNumber, endsAt }) {
      certificates.set({ of, serial_number: serialNumber }, endsAt / 1000)
    },
    stands(state) {
      for (const { kind, rows, finishedAtSeconds } of state.retention) {
        pruned.set({ kind }, rows)
        if (finishedAtSeconds !== null) prunedAt.set({ kind }, finishedAtSeconds)
      }
      storeUp.set(state.storeUp ? 1 : 0)
      if (state.clockOffsetSeconds !== undefined) clockOffset.set(state.clockOffsetSeconds)
      for (const [kind, count] of Object.entries(state.attention)) attention.set({ kind }, count)
      for (const [status, count] of Object.entries(state.webhookEndpoints)) {
        endpoints.set({ status }, count)
      }
      for (const [code, count] of Object.entries(state.differences)) {
        differences.set({ code }, count)
      }
      if (state.reconciled === undefined) return
      reconciledDay.set(state.reconciled.day / 1000)
      reconciledAge.set(state.reconciled.ageSeconds)
      reconciledDuration.set(state.reconciled.durationSeconds)
    },
    answered({ method, route, status, seconds }) {
      requests.inc({ method, route, status })
      durations.observe({ method, route }, seconds)
    },
    notified: (result) => notifications.inc({ result }),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  }
}
