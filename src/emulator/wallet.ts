/**
 * What a buyer does: scans a code, pays, refuses, shows a payment code.
 *
 * @module
 */

import type { Fen } from '../alipay/money.ts'
import { addMs, formatRfc3339 } from '../alipay/time.ts'
import { tradeExpiry } from './expiry.ts'
import { notificationOf } from './notification-fields.ts'
import type { Buyer, Code, Preorder, Trade } from './records.ts'
import { payTrade } from './trade.ts'
import { moneyOf, paidByBuyer } from './trade-money.ts'
import { type TradeView, viewTrade } from './trade-view.ts'
import { type World, buyerWith, commit, findTrade, newTradeNo } from './world.ts'

/** Why a buyer cannot go on, in both languages of the pages. */
export interface WalletProblem<S extends string> {
  readonly status: S
  readonly message: string
  readonly message_zh: string
}

/** What a scan brings. */
export type ScanResult =
  | { readonly status: 'ready'; readonly trade: TradeView }
  | WalletProblem<'not_found' | 'expired' | 'closed' | 'already_paid' | 'other_buyer'>

/** What paying brings. */
export type PayResult =
  | { readonly status: 'paid'; readonly trade: TradeView }
  | WalletProblem<'not_found' | 'other_buyer' | 'closed' | 'already_paid' | 'insufficient_funds'>

/** What refusing to pay brings. The trade waits on: the buyer may change their mind. */
export type RefuseResult =
  | { readonly status: 'refused'; readonly trade: TradeView }
  | WalletProblem<'not_found' | 'other_buyer' | 'closed' | 'already_paid'>

/** A payment code (付款码) for the merchant to scan. */
export interface PaymentCode {
  readonly payment_code: string
  readonly expires_at: string
}

/** The wallets of all buyers. */
export interface Wallet {
  /**
   * Scans a code. The first scan makes the trade and binds it to its buyer.
   *
   * @param qrText What the QR image says, or its last part alone.
   */
  scan(qrText: string, buyerId: string): ScanResult
  /** Pays a trade, with the password given. */
  pay(tradeNo: string, buyerId: string): PayResult
  /** Leaves the cashier without paying. */
  refuse(tradeNo: string, buyerId: string): RefuseResult
  /**
   * Shows a payment code that is good for one payment within a minute; `undefined` for an unknown
   * buyer.
   */
  paymentCode(buyerId: string): PaymentCode | undefined
  buyers(): readonly Buyer[]
  /** Puts a buyer's balance to `balance` fen; `undefined` for an unknown buyer. */
  setBalance(buyerId: string, balance: Fen): Buyer | undefined
  /** A buyer's trades, newest first. */
  trades(buyerId: string): readonly TradeView[]
}

const PAYMENT_CODE_LIFE_MS = 60_000

/** @param world Whose trades are paid. */
export function createWallet(world: World): Wallet {
  const { state, clock } = world
  const view = (trade: Trade) => viewTrade(world, trade)
  return {
    scan(qrText, buyerId) {
      const code = qrText
        .trim()
        .replace(/[?#].*$/, '')
        .replace(/^.*\//, '')
      const preorder = state.preorderOfCode(code)
      if (preorder === undefined || !state.buyers.has(buyerId)) return problems.not_found
      const trade = findTrade(world, { out_trade_no: preorder.order.out_trade_no })
      if (trade !== undefined) {
        return obstacle(trade, buyerId) ?? { status: 'ready', trade: view(trade) }
      }
      if (preorder.locked) return problems.closed
      const scanned = preorder.codes.find((candidate) => candidate.code === code)
      if (scanned === undefined || scanned.expires_at <= clock.now()) return problems.expired
      return { status: 'ready', trade: view(createTrade(world, preorder, scanned, buyerId)) }
    },
    pay(tradeNo, buyerId) {
      const trade = findTrade(world, { trade_no: tradeNo })
      if (trade === undefined) return problems.not_found
      const found = obstacle(trade, buyerId)
      if (found !== undefined) return found
      const money = moneyOf(trade.order, state.settings)
      const amount = paidByBuyer(money)
      const balance = state.buyers.get(buyerId)?.balance ?? 0
      if (balance < amount) return problems.insufficient_funds
      const paid = payTrade(trade, money, clock.now())
      const buyer = buyerWith(world, buyerId, 0 - amount)
      commit(world, { trade: paid, buyer }, notificationOf(world, paid, 'paid'))
      return { status: 'paid', trade: view(paid) }
    },
    refuse(tradeNo, buyerId) {
      const trade = findTrade(world, { trade_no: tradeNo })
      if (trade === undefined) return problems.not_found
      return obstacle(trade, buyerId) ?? { status: 'refused', trade: view(trade) }
    },
    paymentCode(buyerId) {
      if (!state.buyers.has(buyerId)) return undefined
      const payment_code = world.numbers.paymentCode()
      const expires_at = addMs(clock.now(), PAYMENT_CODE_LIFE_MS)
      world.paymentCodes.set(payment_code, { buyer_id: buyerId, expires_at })
      return { payment_code, expires_at: formatRfc3339(expires_at) }
    },
    buyers: () => [...state.buyers.values()],
    setBalance(buyerId, balance) {
      const buyer = state.buyers.get(buyerId)
      if (buyer === undefined) return undefined
      state.commit({ buyer: { ...buyer, balance } })
      return state.buyers.get(buyerId)
    },
    trades: (buyerId) =>
      [...state.trades.values()]
        .filter((trade) => trade.buyer_id === buyerId)
        .map((trade) => view(trade))
        .toReversed(),
  }
}

function createTrade(world: World, preorder: Preorder, scanned: Code, buyerId: string): Trade {
  const { clock, state } = world
  const { order, created_at: precreated } = preorder
  const created = clock.now()
  const times = { precreated, codeMade: scanned.created_at, created }
  const trade: Trade = {
    trade_no: newTradeNo(world),
    order,
    buyer_id: buyerId,
    status: 'WAIT_BUYER_PAY',
    created_at: created,
    expires_at: tradeExpiry(order, times, state.settings),
    refunds: [],
  }
  const notification = state.settings.notify_scan ? notificationOf(world, trade, 'scanned') : {}
  commit(world, { trade }, notification)
  return trade
}

/** Why this buyer cannot pay this trade; nothing where it waits for them. */
function obstacle(
  trade: Trade,
  buyerId: string,
): WalletProblem<'other_buyer' | 'closed' | 'already_paid'> | undefined {
  switch (trade.status) {
    case 'TRADE_CLOSED':
      return problems.closed
    case 'TRADE_SUCCESS':
    case 'TRADE_FINISHED':
      return problems.already_paid
    case 'WAIT_BUYER_PAY':
      return trade.buyer_id === buyerId ? undefined : problems.other_buyer
  }
}

function problem<S extends string>(status: S, message_zh: string, message: string) {
  return { status, message, message_zh }
}

const problems = {
  not_found: problem('not_found', '二维码无效', 'There is no such code or trade.'),
  expired: problem('expired', '二维码已过期，请商家重新生成', 'The code has expired.'),
  closed: problem(
    'closed',
    '支付失败，本笔交易已关闭，请收银员重新收款',
    'The trade is closed. The cashier has to begin again.',
  ),
  already_paid: problem('already_paid', '订单已支付，请勿重复付款', 'The order is paid already.'),
  other_buyer: problem(
    'other_buyer',
    '该订单已由其他用户扫码，您无法支付',
    'Somebody else has scanned this code first.',
  ),
  insufficient_funds: problem('insufficient_funds', '余额不足', 'The balance is too low.'),
}
