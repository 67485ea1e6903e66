/**
 * How things stand, for the metrics: asked of the engine at the moment that somebody wants to know.
 *
 * @module
 */
import { addMs, GatewayClock, type Clock } from '../alipay/index.ts'
import { StoreUnavailable } from '../payments/index.ts'
import { RETENTION_KIND_NAMES, type RetentionState } from '../retention/index.ts'
import type { MeasuredState } from './metrics.ts'
import type { ServedApp, ServerContext } from './options.ts'

/** Counted at the most, of each kind and application. */
const COUNTED_MAX = 100

/** A payment without a result is counted this long after its deadline, in milliseconds. */
const STUCK_MS = 300_000

/** Finds it out. A database that is away is a finding, and no failure. */
export async function measureState({ apps, clock }: ServerContext): Promise<MeasuredState> {
  const clockOffsetSeconds = offsetOf(clock)
  try {
    const each = await Promise.all(apps.list().map((app) => measureApp(app, clock)))
    const sum = (pick: (one: (typeof each)[number]) => number): number =>
      each.reduce((total, one) => total + pick(one), 0)
    return {
      storeUp: true,
      retention: summed(each.flatMap(({ retention }) => retention)),
      clockOffsetSeconds,
      attention: {
        payment_review: sum(({ reviews }) => reviews),
        payment_stuck: sum(({ stuck }) => stuck),
        refund_requires_action: sum(({ refunds }) => refunds),
        refund_hold: sum(({ holds }) => holds),
      },
      webhookEndpoints: {
        enabled: sum(({ enabled }) => enabled),
        disabled: sum(({ disabled }) => disabled),
      },
    }
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error
    return {
      storeUp: false,
      clockOffsetSeconds,
      attention: {},
      webhookEndpoints: {},
      retention: [],
    }
  }
}

/** Of all applications; the walk that is furthest behind tells the time. */
function summed(states: readonly RetentionState[]): MeasuredState['retention'] {
  return RETENTION_KIND_NAMES.flatMap((kind) => {
    const ofKind = states.filter((state) => state.kind === kind)
    if (ofKind.length === 0) return []
    const ends = ofKind.map(({ finishedAt }) => finishedAt)
    const isOver = ends.every((end) => end !== null)
    const rows = ofKind.reduce((sum, state) => sum + state.pruned, 0)
    return [{ kind, rows, finishedAtSeconds: isOver ? Math.min(...ends) / 1_000 : null }]
  })
}

async function measureApp({ payments, webhooks, retention }: ServedApp, clock: Clock) {
  const limit = COUNTED_MAX
  const [reviews, refunds, closing, hold, states, endpoints] = await Promise.all([
    payments.list({ limit, inReview: true }),
    payments.listRefunds({ limit, status: 'requires_action' }),
    payments.list({ limit, status: 'closing' }),
    payments.refundHold(),
    retention?.states() ?? [],
    webhooks?.endpoints.list() ?? [],
  ])
  const now = clock.now()
  const enabled = endpoints.filter(({ status }) => status === 'enabled').length
  return {
    retention: states,
    holds: hold?.liftedAt === null ? 1 : 0,
    reviews: reviews.length,
    refunds: refunds.length,
    stuck: closing.filter(({ payment }) => addMs(payment.expiresAt, STUCK_MS) < now).length,
    enabled,
    disabled: endpoints.length - enabled,
  }
}

function offsetOf(clock: Clock): number | undefined {
  return clock instanceof GatewayClock && clock.isMeasured ? clock.offsetMs / 1000 : undefined
}
