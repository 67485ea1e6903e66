/**
 * Metrics for Prometheus.
 *
 * @module
 * @see https://prometheus.io/docs/practices/naming/
 */
import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client'

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
  /** All of it in the text format. */
  text(): Promise<string>
  /** The format's media type. */
  readonly contentType: string
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
  return {
    answered({ method, route, status, seconds }) {
      requests.inc({ method, route, status })
      durations.observe({ method, route }, seconds)
    },
    notified: (result) => notifications.inc({ result }),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  }
}
