/**
 * Draws the plan of a seed. Each seed enables some faults and some people, so that some runs are
 * full of one thing and free of another, and what seldom comes together has themes of its own.
 *
 * @module
 */

import { toFen } from '../../src/alipay/index.ts'
import { faultCatalogue, type FaultScope } from '../../src/emulator/fault-catalogue.ts'
import type { FaultRequest } from '../../src/emulator/faults.ts'
import type { Settings } from '../../src/emulator/settings.ts'
import { CRASH_POINTS } from '../../src/payments/index.ts'
import { Draw } from './draw.ts'
import {
  BUYERS,
  CONSOLES,
  CRASHES_MIN,
  MERCHANTS,
  PAYMENTS_MIN,
  type MachinePlan,
  type Plan,
  type Theme,
  type Window,
} from './plan.ts'

/** What only the simulation's own latencies bring about, or what has no meaning without signatures. */
const NOT_USED: ReadonlySet<string> = new Set(['delay', 'certificate-rollover', 'before-answer'])

/** The faults of the emulator that a simulation uses. */
export const usedFaults = (scope: FaultScope): string[] =>
  faultCatalogue
    .filter((fault) => fault.scope === scope && !NOT_USED.has(fault.name))
    .map(({ name }) => name)

/** What a seed has in store. */
export function drawPlan(seed: number): Plan {
  const draw = new Draw(seed, 'plan')
  const theme = draw.weighted<Theme>({
    anything: 70,
    'late money': 12,
    'refused orders': 6,
    refunds: 12,
  })
  const plan = { ...drawAnything(seed, theme, draw), ...drawTheme(theme, draw) }
  if (plan.hasNotifyUrl) return plan
  // Nobody but a notification tells of money for an order whose code we never got.
  return { ...plan, buyers: plan.buyers.filter((habit) => habit !== SNEAKS) }
}

const SNEAKS = 'knows the code before the shop'

function drawAnything(seed: number, theme: Theme, draw: Draw): Plan {
  const variant = draw.chance(0.25) ? 'embedded' : 'shared'
  const nodes = variant === 'embedded' ? 2 : draw.int(2, 4)
  const breakMs = draw.int(240_000, 540_000)
  const isCalm = draw.chance(0.1)
  const some = (chance: number): boolean => !isCalm && draw.chance(chance)
  const windows = (chance: number): Window[] =>
    some(chance) ? drawWindows(draw, breakMs, nodes) : []
  const measuresClock = draw.chance(0.75)
  return {
    seed,
    theme,
    variant,
    nodes,
    machines: Array.from({ length: nodes }, () =>
      isCalm ? { skewMs: 0, steps: [] } : drawMachine(draw, breakMs, measuresClock),
    ),
    measuresClock,
    breakMs,
    rules: {
      fence: draw.chance(0.65) ? 'cancel' : 'close',
      firstQueryAfterMs: draw.pick([5_000, 5_000, 2_000, 10_000]),
      pollIntervalMs: draw.pick([5_000, 5_000, 5_000, 3_000, 10_000, 20_000]),
      latePayments: draw.pick(['default', 'accept', 'refund', 'hold']),
      duplicatePayments: draw.pick(['refund', 'hold']),
    },
    callsPerSecond: draw.chance(0.3) ? draw.int(2, 20) : undefined,
    concurrencyMax: draw.chance(0.2) ? draw.int(1, 4) : 256,
    hasNotifyUrl: draw.chance(0.85),
    ownSeller: draw.chance(0.4),
    settings: drawSettings(draw),
    faults: isCalm ? [] : drawFaults(draw),
    network: {
      refused: some(0.3) ? draw.fraction() * 0.1 : 0,
      slow: some(0.5) ? draw.fraction() * 0.2 : 0,
      doubled: some(0.3) ? draw.fraction() * 0.2 : 0,
      outages: windows(0.3),
    },
    store: { slow: windows(0.35), failing: windows(0.4), down: windows(0.3) },
    apiAnswerLost: some(0.4) ? draw.fraction() * 0.3 : 0,
    crashes: {
      atPoints: Array.from({ length: draw.int(1, 6) }, () => ({
        point:
          theme === 'late money' && draw.chance(0.2) ? 'before-settle' : draw.pick(CRASH_POINTS),
        spared: draw.ms(1, 16) - 1,
      })),
      atTimes: Array.from({ length: draw.int(CRASHES_MIN, 4) }, () =>
        draw.int(1_000, breakMs * 0.7),
      ),
      restartMsMost: draw.pick([2_000, 20_000, 120_000]),
    },
    pauses: {
      atTimes: some(0.5) ? Array.from({ length: draw.int(1, 4) }, () => draw.int(0, breakMs)) : [],
      beforeCancel: some(0.35) ? draw.fraction() * 0.5 : 0,
      duringCall: some(0.3) ? draw.fraction() * 0.03 : 0,
      mostMs: draw.pick([5_000, 40_000, 200_000]),
    },
    payments: draw.int(PAYMENTS_MIN, 28),
    buyers: subset(draw, BUYERS, 0.6),
    merchant: new Set(subset(draw, MERCHANTS, 0.5)),
    console: new Set(subset(draw, CONSOLES, 0.3)),
  }
}

