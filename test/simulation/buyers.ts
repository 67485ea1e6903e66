/**
 * Those who scan and pay, each in their own way.
 *
 * @module
 */

import { toFen } from '../../src/alipay/index.ts'
import type { PaymentRecord } from '../../src/payments/index.ts'
import type { Trade } from '../../src/emulator/records.ts'
import type { Draw } from './draw.ts'
import type { People, Surroundings } from './people.ts'
import type { BuyerHabit } from './plan.ts'

/** Is told that a trade was paid. */
export type PaidListener = (outTradeNo: string) => void

/** All buyers. */
export class Buyers {
  readonly #around: Surroundings
  readonly #draw: Draw
  readonly #people: People
  readonly #onPaid: PaidListener
  readonly #ids: readonly string[]
  readonly #unbooked = new Set<string>()

  constructor(around: Surroundings, people: People, onPaid: PaidListener) {
    this.#around = around
    this.#draw = around.draw.fork('buyers')
    this.#people = people
    this.#onPaid = onPaid
    const { wallet } = around.alipay
    this.#ids = wallet.buyers().map(({ id }) => id)
    wallet.setBalance(this.#rich, RICH)
    wallet.setBalance(this.#other, RICH)
    wallet.setBalance(this.#poor, toFen(0))
  }

  /** Whether all that was paid has succeeded with the merchant. */
  isBooked(): boolean {
    for (const outTradeNo of this.#unbooked) {
      const status = this.#around.books.findByOutTradeNo(outTradeNo)?.payment.status
      if (status !== 'succeeded') return false
      this.#unbooked.delete(outTradeNo)
    }
    return true
  }

  /** What a buyer's app shows the till. */
  showCode(): string {
    return this.#around.alipay.wallet.paymentCode(this.#rich)?.payment_code as string
  }

  /** Somebody comes for this payment; by what the plan allows, or to pay at once. */
  comeFor(outTradeNo: string, habit?: BuyerHabit): void {
    const { plan, coverage, history } = this.#around
    const usual = this.#draw.chance(0.3) ? 'pays at once' : undefined
    const chosen =
      habit ?? usual ?? (plan.buyers.length === 0 ? 'pays at once' : this.#draw.pick(plan.buyers))
    coverage.hit('buyer', chosen)
    history.note('buyer', outTradeNo, `comes, and ${chosen}`)
    this.#people.send(() => this.#act(outTradeNo, chosen))
  }

  async #act(outTradeNo: string, habit: BuyerHabit): Promise<void> {
    const { time, books, alipay } = this.#around
    const draw = this.#draw
    if (habit === 'never comes') return
    if (habit === 'knows the code before the shop') return this.#sneak(outTradeNo)
    const shown = await books.when(
      () => shownCode(books.findByOutTradeNo(outTradeNo), alipay.trade(outTradeNo)),
      120_000,
    )
    if (shown === undefined) return
    if (alipay.trade(outTradeNo)?.paid_at !== undefined) return this.#hasPaid(outTradeNo)
    const { code, expiresAt } = shown
    const untilDeadline = (): number => expiresAt - time.now()
    await time.pass(draw.ms(300, 15_000))
    switch (habit) {
      case 'pays at once':
        return this.#scanAndPay(outTradeNo, code, draw.ms(500, 20_000))
      case 'pays in the last second':
        return this.#scanAndPay(outTradeNo, code, untilDeadline() + draw.int(-2_000, 3_000))
      case 'pays as Alipay’s time ends':
        return this.#scanAndPay(outTradeNo, code, untilDeadline() + draw.int(58_000, 62_000))
      case 'scans and leaves': {
        const tradeNo = this.#scan(outTradeNo, code)
        if (tradeNo !== undefined) this.#around.alipay.wallet.refuse(tradeNo, this.#rich)
        return
      }
      case 'two phones':
        await Promise.all(
          [this.#rich, this.#other].map(async (buyer) => {
            await time.pass(draw.int(0, 50))
            await this.#scanAndPay(outTradeNo, code, draw.ms(500, 10_000), buyer)
          }),
        )
        return
      case 'has too little money': {
        const tradeNo = this.#scan(outTradeNo, code, this.#poor)
        if (tradeNo === undefined) return
        this.#pay(outTradeNo, tradeNo, this.#poor)
        await time.pass(draw.ms(1_000, 60_000))
        this.#around.alipay.wallet.setBalance(this.#poor, RICH)
        this.#pay(outTradeNo, tradeNo, this.#poor)
        this.#around.alipay.wallet.setBalance(this.#poor, toFen(0))
        return
      }
      case 'pays while it is closed':
        return this.#payAtCall(outTradeNo, code, 'query', 1_900)
      case 'pays while the cancel is on its way':
        return this.#payAtCall(outTradeNo, code, 'fence', 70)
      case 'pays after the end':
        return this.#payWhen(outTradeNo, code, ({ payment: { status } }) =>
          ['expired', 'canceled', 'failed'].includes(status),
        )
      case 'pays when the page says expired':
        return this.#payWhen(
          outTradeNo,
          code,
          ({ payment: { status, cancelAnsweredAt, tradeStatus } }) =>
            status === 'closing' && cancelAnsweredAt !== null && tradeStatus === null,
        )
    }
  }

