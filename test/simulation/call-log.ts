/**
 * Every call to Alipay, from its beginning to its end, and the rules that each must keep when it is
 * sent.
 *
 * @module
 */

import type { Instant } from '../../src/alipay/index.ts'
import type { Answer } from '../../src/emulator/methods/method.ts'
import type { Arrival } from './alipay-side.ts'
import type { CalledMethod } from './faulty-gateway.ts'
import type { History } from './history.ts'
import type { Process } from './process.ts'
import type { VirtualTime } from './virtual-time.ts'
import type { Violations } from './violations.ts'

/** One call. */
export interface CallRecord {
  readonly process: Process
  readonly method: CalledMethod
  readonly outTradeNo: string
  readonly outRequestNo: string | undefined
  /** Milliseconds since the start of the simulation; `undefined` until it happens. */
  sentAtMs: number | undefined
  endedAtMs: number | undefined
  /** When Alipay got it, the last time. */
  arrivedAt: Instant | undefined
  /** Whether it is under way to Alipay, who has not got it yet. */
  isUnderWay: boolean
  /** What the answer said, where one was read. */
  answer: Answer | undefined
  forgetDeath: () => void
}

/** Refunds of one trade are at least this far apart. */
const REFUND_SPACING_MS = 3_000

/** A cancel follows a query's answer by less than this. */
const FRESH_MS = 2_000

/** A call is given up after this. */
const CALL_MAX_MS = 12_000

/** Who wants to know what is under way. */
export type CallListener = (moment: 'sent' | 'arrived' | 'answered', call: CallRecord) => void

/** The calls of one simulation. */
export class CallLog {
  readonly #time: VirtualTime
  readonly #history: History
  readonly #violations: Violations
  readonly #byTrade = new Map<string, CallRecord[]>()
  readonly #contents = new Map<string, string>()
  readonly #sends = new Map<string, number[]>()
  readonly #listeners: CallListener[] = []
  #count = 0

  constructor(time: VirtualTime, history: History, violations: Violations) {
    this.#time = time
    this.#history = history
    this.#violations = violations
  }

  /** Calls that were begun. */
  get count(): number {
    return this.#count
  }

  listen(listener: CallListener): void {
    this.#listeners.push(listener)
  }

  /** The calls about one trade, oldest first. */
  of(outTradeNo: string): readonly CallRecord[] {
    return this.#byTrade.get(outTradeNo) ?? []
  }

  /** When calls of each process were sent, for the rates. */
  sends(): ReadonlyMap<string, readonly number[]> {
    return this.#sends
  }

  begin(process: Process, method: CalledMethod, request: object): CallRecord {
    this.#count += 1
    const { out_trade_no: outTradeNo = '', out_request_no: outRequestNo } = request as {
      readonly out_trade_no?: string
      readonly out_request_no?: string
    }
    const record: CallRecord = {
      process,
      method,
      outTradeNo,
      outRequestNo,
      sentAtMs: undefined,
      endedAtMs: undefined,
      arrivedAt: undefined,
      isUnderWay: false,
      answer: undefined,
      forgetDeath: process.onDeath(() => this.#end(record)),
    }
    const calls = this.#byTrade.get(outTradeNo) ?? []
    this.#byTrade.set(outTradeNo, calls)
    calls.push(record)
    if (method === 'precreate') this.#checkContent(outTradeNo, JSON.stringify(request))
    if (method === 'pay' && calls.some((other) => other !== record && other.method === 'pay')) {
      this.#violations.add('I7', outTradeNo, 'a code of a buyer was sent twice')
    }
    if (calls.some((other) => isOtherWay(other.method, method))) {
      this.#violations.add('I7', outTradeNo, 'one number was sold by both kinds of codes')
    }
    return record
  }

  sent(record: CallRecord, willArrive: boolean): void {
    const { process, method } = record
    record.sentAtMs = this.#time.elapsedMs
    record.isUnderWay = willArrive
    const sends = this.#sends.get(process.name) ?? []
    this.#sends.set(process.name, sends)
    sends.push(record.sentAtMs)
    this.#note(record, 'sent')
    if (method === 'cancel') this.#checkCancel(record)
    if (method === 'refund') this.#checkRefund(record)
    this.#tell('sent', record)
  }

  arrived(record: CallRecord, { answer, fault }: Arrival): void {
    record.isUnderWay = false
    record.arrivedAt = this.#time.now()
    const says = answer === undefined ? 'lost' : (answer.sub_code ?? answer.code)
    this.#note(record, `arrives: ${says}${fault === undefined ? '' : ` (fault ${fault})`}`)
    this.#tell('arrived', record)
  }

  answered(record: CallRecord, answer: Answer): void {
    record.answer = answer
  }

  ended(record: CallRecord, outcome: string): void {
    this.#end(record)
    this.#note(record, `ends: ${outcome}`)
    this.#tell('answered', record)
  }

  #end(record: CallRecord): void {
    record.endedAtMs ??= this.#time.elapsedMs
    record.forgetDeath()
  }

