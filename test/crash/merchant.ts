/**
 * A careful merchant, and buyers: what they do with an installation, whatever happens to it. The
 * merchant repeats what was not answered under the same reference, and remembers what was.
 *
 * @module
 */
import type { Acknowledged } from './checker.ts'
import type { Installation, PaymentAnswer, RefundAnswer } from './installation.ts'

/** What is sold. */
export interface Sale {
  readonly reference: string
  /** Fen. Default 1,800. */
  readonly amount?: number
  /** Seconds. Default 900: longer than it takes to be back after a crash. */
  readonly expiresIn?: number
  /** Whether it may be over before there is a code. Default: no. */
  readonly orItsEnd?: boolean
}

/** A merchant, who also says what the buyers do. */
export interface Merchant {
  readonly acknowledged: Acknowledged
  /** Asks for a payment until its code is there. */
  sell(sale: Sale): Promise<PaymentAnswer>
  /** Takes the code that the buyer shows, and a new one where the payment has ended without money. */
  charge(sale: Pick<Sale, 'reference'>): Promise<void>
  /** The buyer scans its code; the trade's number. */
  scan(payment: PaymentAnswer): string
  /** The same where it may be too late. */
  tryScan(payment: PaymentAnswer): string | undefined
  /** The buyer pays what was scanned; says what the phone shows then: `paid`, `closed` … */
  payScanned(tradeNo: string): string
  /** The buyer scans and pays. */
  pay(payment: PaymentAnswer): void
  /** Gives back a part. */
  refund(payment: PaymentAnswer, reference: string, amount: number): Promise<RefundAnswer>
  /** Looks again until it has one of these statuses. */
  until(
    payment: PaymentAnswer,
    statuses: string | readonly string[],
    stepMs?: number,
  ): Promise<PaymentAnswer>
  /** Looks again until it has an end. */
  untilEnded(payment: PaymentAnswer): Promise<PaymentAnswer>
  /** Looks again until the merchant can see that the buyer has the payment on the phone. */
  untilScanned(payment: PaymentAnswer): Promise<PaymentAnswer>
  /** Looks again until the refund has ended. */
  untilRefunded(refund: RefundAnswer): Promise<RefundAnswer>
  /** Looks again until so much has gone back of a payment, by whatever refunds. */
  untilRefundedInAll(payment: PaymentAnswer, amount: number): Promise<PaymentAnswer>
}

/** What the API says where it does not do what it was asked for. */
interface Problem {
  readonly error: { readonly code: string; readonly payment?: PaymentAnswer }
}

/**
 * Opens the shop.
 *
 * @param defaultStepMs What time jumps by while something is waited for; 0: somebody else moves it.
 */
export function openShop(installation: Installation, defaultStepMs = 5_000): Merchant {
  const { api, emulator, until } = installation
  const payments: string[] = []
  const refunds: string[] = []
  const buyer = emulator.wallet.buyers()[0]?.id ?? ''
  const merchant: Merchant = {
    acknowledged: { payments, refunds },
    async sell({ reference, amount = 1_800, expiresIn = 900, orItsEnd = false }) {
      const order = { reference, amount, subject: '美式咖啡', expires_in: expiresIn }
      const answer = await api<PaymentAnswer | Problem>('POST', '/payments', order)
      const body = paymentOf(answer)
      const isTold = answer.status <= 202 || (orItsEnd && answer.status === 409)
      if (!isTold) throw new Error(`The sale was answered ${JSON.stringify(answer)}`)
      payments.push(body.id)
      const isOver = ({ status: now }: PaymentAnswer): boolean => orItsEnd && now !== 'created'
      return untilIs(body.id, 'a code', (now) => now.next_action !== null || isOver(now))
    },
    async charge({ reference }) {
      for (let status = ''; status !== 'succeeded';) {
        const code = emulator.wallet.paymentCode(buyer)?.payment_code
        const order = { reference, amount: 1_800, subject: '美式咖啡', auth_code: code }
        const payment = paymentOf(await api<PaymentAnswer | Problem>('POST', '/payments', order))
        payments.push(payment.id)
        ;({ status } = await merchant.untilEnded(payment))
      }
    },
    scan(payment) {
      const tradeNo = merchant.tryScan(payment)
      if (tradeNo === undefined) throw new Error(`The code of ${payment.id} is of no use any more`)
      return tradeNo
    },
    tryScan(payment) {
      const scanned = emulator.wallet.scan(payment.next_action?.qr_code ?? '', buyer)
      return scanned.status === 'ready' ? scanned.trade.trade_no : undefined
    },
    payScanned: (tradeNo) => emulator.wallet.pay(tradeNo, buyer).status,
    pay(payment) {
      const status = merchant.payScanned(merchant.scan(payment))
      if (status !== 'paid') throw new Error(`The trade is ${status}`)
    },
    async refund(payment, reference, amount) {
      const request = { payment: payment.id, reference, amount }
      const { status, body } = await api<RefundAnswer>('POST', '/refunds', request)
      if (status > 202) throw new Error(`The refund was answered ${status} ${JSON.stringify(body)}`)
      refunds.push(body.id)
      return body
    },
    until({ id }, statuses, stepMs) {
      const isSo = ({ status }: PaymentAnswer): boolean => statuses.includes(status)
      return untilIs(id, statuses.toString(), isSo, stepMs)
    },
    untilEnded: ({ id }) => untilIs(id, 'ended', ({ status }) => ENDS.has(status)),
    untilScanned: ({ id }) => untilIs(id, 'scanned', (now) => now.scanned_at !== null),
    untilRefundedInAll: ({ id }, amount) =>
      untilIs(id, `${amount} refunded`, (now) => now.amount_refunded === amount),
    untilRefunded({ id }) {
      const look = async (): Promise<RefundAnswer | undefined> => {
        const { body } = await api<RefundAnswer>('GET', `/refunds/${id}`)
        return ['succeeded', 'failed', 'canceled'].includes(body.status) ? body : undefined
      }
      return until(() => `${id} does not end`, look, defaultStepMs)
    },
  }
  const find = async (id: string): Promise<PaymentAnswer> => {
    const { status, body } = await api<PaymentAnswer>('GET', `/payments/${id}`)
    if (status !== 200) throw new Error(`${id} was acknowledged and is not found`)
    return body
  }
  const untilIs = (
    id: string,
    what: string,
    isSo: (payment: PaymentAnswer) => boolean,
    stepMs = defaultStepMs,
  ): Promise<PaymentAnswer> => {
    let status = ''
    const look = async (): Promise<PaymentAnswer | undefined> => {
      const now = await find(id)
      ;({ status } = now)
      return isSo(now) ? now : undefined
    }
    return until(() => `${id} is ${status}, not ${what}`, look, stepMs)
  }
  return merchant
}

/** What a request of a sale is about, also where it is refused. */
function paymentOf(answer: { readonly body: PaymentAnswer | Problem }): PaymentAnswer {
  const payment = 'error' in answer.body ? answer.body.error.payment : answer.body
  if (payment === undefined) throw new Error(`The sale was answered ${JSON.stringify(answer)}`)
  return payment
}

const ENDS: ReadonlySet<string> = new Set(['succeeded', 'expired', 'canceled', 'failed'])