  /** Waits for a call about the trade, and pays a moment after it. */
  async #payAtCall(
    outTradeNo: string,
    code: string | null,
    what: 'query' | 'fence',
    mostMs: number,
  ): Promise<void> {
    const { time, calls, books } = this.#around
    const tradeNo = this.#draw.chance(0.7) ? this.#scan(outTradeNo, code) : undefined
    const isThere = await new Promise<boolean>((resolve) => {
      time.after(400_000, () => resolve(false))
      calls.listen((moment, call) => {
        if (call.outTradeNo !== outTradeNo) return
        const isClosing = books.findByOutTradeNo(outTradeNo)?.payment.status === 'closing'
        const isQuery = call.method === 'query' && moment === 'answered'
        const isFence = (call.method === 'cancel' || call.method === 'close') && moment === 'sent'
        if (isClosing && (what === 'query' ? isQuery : isFence)) resolve(true)
      })
    })
    if (!isThere) return
    await time.pass(this.#draw.int(0, mostMs))
    const found = tradeNo ?? this.#scan(outTradeNo, code)
    if (found !== undefined) this.#pay(outTradeNo, found)
  }

  async #payWhen(
    outTradeNo: string,
    code: string | null,
    isTime: (record: PaymentRecord) => boolean,
  ): Promise<void> {
    const { time, books } = this.#around
    const found = await books.when(() => {
      const record = books.findByOutTradeNo(outTradeNo)
      return record !== undefined && isTime(record) ? true : undefined
    }, 900_000)
    if (found === undefined) return
    await time.pass(this.#draw.ms(10, 300_000))
    await this.#scanAndPay(outTradeNo, code, this.#draw.ms(500, 40_000))
  }

  /** Somebody at Alipay has the code before the merchant does, or although he never does. */
  async #sneak(outTradeNo: string): Promise<void> {
    const { time, alipay } = this.#around
    for (let tries = 0; tries < 200; tries++) {
      await time.pass(this.#draw.ms(20, 2_000))
      const code = alipay.preorder(outTradeNo)?.codes.at(-1)?.code
      if (code === undefined) continue
      return this.#scanAndPay(outTradeNo, code, this.#draw.ms(1, 5_000))
    }
  }

  async #scanAndPay(
    outTradeNo: string,
    code: string | null,
    afterMs: number,
    buyer = this.#rich,
  ): Promise<void> {
    const tradeNo = this.#scan(outTradeNo, code, buyer)
    await this.#around.time.pass(afterMs)
    const found = tradeNo ?? this.#scan(outTradeNo, code, buyer)
    if (found !== undefined) this.#pay(outTradeNo, found, buyer)
  }

  #scan(outTradeNo: string, code: string | null, buyer = this.#rich): string | undefined {
    const { alipay, history } = this.#around
    if (code === null) return alipay.trade(outTradeNo)?.trade_no
    const result = alipay.wallet.scan(code, buyer)
    history.note('buyer', outTradeNo, `scans: ${result.status}`)
    return result.status === 'ready' ? result.trade.trade_no : undefined
  }

  #pay(outTradeNo: string, tradeNo: string, buyer = this.#rich): void {
    const { alipay, history } = this.#around
    const { status } = alipay.wallet.pay(tradeNo, buyer)
    history.note('buyer', outTradeNo, `pays: ${status}`)
    if (status === 'paid') this.#hasPaid(outTradeNo)
  }

  #hasPaid(outTradeNo: string): void {
    const { coverage } = this.#around
    coverage.hit('buyer', 'has paid')
    this.#unbooked.add(outTradeNo)
    this.#onPaid(outTradeNo)
  }

  get #rich(): string {
    return this.#ids[0] as string
  }

  get #other(): string {
    return this.#ids[1] as string
  }

  get #poor(): string {
    return this.#ids[2] as string
  }
}

const RICH = toFen(1_000_000_000_000)

/** Our code; `null` where the buyer has shown his, and his app asks for the password. */
function shownCode(
  record: PaymentRecord | undefined,
  trade: Trade | undefined,
): { readonly code: string | null; readonly expiresAt: number } | undefined {
  if (record === undefined) return undefined
  const { method, qrCode, expiresAt } = record.payment
  const isReady = method === 'barcode' ? trade !== undefined : qrCode !== null
  return isReady ? { code: qrCode, expiresAt } : undefined
}