  #note({ process, method, outTradeNo, outRequestNo }: CallRecord, text: string): void {
    const number = outRequestNo === undefined ? '' : ` ${outRequestNo.slice(0, 8)}`
    this.#history.note(process.name, outTradeNo, `call ${method}${number} ${text}`)
  }

  #tell(moment: Parameters<CallListener>[0], record: CallRecord): void {
    for (const listener of this.#listeners) listener(moment, record)
  }

  #checkContent(outTradeNo: string, content: string): void {
    const before = this.#contents.get(outTradeNo)
    this.#contents.set(outTradeNo, content)
    if (before !== undefined && before !== content) {
      this.#violations.add('I7', outTradeNo, `precreated as ${content}, before as ${before}`)
    }
  }

  /** Never without a fresh answer that nobody has paid, never beside another one. */
  #checkCancel(record: CallRecord): void {
    const { process, outTradeNo } = record
    const nowMs = this.#time.elapsedMs
    const calls = this.of(outTradeNo)
    const isFresh = calls.some(
      (call) =>
        call.method === 'query' &&
        call.process === process &&
        call.endedAtMs !== undefined &&
        nowMs - call.endedAtMs < FRESH_MS &&
        saysUnpaid(call.answer),
    )
    if (!isFresh) {
      this.#violations.add('I3', outTradeNo, 'a cancel without an answer of the last 2 s')
    }
    for (const other of calls) {
      if (other !== record && other.method === 'cancel' && isOpen(other, nowMs)) {
        this.#violations.add('I3', outTradeNo, `a cancel beside that of ${other.process.name}`)
      }
    }
  }

  /** One after the other, 3 s apart. */
  #checkRefund(record: CallRecord): void {
    const { outTradeNo } = record
    const nowMs = this.#time.elapsedMs
    for (const other of this.of(outTradeNo)) {
      if (other === record || other.method !== 'refund' || other.sentAtMs === undefined) continue
      if (isOpen(other, nowMs)) {
        this.#violations.add('I6', outTradeNo, `a refund beside that of ${other.process.name}`)
      } else if (nowMs - other.sentAtMs < REFUND_SPACING_MS) {
        const ms = nowMs - other.sentAtMs
        this.#violations.add('I6', outTradeNo, `a refund ${ms} ms after the one before`)
      }
    }
  }
}

/**
 * Whether somebody waits for the answer, or Alipay for the request. Who stands still for longer
 * than any call takes knows of no answer, though it was given.
 */
function isOpen({ sentAtMs, endedAtMs, isUnderWay, process }: CallRecord, nowMs: number): boolean {
  if (sentAtMs === undefined || !process.isAlive) return false
  return isUnderWay || (endedAtMs === undefined && nowMs - sentAtMs < CALL_MAX_MS)
}

function isOtherWay(one: CalledMethod, other: CalledMethod): boolean {
  return (one === 'pay' && other === 'precreate') || (one === 'precreate' && other === 'pay')
}

function saysUnpaid(answer: Answer | undefined): boolean {
  return (
    answer?.sub_code === 'ACQ.TRADE_NOT_EXIST' ||
    (answer?.code === '10000' && answer.fields['trade_status'] === 'WAIT_BUYER_PAY')
  )
}
