/**
 * What the methods of the gateway, the wallet and the clock share: memory, keys, time, numbers.
 *
 * @module
 */

import { toFen } from '../alipay/money.ts'
import type { Instant, MovableClock } from '../alipay/time.ts'
import type { BillFault } from './bill-faults.ts'
import type { Keys } from './keys.ts'
import { notificationOf } from './notification-fields.ts'
import type { Numbers } from './numbers.ts'
import type { Buyer, Trade } from './records.ts'
import type { Changes, State } from './state.ts'
import { tradeAt } from './trade.ts'

/** One emulated Alipay with its one merchant. */
export interface World {
  readonly state: State
  readonly keys: Keys
  readonly clock: MovableClock
  readonly numbers: Numbers
  /** Where this emulator is reached, without a slash at the end. */
  readonly baseUrl: string
  /** The shop's name, as buyers see it. */
  readonly sellerName: string
  /** Payment codes that are valid now, by their digits. */
  readonly paymentCodes: Map<string, { readonly buyer_id: string; readonly expires_at: Instant }>
  /** Draws what is to be wrong with the bill that is asked for. */
  readonly strikeBill: () => BillFault | undefined
  /** Addresses of bills that are valid now, by their token. */
  readonly billLinks: Map<string, BillLink>
  /** Told whenever there may be a notification to send. */
  wake(): void
}

/** A bill that may be fetched for a short time. */
export interface BillLink {
  readonly bill_type: string
  readonly bill_date: string
  /** What is to be wrong with it. */
  readonly fault?: BillFault | undefined
  readonly expires_at: Instant
}

/** Takes changes over and, where they hold a notification, has it sent. */
export function commit(world: World, ...changes: readonly Changes[]): void {
  world.state.commit(...changes, clockChange(world))
  if (changes.some((change) => change.notification !== undefined)) world.wake()
}

/** How far the clock is ahead, if it moved: after a restart nothing may lie in the future. */
export function clockChange({ clock, state }: World): Changes {
  return clock.offsetMs === state.clockOffsetMs ? {} : { clockOffsetMs: clock.offsetMs }
}

/** A trade number that nobody has yet. */
export function newTradeNo({ numbers, clock, state }: World): string {
  let trade_no = numbers.tradeNo(clock.now())
  while (state.trades.has(trade_no)) trade_no = numbers.tradeNo(clock.now())
  return trade_no
}

/** Finds a trade as Alipay does: `trade_no` wins over `out_trade_no`. */
export function findTrade(
  world: World,
  names: { readonly trade_no?: string | undefined; readonly out_trade_no?: string | undefined },
): Trade | undefined {
  const { trade_no, out_trade_no } = names
  const trade =
    trade_no === undefined
      ? world.state.tradeOfOrder(out_trade_no ?? '')
      : world.state.trades.get(trade_no)
  return trade === undefined ? undefined : currentTrade(world, trade)
}

/**
 * `trade` as it is now; if time has changed it, that is kept, and notified where the settings say
 * so.
 */
export function currentTrade(world: World, trade: Trade): Trade {
  const now = tradeAt(trade, world.clock.now(), world.state.settings)
  if (now === trade) return trade
  const isClosed = now.status === 'TRADE_CLOSED' && world.state.settings.notify_close
  commit(world, { trade: now }, isClosed ? notificationOf(world, now, 'closed') : {})
  return now
}

/** Closes every unpaid trade whose time is over. */
export function expireTrades(world: World): void {
  for (const trade of world.state.waitingTrades()) currentTrade(world, trade)
}

/** The buyer of a trade, with `amount` more (or less) in the wallet. */
export function buyerWith(world: World, buyerId: string, amount: number): Buyer {
  const buyer = world.state.buyers.get(buyerId)
  if (buyer === undefined) throw new Error(`No buyer ${buyerId}`)
  return { ...buyer, balance: toFen(buyer.balance + amount) }
}
