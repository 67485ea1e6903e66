/**
 * What an emulator is, as its pages, its control API and tests see it.
 *
 * @module
 */

import type { Fen } from '../alipay/money.ts'
import type { MovableClock } from '../alipay/time.ts'
import type { Credentials } from './credentials.ts'
import type { Faults } from './faults.ts'
import type { GatewayLogEntry } from './gateway.ts'
import type { LedgerEntry } from './ledger.ts'
import type { MadeUpNotification } from './made-up-notification.ts'
import type { FormSigning } from './notification-signing.ts'
import type { Notifications } from './notifications.ts'
import type { Settings } from './settings.ts'
import type { TradeView } from './trade-view.ts'
import type { Wallet } from './wallet.ts'

/** How an emulator is made. */
export interface EmulatorOptions {
  /**
   * Where it is reached, e.g. `http://127.0.0.1:6201`: it is part of QR texts and of addresses of
   * bills.
   */
  readonly baseUrl: string
  /** Its time. By default the machine's, which can be put forward through the control API. */
  readonly clock?: MovableClock | undefined
  /**
   * Where keys and journal are kept. By default nothing is kept, and all emulators of a process
   * share keys.
   */
  readonly folder?: string | undefined
  /** Makes its numbers and its faults repeatable. */
  readonly seed?: number | undefined
  /** The shop that buyers see. By default 扫码测试商店. */
  readonly merchant?: { readonly name?: string | undefined } | undefined
  /** Places an order of the demo shop with the merchant's server. Without it there is no shop. */
  readonly placeOrder?:
    | ((order: {
        readonly subject: string
        readonly amount: Fen
      }) => Promise<{ readonly checkoutUrl: string }>)
    | undefined
}

/** An Alipay of one's own. */
export interface Emulator {
  /**
   * Answers a request to any of its addresses: gateway, bills, pages, control API.
   *
   * @throws {ConnectionCut} Where a fault has it that there is no answer.
   */
  fetch(request: Request): Promise<Response>
  readonly baseUrl: string
  readonly clock: MovableClock
  readonly credentials: Credentials
  readonly trades: Trades
  readonly wallet: Wallet
  readonly notifications: Notifications
  readonly faults: Faults
  readonly settings: SettingsAccess
  /**
   * Makes the signed body of a notification of a trade that there never was, to be sent to a notify
   * address of one's own.
   *
   * @param params What it tells; whatever is not given is made up.
   * @param signing By default RSA2 over UTF-8, with the plain key.
   * @throws {RangeError} If `total_amount` is no amount in yuan.
   */
  signNotification(params: MadeUpNotification, signing?: Partial<FormSigning>): Promise<string>
  /** What really happened with money. */
  ledger(): LedgerEntry[]
  /** The last 200 calls of the gateway, oldest first. */
  requests(): readonly GatewayLogEntry[]
  /** Puts the clock forward by `ms`, and remembers it where there is a folder. */
  advanceClock(ms: number): void
  /**
   * Forgets orders, trades, notifications, settings and faults, and fills the wallets again. Keys
   * and clock stay.
   */
  reset(): void
  /** Lets time pass by itself: what is due is sent, what expires is closed. */
  start(): void
  /** Ends that, cuts off what is being sent, and closes the journal. */
  stop(): Promise<void>
}

/** The trades that there are. Before the scan there is none. */
export interface Trades {
  /** Oldest first. */
  list(): readonly TradeView[]
  find(outTradeNo: string): TradeView | undefined
}

/** The switches, to read and to change. */
export interface SettingsAccess {
  get(): Settings
  /**
   * Changes some of them.
   *
   * @throws {RangeError} If there is no such switch, or no such value of it.
   */
  update(patch: Readonly<Record<string, unknown>> | Partial<Settings>): Settings
}