/** What makes the theme likely, beside all that is drawn anyway. */
function drawTheme(theme: Theme, draw: Draw): Partial<Plan> {
  switch (theme) {
    case 'anything':
      return {}
    case 'late money':
      return {
        settings: { ...drawSettings(draw), late_scan: 'accepted' },
        buyers: ['pays after the end', 'pays after the end', 'never comes', 'pays at once'],
        merchant: new Set([
          'sells again after the end',
          'resolves reviews',
          ...subset(draw, MERCHANTS, 0.3),
        ]),
      }
    case 'refused orders':
      return {
        faults: [
          ...drawFaults(draw),
          { name: 'answer-lost', method: 'alipay.trade.precreate', probability: 0.6 },
        ],
        buyers: [SNEAKS, 'pays after the end', 'pays at once'],
        console: new Set(['is blocked', 'closes', ...subset(draw, CONSOLES, 0.2)]),
      }
    case 'refunds':
      return {
        faults: [
          ...drawFaults(draw),
          ...['answer-lost', 'request-lost', 'unknown-error-after', 'fund-change-n'].map(
            (name) => ({
              name,
              method: 'alipay.trade.refund',
              probability: draw.fraction() * 0.4,
            }),
          ),
          {
            name: 'refund-query-empty',
            probability: draw.fraction() * 0.4,
          },
        ],
        buyers: ['pays at once', 'pays while it is closed'],
        merchant: new Set([
          'refunds in part',
          'refunds all',
          'refunds more than there is',
          'retries refunds',
          ...subset(draw, MERCHANTS, 0.4),
        ]),
        console: new Set(['runs short', ...subset(draw, CONSOLES, 0.4)]),
      }
  }
}

/** Up to three spans of a second to a minute, of one node or of all. */
function drawWindows(draw: Draw, breakMs: number, nodes: number): Window[] {
  return Array.from({ length: draw.int(1, 3) }, () => {
    const fromMs = draw.int(0, breakMs)
    const node = draw.chance(0.6) ? draw.int(0, nodes - 1) : undefined
    return { fromMs, toMs: fromMs + draw.ms(1_000, 60_000), node }
  })
}

function drawMachine(draw: Draw, breakMs: number, measuresClock: boolean): MachinePlan {
  if (!measuresClock) return { skewMs: draw.pick([0, 0, 700, -700]), steps: [] }
  const steps = draw.chance(0.2)
    ? [{ atMs: draw.int(0, breakMs), byMs: draw.pick([600_000, -3_600_000, 4_000]) }]
    : []
  return { skewMs: draw.pick([0, 0, 0, 700, 30_000, -30_000, 600_000, -600_000]), steps }
}

function drawSettings(draw: Draw): Partial<Settings> {
  const effect = ['tombstone', 'no_effect'] as const
  return {
    unscanned_cancel: draw.pick(effect),
    unscanned_close: draw.pick(effect),
    late_scan: draw.chance(0.4) ? 'accepted' : 'refused',
    repeated_precreate: draw.pick(['new_code', 'same_code']),
    changed_precreate: draw.pick(['replaces', 'refused']),
    notify_scan: draw.chance(0.4),
    notify_close: draw.chance(0.4),
    notify_cancel_refund: draw.chance(0.8),
    immediate_resends: draw.chance(0.4),
    password_above: toFen(draw.pick([0, 1_000, 100_000])),
    paid_amounts: draw.chance(0.2) ? 'zero' : 'real',
    refund_query_after_ms: draw.pick([0, 0, 1_000, 15_000, 60_000]),
  }
}

function drawFaults(draw: Draw): FaultRequest[] {
  const rarely = draw.pick([0.02, 0.06, 0.15])
  const faults: FaultRequest[] = []
  for (const name of usedFaults('gateway')) {
    if (!draw.chance(0.25)) continue
    const probability = draw.fraction() * rarely
    const isFreshOnly = name === 'trade-not-exist' && draw.chance(0.7)
    const delay = isFreshOnly ? { delay_ms: draw.ms(1_000, 120_000), probability: 1 } : {}
    faults.push({ name, probability, ...delay })
  }
  for (const name of usedFaults('notification')) {
    if (draw.chance(0.3)) faults.push({ name, probability: draw.fraction() * 0.5 })
  }
  return faults
}

function subset<T>(draw: Draw, values: readonly T[], chance: number): T[] {
  return values.filter(() => draw.chance(chance))
}
