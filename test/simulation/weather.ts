/**
 * How things stand between the parts at a moment: what is slow, cut or failing, as the plan has it,
 * until all is healed.
 *
 * @module
 */

import type { Draw } from './draw.ts'
import type { Plan, Window } from './plan.ts'
import type { VirtualTime } from './virtual-time.ts'

/** What a call meets on its way to Alipay and back. */
export interface Passage {
  /** From the call to its first byte: the signature, a free connection. */
  readonly toSendMs: number
  readonly isRefused: boolean
  /** From the first byte to its effect; `undefined` where it never arrives. */
  readonly toEffectMs: number | undefined
  /** From the first effect to the second, where something in between has sent it twice. */
  readonly againMs: number | undefined
  /** From the effect to the answer; `undefined` where that is lost. */
  readonly backMs: number | undefined
}

/**
 * A call has its effect at most this long after it was sent, or never. What the engine assumes of a
 * cancel whose sender died is 10 s, of which 2 s may pass before it is sent.
 */
export const EFFECT_MAX_MS = 7_500

/** The state of the world between the parts. */
export class Weather {
  readonly #plan: Plan
  readonly #time: VirtualTime
  readonly #draw: Draw
  #isHealed = false

  constructor(plan: Plan, time: VirtualTime, draw: Draw) {
    this.#plan = plan
    this.#time = time
    this.#draw = draw
  }

  get isHealed(): boolean {
    return this.#isHealed
  }

  /** Ends all faults for good. */
  heal(): void {
    this.#isHealed = true
  }

  storeOf(node: number): 'ok' | 'slow' | 'failing' | 'down' {
    const { down, failing, slow } = this.#plan.store
    if (this.#isIn(down, node)) return 'down'
    if (this.#isIn(failing, node)) return 'failing'
    return this.#isIn(slow, node) ? 'slow' : 'ok'
  }

  /** What the next call of a node meets. */
  passage(node: number): Passage {
    const draw = this.#draw
    const { refused, slow, doubled, outages } = this.#plan.network
    const usual = { toSendMs: draw.int(0, 3), isRefused: false, againMs: undefined }
    const way = (): number => draw.int(2, 60)
    if (this.#isHealed) return { ...usual, toEffectMs: way(), backMs: way() }
    if (this.#isIn(outages, node)) {
      return draw.chance(0.3)
        ? { ...usual, isRefused: true, toEffectMs: undefined, backMs: undefined }
        : { ...usual, toEffectMs: draw.chance(0.3) ? way() : undefined, backMs: undefined }
    }
    const isSlow = draw.chance(slow)
    const toEffectMs = isSlow && draw.chance(0.5) ? draw.ms(50, EFFECT_MAX_MS) : way()
    const isDoubled = draw.chance(doubled)
    return {
      toSendMs: isSlow && draw.chance(0.3) ? draw.ms(50, 4_000) : draw.int(0, 3),
      isRefused: draw.chance(refused),
      toEffectMs,
      againMs: isDoubled ? Math.min(draw.ms(1, 2_000), EFFECT_MAX_MS - toEffectMs) : undefined,
      backMs: isSlow ? draw.ms(50, 20_000) : way(),
    }
  }

  #isIn(windows: readonly Window[], node: number): boolean {
    if (this.#isHealed) return false
    const nowMs = this.#time.elapsedMs
    return windows.some(
      ({ fromMs, toMs, node: only }) =>
        fromMs <= nowMs && nowMs < toMs && (only === undefined || only === node),
    )
  }
}
