/**
 * What the seller does at Alipay himself, behind the back of our engine.
 *
 * @module
 */

import { formatYuan, toFen } from '../../src/alipay/index.ts'
import { refundedAmount } from '../../src/emulator/records.ts'
import type { Draw } from './draw.ts'
import type { People, Surroundings } from './people.ts'

/** The seller's console. */
export class SellerConsole {
  readonly #around: Surroundings
  readonly #draw: Draw
  readonly #people: People
  #refunds = 0

  constructor(around: Surroundings, people: People) {
    this.#around = around
    this.#draw = around.draw.fork('console')
    this.#people = people
  }

  begin(): void {
    const { plan, time, alipay } = this.#around
    const turn = (
      habit: 'runs short' | 'is blocked',
      to: Parameters<typeof alipay.configure>[0],
      back: typeof to,
      mostMs: number,
    ): void => {
      if (!plan.console.has(habit)) return
      for (let count = this.#draw.int(1, 6); count > 0; count--) {
        time.after(this.#draw.int(1_000, plan.breakMs), () => {
          this.#say(undefined, habit)
          alipay.configure(to)
          time.after(this.#draw.ms(1_000, mostMs), () => alipay.configure(back))
        })
      }
    }
    turn('runs short', { seller_balance: 'short' }, { seller_balance: 'enough' }, 120_000)
    turn('is blocked', { seller_status: 'blocked' }, { seller_status: 'normal' }, 20_000)
    if (plan.console.has('closes')) {
      for (let count = this.#draw.int(1, 10); count > 0; count--) {
        time.after(this.#draw.int(1_000, plan.breakMs), () => this.#closeAny())
      }
    }
  }

  /** Somebody has paid, which the console shows at once. */
  paid(outTradeNo: string): void {
    const { plan, time } = this.#around
    // Without notifications nobody would tell the merchant but the bill.
    if (!plan.hasNotifyUrl) return
    if (plan.console.has('refunds all at once') && this.#draw.chance(0.15)) {
      this.#people.send(async () => {
        await time.pass(this.#draw.ms(1, 3_000))
        this.#refund(outTradeNo, 1, 'refunds all at once')
      })
    }
    if (plan.console.has('refunds in part') && this.#draw.chance(0.3)) {
      this.#people.send(async () => {
        await time.pass(this.#draw.ms(10, 40_000))
        this.#refund(outTradeNo, this.#draw.fraction() * 0.5, 'refunds in part')
      })
    }
    if (plan.console.has('refunds all') && this.#draw.chance(0.2)) {
      this.#people.send(async () => {
        await time.pass(this.#draw.ms(1_000, 60_000))
        this.#refund(outTradeNo, 1, 'refunds all')
      })
    }
  }

  #refund(outTradeNo: string, part: number, habit: string): void {
    const { alipay } = this.#around
    const trade = alipay.trade(outTradeNo)
    if (trade?.status !== 'TRADE_SUCCESS') return
    const left = trade.order.total_amount - refundedAmount(trade)
    const amount = toFen(Math.max(1, Math.floor(left * part)))
    const answer = alipay.operate('alipay.trade.refund', {
      out_trade_no: outTradeNo,
      out_request_no: `console_${(this.#refunds += 1)}`,
      refund_amount: formatYuan(amount),
    })
    this.#say(outTradeNo, `${habit}: ${amount} ${answer.sub_code ?? answer.code}`, habit)
  }

  #closeAny(): void {
    const { alipay, books } = this.#around
    const waiting = books
      .all()
      .map(({ payment }) => payment.outTradeNo)
      .filter((outTradeNo) => alipay.trade(outTradeNo)?.status === 'WAIT_BUYER_PAY')
    if (waiting.length === 0) return
    const outTradeNo = this.#draw.pick(waiting)
    const answer = alipay.operate('alipay.trade.close', { out_trade_no: outTradeNo })
    this.#say(outTradeNo, `closes: ${answer.sub_code ?? answer.code}`, 'closes')
  }

  #say(outTradeNo: string | undefined, text: string, habit = text): void {
    this.#around.history.note('console', outTradeNo, text)
    this.#around.coverage.hit('console', habit)
  }
}
