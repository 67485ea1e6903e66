/**
 * Faults that are active now: named ones with conditions, and random ones from a seed.
 *
 * @module
 */

import { type FaultDescription, type FaultScope, faultCatalogue } from './fault-catalogue.ts'
import { randomFor } from './random.ts'

/** What to inject, and when. */
export interface FaultRequest {
  /** A name of the catalogue. */
  readonly name: string
  /** Only calls of this method. */
  readonly method?: string | undefined
  /** Only this order; for a fault of a bill, the row of this order or refund. */
  readonly out_trade_no?: string | undefined
  /**
   * How often it strikes: once by default; without end where `probability` is given, and for
   * `trade-not-exist` with `delay_ms`.
   */
  readonly times?: number | undefined
  /** How many matching calls or sends are spared first. */
  readonly after?: number | undefined
  /** From 0 to 1; always by default. */
  readonly probability?: number | undefined
  /** Milliseconds, for the faults that take time. */
  readonly delay_ms?: number | undefined
}

/** A fault that is waiting to strike. */
export interface ActiveFault extends FaultRequest {
  readonly id: string
  /** How often it has struck. */
  readonly struck: number
}

/** What happens to one call or one send. */
export interface Strike {
  readonly name: string
  readonly delay_ms?: number | undefined
  /** The order that the fault is for, where it names one. */
  readonly out_trade_no?: string | undefined
}

/** What a call or a send looks like to the faults. */
export interface Target {
  readonly method?: string | undefined
  readonly out_trade_no?: string | undefined
  /** How long the trade of a call has existed, in milliseconds; `undefined` where there is none. */
  readonly tradeAgeMs?: number | undefined
}

/** The faults of one emulator. */
export interface Faults {
  readonly catalogue: readonly FaultDescription[]
  active(): readonly ActiveFault[]
  /** The mode of random faults; `undefined` where it is off. */
  random(): RandomFaults | undefined
  /**
   * Has a fault strike.
   *
   * @throws {RangeError} If there is no fault of that name, or a number is out of range.
   */
  add(request: FaultRequest): ActiveFault
  /** Ends a fault; says whether there was one. */
  remove(id: string): boolean
  /** Ends all faults, random ones too. */
  clear(): void
  /** Faults with a probability, drawn from the seed and from what each call is, not by chance. */
  setRandom(random: RandomFaults | undefined): void
  /** The fault that strikes this call or send, if one does; it is counted. */
  strike(scope: FaultScope, target: Target, names?: readonly string[]): Strike | undefined
}

/** The mode of random faults. */
export interface RandomFaults {
  readonly seed: number
  /** From 0 to 1, for each call and for each send. */
  readonly probability: number
}

/** @param seed For faults that have a probability of their own. */
export function createFaults(seed: number): Faults {
  const active = new Map<string, { fault: ActiveFault; seen: number }>()
  /** How often each method was called for each order: the key of what happens to the next call. */
  const counts = new Map<string, number>()
  let random: RandomFaults | undefined
  let lastId = 0

  const strikeNamed = (scope: FaultScope, target: Target, names: readonly string[] | undefined) => {
    for (const entry of active.values()) {
      const { fault } = entry
      if (!matches(fault, scope, target, names)) continue
      entry.seen++
      if (entry.seen <= (fault.after ?? 0)) continue
      const { probability = 1 } = fault
      if (probability < 1 && randomFor(seed, `${fault.id} ${entry.seen}`)() >= probability) continue
      entry.fault = { ...fault, struck: fault.struck + 1 }
      if (entry.fault.struck >= (fault.times ?? defaultTimes(fault))) active.delete(fault.id)
      return { name: fault.name, delay_ms: fault.delay_ms, out_trade_no: fault.out_trade_no }
    }
    return undefined
  }

  const strikeRandom = (scope: FaultScope, target: Target) => {
    if (random === undefined) return undefined
    const key = `${scope} ${target.method} ${target.out_trade_no}`
    const count = (counts.get(key) ?? 0) + 1
    counts.set(key, count)
    const draw = randomFor(random.seed, `${key} ${count}`)
    if (draw() >= random.probability) return undefined
    const candidates = faultCatalogue.filter(
      (fault) => fault.random && fault.scope === scope && suits(fault, target.method),
    )
    const fault = candidates[Math.floor(draw() * candidates.length)]
    return fault === undefined ? undefined : { name: fault.name }
  }

  return {
    catalogue: faultCatalogue,
    active: () => [...active.values()].map(({ fault }) => fault),
    random: () => random,
    add(request) {
      check(request)
      const fault = { ...request, id: `fault_${++lastId}`, struck: 0 }
      active.set(fault.id, { fault, seen: 0 })
      return fault
    },
    remove: (id) => active.delete(id),
    clear() {
      active.clear()
      random = undefined
    },
    setRandom(value) {
      counts.clear()
      random = value
    },
    strike: (scope, target, names) =>
      strikeNamed(scope, target, names) ??
      (names === undefined ? strikeRandom(scope, target) : undefined),
  }
}

function matches(
  fault: FaultRequest,
  scope: FaultScope,
  target: Target,
  names: readonly string[] | undefined,
): boolean {
  const description = faultCatalogue.find(({ name }) => name === fault.name)
  if (description === undefined || description.scope !== scope) return false
  if (names === undefined ? SPECIAL.has(fault.name) : !names.includes(fault.name)) return false
  // A bill has rows of many orders: there it says which row is meant.
  const isOfAnother = fault.out_trade_no !== undefined && fault.out_trade_no !== target.out_trade_no
  if (isOfAnother && scope !== 'bill') return false
  if (fault.name === 'trade-not-exist' && !isFresh(fault, target)) return false
  if (target.method === undefined) return true
  if (fault.method !== undefined && fault.method !== target.method) return false
  return suits(description, target.method)
}

/** A trade that does not exist at all needs no fault to be missed. */
function isFresh(fault: FaultRequest, { tradeAgeMs }: Target): boolean {
  return tradeAgeMs !== undefined && tradeAgeMs < (fault.delay_ms ?? Infinity)
}

function defaultTimes(fault: FaultRequest): number {
  const isForAWhile = fault.name === 'trade-not-exist' && fault.delay_ms !== undefined
  return fault.probability !== undefined || isForAWhile ? Infinity : 1
}

/** Not drawn with the others: it is asked for by name, at the end of a call. */
const SPECIAL: ReadonlySet<string> = new Set(['before-answer'])

function suits(fault: FaultDescription, method: string | undefined): boolean {
  return fault.methods === undefined || method === undefined || fault.methods.includes(method)
}

function check(request: FaultRequest): void {
  if (!faultCatalogue.some(({ name }) => name === request.name)) {
    throw new RangeError(
      `There is no fault ${JSON.stringify(request.name)}; GET /_emulator/faults lists them all`,
    )
  }
  const { times = 1, after = 0, probability = 1, delay_ms = 0 } = request
  if (!Number.isInteger(times) || times < 1) throw new RangeError('times is 1 or more')
  if (!Number.isInteger(after) || after < 0) throw new RangeError('after is 0 or more')
  if (!(probability >= 0 && probability <= 1)) throw new RangeError('probability is from 0 to 1')
  if (!Number.isInteger(delay_ms) || delay_ms < 0) throw new RangeError('delay_ms is 0 or more')
}
