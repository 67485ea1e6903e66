/**
 * What is decided before a simulation begins: which rules hold, which faults and which people there
 * are.
 *
 * @module
 */

import type { CrashPoint, PaymentRules } from '../../src/payments/index.ts'
import type { FaultRequest } from '../../src/emulator/faults.ts'
import type { Settings } from '../../src/emulator/settings.ts'

/** How a buyer goes about it. */
export type BuyerHabit =
  | 'pays at once'
  | 'pays in the last second'
  | 'pays as Alipay’s time ends'
  | 'pays while it is closed'
  | 'pays while the cancel is on its way'
  | 'never comes'
  | 'scans and leaves'
  | 'pays after the end'
  | 'pays when the page says expired'
  | 'two phones'
  | 'has too little money'
  | 'knows the code before the shop'

/** What a merchant does beside selling. */
export type MerchantHabit =
  | 'without reference'
  | 'own out_trade_no'
  | 'scans payment codes'
  | 'creates twice at once'
  | 'creates again after a while'
  | 'creates with other content'
  | 'sells again after the end'
  | 'cancels'
  | 'refunds in part'
  | 'refunds all'
  | 'refunds more than there is'
  | 'refunds again after a while'
  | 'retries refunds'
  | 'cancels refunds'
  | 'resolves reviews'
  | 'syncs'

/** What somebody does in Alipay's own console. */
export type ConsoleHabit =
  'refunds in part' | 'refunds all' | 'refunds all at once' | 'closes' | 'runs short' | 'is blocked'

/** What a simulation has more of than of anything else. */
export type Theme = 'anything' | 'late money' | 'refused orders' | 'refunds'

/** How one node's machine is. */
export interface MachinePlan {
  /** How far its clock is wrong at the start. */
  readonly skewMs: number
  /** When it is set, and by how much. */
  readonly steps: readonly { readonly atMs: number; readonly byMs: number }[]
}

/** All that is decided beforehand. */
export interface Plan {
  readonly seed: number
  readonly theme: Theme
  /**
   * `shared`: several nodes on one database, where leases of a dead one end by themselves;
   * `embedded`: one node at a time, whose store forgets leases when the next one opens it.
   */
  readonly variant: 'shared' | 'embedded'
  readonly nodes: number
  readonly machines: readonly MachinePlan[]
  /**
   * Whether a node asks the gateway for the time before it takes up work, as `saoma serve` does for
   * real money. Without it clocks are kept right by other means, to less than a second.
   */
  readonly measuresClock: boolean
  /** For how long things are broken. */
  readonly breakMs: number
  readonly rules: Partial<PaymentRules>
  readonly callsPerSecond: number | undefined
  readonly concurrencyMax: number
  readonly hasNotifyUrl: boolean
  readonly ownSeller: boolean
  readonly settings: Partial<Settings>
  readonly faults: readonly FaultRequest[]
  readonly network: {
    /** Chances of a call: that there is no connection, that it takes long, that it comes twice. */
    readonly refused: number
    readonly slow: number
    readonly doubled: number
    /** Minutes in which nothing comes through. */
    readonly outages: readonly Window[]
  }
  readonly store: {
    readonly slow: readonly Window[]
    readonly failing: readonly Window[]
    readonly down: readonly Window[]
  }
  /** The chance that the merchant never gets an answer of our API. */
  readonly apiAnswerLost: number
  readonly crashes: {
    /** Points at which whoever comes by dies, after so many others were spared. */
    readonly atPoints: readonly { readonly point: CrashPoint; readonly spared: number }[]
    readonly atTimes: readonly number[]
    readonly restartMsMost: number
  }
  readonly pauses: {
    readonly atTimes: readonly number[]
    readonly beforeCancel: number
    readonly duringCall: number
    readonly mostMs: number
  }
  readonly payments: number
  readonly buyers: readonly BuyerHabit[]
  readonly merchant: ReadonlySet<MerchantHabit>
  readonly console: ReadonlySet<ConsoleHabit>
}

/** A span of time, for one node or for all. */
export interface Window {
  readonly fromMs: number
  readonly toMs: number
  /** The number of the node; `undefined` for all. */
  readonly node: number | undefined
}

/** The least that there is in each run. */
export const PAYMENTS_MIN = 20
/** The least that there is in each run. */
export const REFUNDS_MIN = 10
/** The least that there is in each run. */
export const CRASHES_MIN = 2

/** Every habit of buyers. */
export const BUYERS: readonly BuyerHabit[] = [
  'pays at once',
  'pays in the last second',
  'pays as Alipay’s time ends',
  'pays while it is closed',
  'pays while the cancel is on its way',
  'never comes',
  'scans and leaves',
  'pays after the end',
  'pays when the page says expired',
  'two phones',
  'has too little money',
  'knows the code before the shop',
]

/** Every habit of merchants. */
export const MERCHANTS: readonly MerchantHabit[] = [
  'without reference',
  'own out_trade_no',
  'scans payment codes',
  'creates twice at once',
  'creates again after a while',
  'creates with other content',
  'sells again after the end',
  'cancels',
  'refunds in part',
  'refunds all',
  'refunds more than there is',
  'refunds again after a while',
  'retries refunds',
  'cancels refunds',
  'resolves reviews',
  'syncs',
]

/** Every habit at Alipay's console. */
export const CONSOLES: readonly ConsoleHabit[] = [
  'refunds in part',
  'refunds all',
  'refunds all at once',
  'closes',
  'runs short',
  'is blocked',
]
