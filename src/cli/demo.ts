/**
 * `saoma demo` at work: three orders from beginning to end against an emulator in this process,
 * with a clock that is moved by hand, so that minutes pass at once. Everything else is real: HTTP,
 * signatures, notifications, the database.
 *
 * @module
 */

import { createAccess } from '../access/index.ts'
import {
  createClient,
  formatBeijingTime,
  formatYuan,
  MovableClock,
  RequestRefused,
  systemClock,
  toFen,
  type AlipayClient,
  type Fen,
} from '../alipay/index.ts'
import { createEmulator, listen as listenEmulator, type Emulator } from '../emulator/index.ts'
import {
  amountRefunded,
  createPayments,
  type PaymentRecord,
  type Payments,
} from '../payments/index.ts'
import { createServer, listen, oneApp } from '../server/index.ts'
import { openSqliteStore } from '../store/index.ts'
import { demoTexts, type DemoLanguage, type DemoTexts } from './demo-texts.ts'
import { Failure } from './failure.ts'
import { freePort } from './free-port.ts'

/** How the demonstration is run. */
export interface DemoOptions {
  readonly language: DemoLanguage
  /** Takes what is to be printed. */
  readonly print: (line: string) => void
}

/**
 * Runs the demonstration.
 *
 * @throws {Failure} If an order does not end as it should.
 */
export async function demo({ language, print }: DemoOptions): Promise<void> {
  const text = demoTexts[language]
  const stage = await openStage(text, print)
  try {
    print(text.intro)
    await paidAndRefunded(stage)
    await scannedButUnpaid(stage)
    await neverScanned(stage)
    print(text.outro)
  } finally {
    await stage.close()
  }
}

/** An order is paid; the money goes back in two parts. */
async function paidAndRefunded(stage: Stage): Promise<void> {
  const { text, say, payments, emulator } = stage
  stage.chapter(text.paidTitle)
  const { payment } = await stage.order(8_888, '美式咖啡/拿铁')
  await stage.pass(6)
  const tradeNo = stage.scan(payment.qrCode)
  await stage.pass(5)
  emulator.wallet.pay(tradeNo, stage.buyer.id)
  say(text.buyer, text.pays(yuan(payment.amount)))
  await emulator.notifications.deliverDue()
  const paid = await stage.expectStatus(payment.id, 'succeeded')
  say(text.saoma, text.paid(yuan(paid.payment.amount)))

  for (const [part, amount] of [3_000, 2_000].entries()) {
    await stage.pass(3)
    say(text.merchant, text.wantsRefund(yuan(toFen(amount)), part + 1))
    const result = await payments.refund({
      paymentId: payment.id,
      amount: toFen(amount),
      reference: `R-${part + 1}`,
    })
    if (result.status !== 'succeeded') throw new Failure(`The refund is ${result.status}.`, 1)
    await emulator.notifications.deliverDue()
  }
  const refunded = await stage.expectStatus(payment.id, 'succeeded')
  const back = amountRefunded(refunded.refunds)
  if (back !== 5_000) throw new Failure(`${back} fen went back instead of 5000.`, 1)
  say(text.saoma, text.refunded(yuan(back), yuan(toFen(payment.amount - back))))
}

/** The buyer scans and thinks better of it. */
async function scannedButUnpaid(stage: Stage): Promise<void> {
  const { text, say } = stage
  stage.chapter(text.unpaidTitle)
  const { payment } = await stage.order(2_200, '牛角包')
  await stage.pass(7)
  stage.scan(payment.qrCode)
  await stage.pass(53)
  const { payment: ended } = await stage.expectStatus(payment.id, 'expired')
  if (ended.cancelAnsweredAt === null) throw new Failure('The order ended without a cancel.', 1)
  say(text.saoma, text.expired)
}

/** Nobody scans. */
async function neverScanned(stage: Stage): Promise<void> {
  const { text, say } = stage
  stage.chapter(text.unscannedTitle)
  const { payment } = await stage.order(1_200, '红茶')
  await stage.pass(61)
  await stage.expectStatus(payment.id, 'closing')
  say(text.saoma, text.closing)
  await stage.pass(95)
  await stage.expectStatus(payment.id, 'expired')
  say(text.saoma, text.provenDead)
}

/** Where the demonstration plays. */
interface Stage {
  readonly text: DemoTexts
  readonly payments: Payments
  readonly emulator: Emulator
  readonly buyer: { readonly id: string; readonly name: string }
  readonly say: (who: string, what: string) => void
  chapter(title: string): void
  /** Orders, and shows the code. */
  order(amount: number, subject: string): Promise<PaymentRecord>
  /** The buyer scans; returns the trade that this makes. */
  scan(qrCode: string | null): string
  /** Lets seconds pass, one after the other. */
  pass(seconds: number): Promise<void>
  expectStatus(id: string, status: PaymentRecord['payment']['status']): Promise<PaymentRecord>
  close(): Promise<void>
}

