/**
 * The merchant's own program, which sells, repeats what it got no answer to, gives up, gives back,
 * and asks for too much.
 *
 * @module
 */

import { toFen } from '../../src/alipay/index.ts'
import type {
  CreatePaymentOrder,
  CreateRefundRequest,
  PaymentRecord,
} from '../../src/payments/index.ts'
import type { Buyers } from './buyers.ts'
import type { Draw } from './draw.ts'
import type { People, Surroundings } from './people.ts'
import type { BuyerHabit, MerchantHabit } from './plan.ts'

/** Calls of our API that go unanswered are repeated this often. */
const REPEATS_MAX = 400

/** The merchant's program. */
export class Merchant {
  readonly #around: Surroundings
  readonly #draw: Draw
  readonly #people: People
  readonly #buyers: Buyers
  #sales = 0

  constructor(around: Surroundings, people: People, buyers: Buyers) {
    this.#around = around
    this.#draw = around.draw.fork('merchant')
    this.#people = people
    this.#buyers = buyers
  }

  /** Sells as often as the plan says, from now to the end of the broken time. */
  begin(): void {
    const { plan, time } = this.#around
    for (let count = 0; count < plan.payments; count++) {
      time.after(this.#draw.int(0, plan.breakMs * 0.85), () => this.sell())
    }
    for (let count = this.#has('syncs') ? this.#draw.int(3, 15) : 0; count > 0; count--) {
      time.after(this.#draw.int(1_000, plan.breakMs * 1.1), () => this.#syncAny())
    }
    if (this.#has('resolves reviews')) {
      for (let atMs = 20_000; atMs < plan.breakMs * 1.2; atMs += 20_000) {
        time.after(atMs, () => this.#resolveAny())
      }
    }
  }

  /** One sale with what follows from it. */
  sell(habit?: BuyerHabit): void {
    const order = this.#order()
    this.#people.send(() => this.#sell(order, habit))
  }

  /** Gives a part of some payment back; says whether there was one. */
  refundSome(): boolean {
    const paid = this.#around.books.all().find((record) => refundable(record) >= 2)
    if (paid === undefined) return false
    const amount = Math.max(1, Math.floor(refundable(paid) / 4))
    this.#people.send(() =>
      this.#refund(paid, { amount: toFen(amount), reference: this.#name('RF') }),
    )
    return true
  }

  /** Tries each refund again that waits for the merchant. */
  retryAll(): void {
    for (const { refunds } of this.#around.books.all()) {
      for (const { id, status } of refunds) {
        if (status === 'requires_action') this.#people.send(() => this.#retry(id))
      }
    }
  }

  #order(): CreatePaymentOrder {
    const draw = this.#draw
    const isAnonymous = this.#has('without reference') && draw.chance(0.5)
    const ownNumber = this.#has('own out_trade_no') && draw.chance(0.4)
    const isScanned = this.#does('scans payment codes')
    if (isAnonymous) this.#note('without reference')
    if (ownNumber) this.#note('own out_trade_no')
    const number = (this.#sales += 1)
    return {
      amount: toFen(draw.ms(10, 300_000)),
      subject: draw.pick(['美式咖啡', 'Latte & more', '1/2 = 50% 折', '🍵'.repeat(3)]),
      ...(isScanned
        ? { authCode: this.#buyers.showCode() }
        : { expiresInMs: draw.pick([60_000, 60_000, 61_500, 75_000, 90_000, 120_000, 240_000]) }),
      ...(isAnonymous ? {} : { reference: `ORDER-${number}` }),
      ...(ownNumber ? { outTradeNo: `own_${number}` } : {}),
    }
  }

  async #sell(order: CreatePaymentOrder, habit?: BuyerHabit): Promise<void> {
    const { time } = this.#around
    const draw = this.#draw
    const sold = this.#create(order)
    if (this.#does('creates twice at once')) {
      await Promise.all([sold, this.#create(order), this.#create(order)])
    }
    const record = await sold
    if (record === undefined) return
    const { id, outTradeNo } = record.payment
    this.#buyers.comeFor(outTradeNo, habit)
    if (this.#does('creates again after a while')) {
      this.#people.send(async () => {
        await time.pass(draw.ms(500, 90_000))
        await this.#create(order)
      })
    }
    if (this.#does('creates with other content')) {
      this.#people.send(async () => {
        await time.pass(draw.ms(500, 30_000))
        await this.#createOther(order)
      })
    }
    if (this.#does('cancels', 0.35)) {
      this.#people.send(async () => {
        await time.pass(draw.ms(10, 1.2 * (order.expiresInMs ?? 60_000)))
        await this.#cancel(record)
      })
    }
    await this.#followUp(order, id)
  }

  /** Waits for the end, whatever it is, and goes on from there. */
  async #followUp(order: CreatePaymentOrder, id: string): Promise<void> {
    const { books, time } = this.#around
    const draw = this.#draw
    const end = await books.when(() => {
      const status = books.find(id)?.payment.status
      return status === 'created' || status === 'pending' || status === 'closing'
        ? undefined
        : status
    }, 600_000)
    if (end === undefined) return
    if (end !== 'succeeded') {
      if (order.reference === undefined || order.outTradeNo !== undefined) return
      if (!this.#does('sells again after the end', 0.7)) return
      await time.pass(draw.ms(100, 20_000))
      return this.#sellAgain(order, id)
    }
    await time.pass(draw.ms(1, 20_000))
    const record = books.find(id)
    if (record !== undefined) await this.#giveBack(record)
  }

  async #sellAgain(order: CreatePaymentOrder, before: string): Promise<void> {
    const { books, violations } = this.#around
    const isScanned = order.authCode !== undefined
    const record = await this.#create(
      isScanned ? { ...order, authCode: this.#buyers.showCode() } : order,
    )
    if (record === undefined || record.payment.id === before) return
    const { retryOf, outTradeNo } = record.payment
    const earlier = books
      .all()
      .some(({ payment }) => payment.id === retryOf && payment.reference === order.reference)
    if (!earlier) violations.add('I8', outTradeNo, 'a repeated sale that names no earlier one')
    // Whoever comes back means to buy.
    this.#buyers.comeFor(outTradeNo, this.#draw.chance(0.5) ? 'pays at once' : undefined)
    const paid = await books.when(
      () => (books.find(record.payment.id)?.payment.status === 'succeeded' ? true : undefined),
      300_000,
    )
    const now = books.find(record.payment.id)
    if (paid && now !== undefined) await this.#giveBack(now)
  }

  async #giveBack(record: PaymentRecord): Promise<void> {
    const draw = this.#draw
    const { amount } = record.payment
    const requests: CreateRefundRequest[] = []
    const ask = (part?: number): void => {
      const isNamed = draw.chance(0.7)
      requests.push({
        paymentId: record.payment.id,
        ...(part === undefined ? {} : { amount: toFen(Math.max(1, Math.floor(part))) }),
        ...(isNamed ? { reference: this.#name('RF') } : {}),
        ...(draw.chance(0.3) ? { reason: '商品缺货' } : {}),
      })
    }
    if (this.#does('refunds in part', 0.7)) {
      for (let count = draw.int(1, 3); count > 0; count--) ask(amount * draw.fraction() * 0.4)
    }
    if (this.#does('refunds all')) ask()
    if (this.#does('refunds more than there is')) {
      for (let count = 0; count < 4; count++) ask(amount * 0.4)
    }
    const isAtOnce = draw.chance(0.5)
    const made = requests.map(async (request, index) => {
      await this.#around.time.pass(isAtOnce ? draw.int(0, 5) : index * draw.ms(200, 12_000))
      await this.#refund(record, request)
    })
    await Promise.all(made)
  }

  /** Repeats until something definite is answered, as the reference or the number allow it. */
  async #create(order: CreatePaymentOrder): Promise<PaymentRecord | undefined> {
    const { cluster, time, history, violations, coverage } = this.#around
    for (let tries = 0; tries < REPEATS_MAX; tries++) {
      const result = await cluster.ask('create', (payments) => payments.create(order))
      if (result === undefined) {
        await time.pass(this.#draw.ms(100, 5_000))
        continue
      }
      const { status, record } = result
      history.note('merchant', record.payment.outTradeNo, `creates: ${status}`)
      coverage.hit('merchant', `create: ${status}`)
      if (order.outTradeNo !== undefined && record.payment.outTradeNo !== order.outTradeNo) {
        const isReference = record.payment.reference === order.reference
        if (!isReference) violations.add('I7', order.outTradeNo, 'got a payment of another number')
      }
      return record
    }
    return undefined
  }

  async #createOther(order: CreatePaymentOrder): Promise<void> {
    const { cluster, books, violations, coverage } = this.#around
    if (order.reference === undefined && order.outTradeNo === undefined) return
    const other = { ...order, amount: toFen(order.amount + 1) }
    const result = await cluster.ask('create', (payments) => payments.create(other))
    if (result === undefined) return
    coverage.hit('merchant', `create with other content: ${result.status}`)
    const { payment } = result.record
    if (result.status === 'exists') {
      violations.add('I8', payment.outTradeNo, 'another content was taken for the same')
    }
    if (result.status !== 'created' && result.status !== 'pending') return
    if (books.find(payment.id)?.payment.amount === other.amount) {
      this.#buyers.comeFor(payment.outTradeNo)
    }
  }

  async #cancel({ payment: { id, outTradeNo } }: PaymentRecord): Promise<void> {
    const { cluster, time, history, coverage } = this.#around
    for (let tries = 0; tries < 5; tries++) {
      history.note('merchant', outTradeNo, 'cancels')
      const result = await cluster.ask('cancel', (payments) => payments.cancel(id))
      if (result !== undefined) {
        history.note('merchant', outTradeNo, `cancel: ${result.status}`)
        coverage.hit('merchant', `cancel: ${result.status}`)
        return
      }
      await time.pass(this.#draw.ms(100, 5_000))
    }
  }

  async #refund(
    { payment: { id, outTradeNo } }: PaymentRecord,
    request: Omit<CreateRefundRequest, 'paymentId'>,
  ): Promise<void> {
    const { cluster, time, history, violations, coverage } = this.#around
    const full = { ...request, paymentId: id }
    let known: string | undefined
    const repeats = this.#does('refunds again after a while') ? this.#draw.int(1, 3) : 0
    for (let tries = 0, answers = 0; tries < 60 && answers <= repeats; tries++) {
      const result = await cluster.ask('refund', (payments) => payments.refund(full))
      if (result === undefined) {
        // Without a name a repeat would be another refund.
        if (request.reference === undefined) return
        await time.pass(this.#draw.ms(100, 5_000))
        continue
      }
      answers += 1
      history.note('merchant', outTradeNo, `refunds ${request.amount ?? 'all'}: ${result.status}`)
      coverage.hit('merchant', `refund: ${result.status}`)
      if (!('refund' in result)) return
      if (request.reference === undefined) return this.#care(result.refund.id)
      if (known !== undefined && known !== result.refund.id) {
        violations.add('I8', outTradeNo, 'one reference of a refund led to two')
      }
      if (known === undefined) this.#people.send(() => this.#care(result.refund.id))
      known = result.refund.id
      await time.pass(this.#draw.ms(100, 30_000))
    }
  }

  /** Looks after a refund that does not get on. */
  async #care(refundId: string): Promise<void> {
    const { books, time } = this.#around
    if (this.#does('cancels refunds', 0.3)) {
      await time.pass(this.#draw.ms(1, 20_000))
      await this.#cancelRefund(refundId)
    }
    if (!this.#has('retries refunds')) return
    const waits = await books.when(
      () => (this.#statusOf(refundId) === 'requires_action' ? true : undefined),
      60_000,
    )
    if (waits === undefined) return
    await time.pass(this.#draw.ms(500, 60_000))
    this.#note('retries refunds')
    await this.#retry(refundId)
  }

  async #retry(refundId: string): Promise<void> {
    const { cluster, coverage } = this.#around
    const result = await cluster.ask('retryRefund', (payments) => payments.retryRefund(refundId))
    coverage.hit('merchant', `retryRefund: ${result?.status ?? 'no answer'}`)
  }

  async #cancelRefund(refundId: string): Promise<void> {
    const { cluster, coverage } = this.#around
    const result = await cluster.ask('cancelRefund', (payments) => payments.cancelRefund(refundId))
    coverage.hit('merchant', `cancelRefund: ${result?.status ?? 'no answer'}`)
  }

  #statusOf(refundId: string): string | undefined {
    for (const { refunds } of this.#around.books.all()) {
      const refund = refunds.find(({ id }) => id === refundId)
      if (refund !== undefined) return refund.status
    }
    return undefined
  }

  #syncAny(): void {
    const { books, cluster } = this.#around
    const all = books.all()
    if (all.length === 0) return
    const { id } = this.#draw.pick(all).payment
    this.#people.send(async () => {
      await cluster.ask('sync', (payments) => payments.sync(id))
      this.#note('syncs')
    })
  }

  #resolveAny(): void {
    const { books, cluster, coverage } = this.#around
    const reviewed = books.all().filter(({ payment }) => payment.review !== null)
    if (reviewed.length === 0 || this.#draw.chance(0.5)) return
    const { id } = this.#draw.pick(reviewed).payment
    const action = this.#draw.pick(['accept', 'refund'] as const)
    this.#note('resolves reviews')
    this.#people.send(async () => {
      const result = await cluster.ask('resolveReview', (payments) =>
        payments.resolveReview(id, action),
      )
      coverage.hit('merchant', `resolveReview: ${result?.status ?? 'no answer'}`)
    })
  }

  #has(habit: MerchantHabit): boolean {
    return this.#around.plan.merchant.has(habit)
  }

  #does(habit: MerchantHabit, chance = 0.5): boolean {
    const does = this.#has(habit) && this.#draw.chance(chance)
    if (does) this.#note(habit)
    return does
  }

  #note(habit: MerchantHabit): void {
    this.#around.coverage.hit('merchant', habit)
  }

  #name(prefix: string): string {
    return `${prefix}-${this.#draw.int(100_000_000, 999_999_999)}`
  }
}

/** What is left to give back, by the books. */
export function refundable({ payment, refunds }: PaymentRecord): number {
  if (payment.status !== 'succeeded') return 0
  const held = refunds.filter(({ status }) => status !== 'failed' && status !== 'canceled')
  return payment.amount - held.reduce((sum, { amount }) => sum + amount, 0)
}
