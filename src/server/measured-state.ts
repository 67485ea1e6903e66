/**
 * How things stand, for the metrics: asked of the engine at the moment that somebody wants to know.
 *
 * @module
 */
import { GatewayClock, type Clock } from '../alipay/index.ts'
import { ALARM_KINDS } from '../alarms/index.ts'
import { dayOf, DIFFERENCE_CODES, type Books } from '../books/index.ts'
import { StoreUnavailable } from '../payments/index.ts'
import { RETENTION_KIND_NAMES, type RetentionState } from '../retention/index.ts'
import { needingAttention } from './attention.ts'
import type { MeasuredState, ReconciledState } from './metrics.ts'
import type { ServedApp, ServerContext } from './options.ts'

/** Counted at the most, of each kind and application. */
const COUNTED_MAX = 100

/** Finds it out. A database that is away is a finding, and no failure. */
export async function measureState(context: ServerContext): Promise<MeasuredState> {
  const clockOffsetSeconds = offsetOf(context.clock)
  try {
    const each = await Promise.all(context.apps.list().map((app) => measureApp(context, app)))
    const reconciled = each.flatMap((one) => one.reconciled ?? [])
    return {
      storeUp: true,
      retention: pruned(each.flatMap(({ retention }) => retention)),
      clockOffsetSeconds,
      attention: summed(each.map(({ attention }) => attention)),
      webhookEndpoints: summed(each.map(({ webhookEndpoints }) => webhookEndpoints)),
      differences: summed(each.map(({ differences }) => differences)),
      reconciled: reconciled.toSorted((a, b) => a.day - b.day)[0],
    }
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error
    return {
      storeUp: false,
      clockOffsetSeconds,
      attention: {},
      webhookEndpoints: {},
      retention: [],
      differences: {},
      reconciled: undefined,
    }
  }
}

async function measureApp(context: ServerContext, app: ServedApp) {
  const [found, hold, retention, endpoints, reconciled] = await Promise.all([
    needingAttention(context, app, COUNTED_MAX),
    app.payments.refundHold(),
    app.retention?.states() ?? [],
    app.webhooks?.endpoints.list() ?? [],
    app.books && lastReconciled(app.books, context.clock),
  ])
  const ofStatus = (status: string): number =>
    endpoints.filter((endpoint) => endpoint.status === status).length
  const standing = STANDING_KINDS.map((kind) => {
    return [kind, found.standing.filter((alarm) => alarm.kind === kind).length] as const
  })
  return {
    retention,
    attention: {
      payment_review: found.reviews.length,
      payment_stuck: found.stuck.length,
      refund_requires_action: found.waiting.length,
      refund_stuck: found.stuckRefunds.length,
      refund_request: found.requests.length,
      refund_hold: hold?.liftedAt === null ? 1 : 0,
      reconciliation_difference: found.differences.length,
      bill_late: found.lateBills.length,
      webhook_disabled: found.disabledEndpoints.length,
      ...Object.fromEntries(standing),
    },
    webhookEndpoints: {
      enabled: ofStatus('enabled'),
      disabled: ofStatus('disabled'),
      failing: endpoints.filter(({ status, failingSince }) => {
        return status === 'enabled' && failingSince !== null
      }).length,
    },
    differences: Object.fromEntries(
      DIFFERENCE_CODES.map((code) => {
        return [code, found.differences.filter((difference) => difference.code === code).length]
      }),
    ),
    reconciled,
  }
}

/** What the watch may find, beside payments and the like, which are counted as they are. */
const STANDING_KINDS = Object.keys(ALARM_KINDS).filter((kind) =>
  /^(?:gateway|keys?|account|notifications|clock)_/.test(kind),
)

/** Reconciliations of a week, of both types of bills. */
const RECENT = 20

async function lastReconciled(books: Books, clock: Clock): Promise<ReconciledState | undefined> {
  const recent = await books.list({ limit: RECENT })
  const last = recent.find(({ billType, result }) => billType === 'trade' && result !== null)
  if (last === undefined || last.finishedAt === null) return undefined
  return {
    day: dayOf(last.date).from,
    ageSeconds: (clock.now() - last.finishedAt) / 1000,
    durationSeconds: (last.result?.durationMs ?? 0) / 1000,
  }
}

/** Of all applications; the walk that is furthest behind tells the time. */
function pruned(states: readonly RetentionState[]): MeasuredState['retention'] {
  return RETENTION_KIND_NAMES.flatMap((kind) => {
    const ofKind = states.filter((state) => state.kind === kind)
    if (ofKind.length === 0) return []
    const ends = ofKind.map(({ finishedAt }) => finishedAt)
    const isOver = ends.every((end) => end !== null)
    const rows = ofKind.reduce((sum, state) => sum + state.pruned, 0)
    return [{ kind, rows, finishedAtSeconds: isOver ? Math.min(...ends) / 1_000 : null }]
  })
}

function summed(each: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const one of each) {
    for (const [name, count] of Object.entries(one)) sums[name] = (sums[name] ?? 0) + count
  }
  return sums
}

function offsetOf(clock: Clock): number | undefined {
  return clock instanceof GatewayClock && clock.isMeasured ? clock.offsetMs / 1000 : undefined
}
