/**
 * Everything that the emulator remembers, in memory and, where there is a folder, in its journal.
 *
 * @module
 */

import { join } from 'node:path'
import { toFen } from '../alipay/money.ts'
import { type Journal, openJournal } from './journal.ts'
import type { Buyer, NotificationRecord, Preorder, Trade } from './records.ts'
import { type Settings, defaultSettings } from './settings.ts'

/** What changes in one commit. */
export interface Changes {
  readonly preorder?: Preorder | undefined
  readonly trade?: Trade | undefined
  readonly buyer?: Buyer | undefined
  readonly notification?: NotificationRecord | undefined
  readonly settings?: Settings | undefined
  /** How far the clock has been put forward, in milliseconds. */
  readonly clockOffsetMs?: number | undefined
}

/** The emulator's memory. */
export interface State {
  readonly trades: ReadonlyMap<string, Trade>
  readonly buyers: ReadonlyMap<string, Buyer>
  readonly notifications: ReadonlyMap<string, NotificationRecord>
  readonly settings: Settings
  readonly clockOffsetMs: number
  preorder(outTradeNo: string): Preorder | undefined
  tradeOfOrder(outTradeNo: string): Trade | undefined
  preorderOfCode(code: string): Preorder | undefined
  /** The trades that may still change by the passing of time. */
  waitingTrades(): Iterable<Trade>
  /** The notifications that are not yet delivered or given up. */
  pendingNotifications(): Iterable<NotificationRecord>
  /** Takes changes over, all or none, and writes them to the journal before it returns. */
  commit(...changes: readonly Changes[]): void
  /** Forgets orders, trades, notifications and settings, and fills the wallets again. */
  reset(): void
  close(): void
}

/** The buyers that there are at the start, with their money in fen. */
export const initialBuyers: readonly Buyer[] = [
  { id: '2088102100000016', name: '张三', logon_id: '138****1234', balance: toFen(1_000_000) },
  { id: '2088102100000024', name: '李四', logon_id: 'lis***@example.com', balance: toFen(50_000) },
]

/** @param folder Where the journal is kept; `undefined` keeps nothing. */
export function openState(folder: string | undefined): State {
  const preorders = new Map<string, Preorder>()
  const trades = new Map<string, Trade>()
  const buyers = new Map<string, Buyer>(initialBuyers.map((buyer) => [buyer.id, buyer]))
  const notifications = new Map<string, NotificationRecord>()
  const tradeNos = new Map<string, string>()
  const codes = new Map<string, string>()
  const waiting = new Set<string>()
  const pending = new Set<string>()
  let settings = defaultSettings
  let clockOffsetMs = 0

  const kinds: { readonly [K in keyof Changes]-?: Kind<NonNullable<Changes[K]>> } = {
    preorder: {
      key: (preorder) => preorder.order.out_trade_no,
      apply(preorder) {
        preorders.set(preorder.order.out_trade_no, preorder)
        for (const { code } of preorder.codes) codes.set(code, preorder.order.out_trade_no)
      },
    },
    trade: {
      key: (trade) => trade.trade_no,
      apply(trade) {
        trades.set(trade.trade_no, trade)
        tradeNos.set(trade.order.out_trade_no, trade.trade_no)
        if (trade.status === 'WAIT_BUYER_PAY') waiting.add(trade.trade_no)
        else waiting.delete(trade.trade_no)
      },
    },
    buyer: {
      key: (buyer) => buyer.id,
      apply: (buyer) => void buyers.set(buyer.id, buyer),
    },
    notification: {
      key: (notification) => notification.notify_id,
      apply(notification) {
        notifications.set(notification.notify_id, notification)
        if (notification.status === 'pending') pending.add(notification.notify_id)
        else pending.delete(notification.notify_id)
      },
    },
    settings: {
      key: () => '',
      apply: (value) => void (settings = { ...defaultSettings, ...value }),
    },
    clockOffsetMs: { key: () => '', apply: (value) => void (clockOffsetMs = value) },
  }
  const kindOf = (kind: string) => (kinds as unknown as Record<string, Kind<unknown>>)[kind]

  const journal = loadJournal(folder, (kind, value) => kindOf(kind)?.apply(value))

  const forget = () => {
    const gone: (readonly [string, null])[] = []
    for (const key of preorders.keys()) gone.push([`preorder:${key}`, null])
    for (const key of trades.keys()) gone.push([`trade:${key}`, null])
    for (const key of notifications.keys()) gone.push([`notification:${key}`, null])
    for (const key of buyers.keys()) gone.push([`buyer:${key}`, null])
    journal?.append([...gone, ['settings:', null]])
    for (const map of [preorders, trades, notifications, buyers, tradeNos, codes]) map.clear()
    waiting.clear()
    pending.clear()
    settings = defaultSettings
    for (const buyer of initialBuyers) buyers.set(buyer.id, buyer)
  }

  return {
    trades,
    buyers,
    notifications,
    get settings() {
      return settings
    },
    get clockOffsetMs() {
      return clockOffsetMs
    },
    preorder: (outTradeNo) => preorders.get(outTradeNo),
    tradeOfOrder: (outTradeNo) => trades.get(tradeNos.get(outTradeNo) ?? ''),
    preorderOfCode: (code) => preorders.get(codes.get(code) ?? ''),
    waitingTrades: () => [...waiting].map((tradeNo) => trades.get(tradeNo) as Trade),
    pendingNotifications: () =>
      [...pending].map((id) => notifications.get(id) as NotificationRecord),
    commit(...changes) {
      const changed = changes
        .flatMap((change) => Object.entries(change))
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => ({ name, value: value as unknown, kind: kindOf(name) }))
      if (changed.length === 0) return
      journal?.append(
        changed.map(({ name, value, kind }) => [`${name}:${kind?.key(value)}`, value]),
      )
      for (const { value, kind } of changed) kind?.apply(value)
    },
    reset: forget,
    close: () => journal?.close(),
  }
}

/** How one kind of record is named and taken over. */
interface Kind<T> {
  key(value: T): string
  apply(value: T): void
}

function loadJournal(
  folder: string | undefined,
  apply: (kind: string, value: unknown) => void,
): Journal | undefined {
  if (folder === undefined) return undefined
  const { journal, records } = openJournal(join(folder, 'journal.jsonl'))
  for (const [key, value] of records) apply(key.slice(0, key.indexOf(':')), value)
  return journal
}
