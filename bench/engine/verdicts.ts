/**
 * Whether what was measured is what has to hold.
 *
 * @module
 */
import type { OpenPaymentsLevel } from './open-payments.ts'
import type { Report, StoreReport } from './report.ts'
import {
  GROWTH_MAX,
  OPEN_TARGETS,
  SIGNED_TARGET,
  THROUGHPUT_TARGETS,
  type Verdict,
} from './targets.ts'
import { perSecond } from './throughput.ts'

/** Judges each target. */
export function judge({ stores, scale }: Report): Verdict[] {
  return stores.flatMap((store) => [
    judgeThroughput(store, scale),
    judgeLevels(store, 'open', store.open, OPEN_TARGETS[store.kind], scale),
    judgeLevels(store, 'open, signed', store.signed, SIGNED_TARGET, scale),
    ...(['claimMs', 'rescheduleMs', 'listMs'] as const).map((what) => judgeGrowth(store, what)),
  ])
}

/** The most that are polled in time, of the levels that were tried. */
export function heldOf(levels: readonly OpenPaymentsLevel[], latenessMaxMs: number): number {
  const held = levels.filter(({ latenessMs }) => latenessMs.p99 <= latenessMaxMs)
  return held.at(-1)?.open ?? 0
}

function judgeThroughput({ kind, throughput }: StoreReport, scale: number): Verdict {
  const wanted = THROUGHPUT_TARGETS[kind]
  const reached = perSecond(throughput)
  return {
    target: `${kind}: ${count(wanted)} payments a second (scaled: ${count(Math.round(wanted * scale))})`,
    measured: count(Math.round(reached)),
    isMet: reached >= wanted,
    isMetScaled: reached >= wanted * scale,
  }
}

function judgeLevels(
  { kind }: StoreReport,
  what: string,
  levels: readonly OpenPaymentsLevel[],
  { open, latenessMaxMs }: { readonly open: number; readonly latenessMaxMs: number },
  scale: number,
): Verdict {
  const held = heldOf(levels, latenessMaxMs)
  const scaled = Math.round((open * scale) / 100) * 100
  return {
    target: `${kind}: ${count(open)} ${what}, p99 of lateness at most ${latenessMaxMs} ms (scaled: ${count(scaled)})`,
    measured: `${count(held)} held`,
    isMet: held >= open,
    isMetScaled: held >= scaled,
  }
}

const COSTS = {
  claimMs: 'a claim',
  rescheduleMs: 'a reschedule',
  listMs: 'a look for a reference',
}

function judgeGrowth(
  { kind, costPerPoll: { sizes } }: StoreReport,
  what: keyof typeof COSTS,
): Verdict {
  const [first, last] = [sizes[0], sizes.at(-1)]
  const growth = last && first ? last[what].p50 / first[what].p50 : Number.NaN
  const isMet = growth <= GROWTH_MAX[what]
  return {
    target: `${kind}: ${COSTS[what]} among ${count(last?.rows ?? 0)} rows at most ${GROWTH_MAX[what]} times one among ${count(first?.rows ?? 0)}`,
    measured: `${growth.toFixed(2)} times`,
    isMet,
    isMetScaled: isMet,
  }
}

function count(value: number): string {
  return value.toLocaleString('en')
}
