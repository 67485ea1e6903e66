/**
 * What alarms ask of a store. Each function is one transaction, and resolves only once that is
 * durable.
 *
 * @module
 */

import type { Instant } from '../alipay/index.ts'
import type { Alarm, AlarmKind } from './alarm-kinds.ts'
import type { StoredChannel } from './channel.ts'

/** Keeps the channels and the alarms of one application. */
export interface AlarmStore {
  /** `false` if there are `max` already. */
  insertChannel(channel: StoredChannel, max: number): Promise<boolean>
  findChannel(id: string): Promise<StoredChannel | undefined>
  /** Oldest first. */
  listChannels(): Promise<StoredChannel[]>
  updateChannel(channel: StoredChannel): Promise<boolean>
  /** Removes it, and what it was still to be told. */
  deleteChannel(id: string): Promise<boolean>

  /**
   * Keeps an alarm, to be told to every enabled channel that wants its kind.
   *
   * @returns `false` if it is kept already: a kind and what it is about are kept once.
   */
  raise(alarm: Alarm & { readonly id: string; readonly at: Instant }): Promise<boolean>
  /**
   * Takes in hand what is due, but of no channel and kind that was told within `throttleMs` or is
   * in other hands.
   */
  claimDue(claim: AlarmClaim): Promise<ClaimedAlarm[]>
  /** Writes down what became of what was in hand. */
  settle(settled: SettledAlarms): Promise<void>
}

/** How alarms are taken in hand. */
export interface AlarmClaim {
  readonly token: string
  readonly leaseMs: number
  readonly throttleMs: number
  readonly limit: number
}

/** An alarm for one channel. */
export interface ClaimedAlarm {
  readonly deliveryId: string
  readonly channelId: string
  readonly kind: AlarmKind
  readonly text: string
  readonly at: Instant
  /** Those that were made before this one. */
  readonly attempts: number
}

/** What became of alarms that were told together. */
export interface SettledAlarms {
  readonly token: string
  readonly deliveryIds: readonly string[]
  /** `null`: they were told. */
  readonly error: string | null
  /** Until the next attempt; `null` where there is none. */
  readonly againInMs: number | null
}