async function openStage(text: DemoTexts, print: (line: string) => void): Promise<Stage> {
  const clock = new MovableClock(systemClock.now())
  const line = (who: string, what: string): void =>
    print(`  ${formatBeijingTime(clock.now()).slice(11)}  ${text.pad(who)}  ${what}`)
  const calls = new CallPrinter((what) => line(text.saoma, what), text)
  const say = (who: string, what: string): void => {
    calls.endRow()
    line(who, what)
  }

  const port = await freePort()
  const baseUrl = `http://127.0.0.1:${port}`
  const emulator = await createEmulator({ baseUrl, clock })
  const gatewayPort = await listenEmulator(emulator, { port })
  const buyer = emulator.wallet.buyers()[0] ?? { id: '', name: '' }
  const { credentials } = emulator
  const client = createClient({
    appId: credentials.app_id,
    privateKey: credentials.app_private_key,
    alipayPublicKey: credentials.alipay_public_key,
    gateway: `${baseUrl}/gateway.do`,
    clock,
  })
  const store = await openSqliteStore(':memory:', { clock })
  const serverPort = await freePort()
  const payments = createPayments({
    store: store.payments,
    gateway: { appId: client.appId, trade: calls.over(client.trade) },
    clock,
    notifyUrl: `http://127.0.0.1:${serverPort}/alipay/notify/demonstration-only`,
  })
  const server = createServer({
    apps: oneApp({
      mode: 'test',
      payments,
      client: {
        verifyNotification(body) {
          const notification = client.verifyNotification(body)
          const { trade_status: status, refund_fee: refunded } = notification.params
          say('Alipay', text.notifies(status ?? '', refunded))
          return notification
        },
      },
      notifyToken: 'demonstration-only',
    }),
    access: createAccess({ store: store.access, clock }),
    publicUrl: `http://127.0.0.1:${serverPort}`,
    clock,
  })
  const listening = await listen(server, { port: serverPort })

  return {
    text,
    payments,
    emulator,
    buyer,
    say,
    chapter(title) {
      calls.endRow()
      print(`\n${title}`)
    },
    async order(amount, subject) {
      say(text.merchant, text.wants(yuan(toFen(amount)), subject))
      const result = await payments.create({
        amount: toFen(amount),
        subject,
        expiresInMs: 60_000,
      })
      if (result.status !== 'created') throw new Failure(`The payment is ${result.status}.`, 1)
      say(text.saoma, text.shows(result.record.payment.qrCode ?? ''))
      return result.record
    },
    scan(qrCode) {
      const scanned = emulator.wallet.scan(qrCode ?? '', buyer.id)
      if (scanned.status !== 'ready') throw new Failure(`The code is ${scanned.status}.`, 1)
      say(text.buyer, text.scans(buyer.name))
      return scanned.trade.trade_no
    },
    async pass(seconds) {
      for (let second = 0; second < seconds; second++) {
        clock.advance(1_000)
        await payments.runDue()
        await emulator.notifications.deliverDue()
      }
    },
    async expectStatus(id, status) {
      const record = await payments.find(id)
      if (record?.payment.status === status) return record
      throw new Failure(`The payment is ${record?.payment.status} instead of ${status}.`, 1)
    },
    async close() {
      await listening.close()
      await client.close()
      await gatewayPort.close()
      await emulator.stop()
      await store.close()
    },
  }
}

/**
 * Prints each call to the gateway and its answer; of a row of equal ones, the first two, a count,
 * and the last.
 */
class CallPrinter {
  readonly #say: (line: string) => void
  readonly #text: DemoTexts
  #last = ''
  #repeats = 0

  constructor(say: (line: string) => void, text: DemoTexts) {
    this.#say = say
    this.#text = text
  }

  /** The same methods, printed. */
  over(trade: AlipayClient['trade']): AlipayClient['trade'] {
    const printed =
      <Request, Options, Answer extends object>(
        name: string,
        call: (request: Request, options?: Options) => Promise<Answer>,
      ) =>
      async (request: Request, options?: Options): Promise<Answer> => {
        try {
          const answer = await call(request, options)
          this.#print(name, this.#text.answer(name, answer as Readonly<Record<string, unknown>>))
          return answer
        } catch (error) {
          if (error instanceof RequestRefused) {
            this.#print(name, `${error.alipayCode} ${error.subCode}`)
          }
          throw error
        }
      }
    return {
      precreate: printed('alipay.trade.precreate', trade.precreate),
      query: printed('alipay.trade.query', trade.query),
      cancel: printed('alipay.trade.cancel', trade.cancel),
      close: printed('alipay.trade.close', trade.close),
      refund: printed('alipay.trade.refund', trade.refund),
      refundQuery: printed('alipay.trade.fastpay.refund.query', trade.refundQuery),
      pay: printed('alipay.trade.pay', trade.pay),
    }
  }

  /** Says how many more there were, and the last one, before something else is said. */
  endRow(): void {
    if (this.#repeats > 2) this.#say(this.#text.more(this.#repeats - 2))
    if (this.#repeats > 1) this.#say(this.#last)
    this.#last = ''
    this.#repeats = 0
  }

  #print(name: string, answer: string): void {
    const line = `${name} → ${answer}`
    if (line === this.#last) {
      this.#repeats++
      if (this.#repeats === 1) this.#say(line)
      return
    }
    this.endRow()
    this.#last = line
    this.#say(line)
  }
}

function yuan(amount: Fen): string {
  return `¥${formatYuan(amount)}`
}
