/**
 * The gateway as one node sees it: Alipay behind a network that delays, loses and doubles. Answers
 * and errors are those that the real client makes, but for the signatures, which are only said to
 * be right or wrong.
 *
 * @module
 */

import { acceptAnswer } from '../../src/alipay/answer.ts'
import {
  GatewayUnreachable,
  MessageMalformed,
  SignatureInvalid,
  type CallOptions,
  type ClockObservation,
  type GatewayClock,
} from '../../src/alipay/index.ts'
import type { CommonAnswer } from '../../src/alipay/method.ts'
import { keepRawText } from '../../src/alipay/raw-text.ts'
import type { Answer } from '../../src/emulator/methods/method.ts'
import type { Gateway } from '../../src/payments/gateway-calls.ts'
import { APP_ID, type AlipaySide, type Arrival } from './alipay-side.ts'
import type { CallLog, CallRecord } from './call-log.ts'
import type { Coverage } from './coverage.ts'
import type { Draw } from './draw.ts'
import type { Process } from './process.ts'
import { wholeSecond, type VirtualTime } from './virtual-time.ts'
import type { Weather } from './weather.ts'

/** What one node's gateway is made of. */
export interface FaultyGatewayOptions {
  readonly alipay: AlipaySide
  readonly process: Process
  readonly clock: GatewayClock
  readonly time: VirtualTime
  readonly weather: Weather
  readonly draw: Draw
  readonly calls: CallLog
  readonly coverage: Coverage
}

/** The methods of the engine by Alipay's names. */
const METHODS = {
  precreate: 'alipay.trade.precreate',
  pay: 'alipay.trade.pay',
  query: 'alipay.trade.query',
  cancel: 'alipay.trade.cancel',
  close: 'alipay.trade.close',
  refund: 'alipay.trade.refund',
  refundQuery: 'alipay.trade.fastpay.refund.query',
} as const

/** What the engine can call. */
export type CalledMethod = keyof typeof METHODS

/** Wraps Alipay for one process. */
export function createFaultyGateway(options: FaultyGatewayOptions): Gateway {
  const of = (method: CalledMethod) => (request: object, call?: CallOptions) =>
    exchange(options, method, request, call ?? {})
  return {
    appId: APP_ID,
    clock: options.clock,
    trade: {
      precreate: of('precreate'),
      pay: of('pay'),
      query: of('query'),
      cancel: of('cancel'),
      close: of('close'),
      refund: of('refund'),
      refundQuery: of('refundQuery'),
    } as Gateway['trade'],
  }
}

function exchange(
  { alipay, process, clock, time, weather, draw, calls, coverage }: FaultyGatewayOptions,
  method: CalledMethod,
  request: object,
  { timeoutMs = 15_000, notifyUrl, isStillWanted }: CallOptions,
): Promise<CommonAnswer> {
  const passage = weather.passage(process.node)
  const record = calls.begin(process, method, request)
  return new Promise((resolve, reject) => {
    let isOver = false
    const end = (outcome: string, settle: () => void): void => {
      if (isOver) return
      isOver = true
      timer.cancel()
      calls.ended(record, outcome)
      settle()
    }
    const fail = (error: Error): void => end(describe(error), () => reject(error))
    const timer = process.after(timeoutMs, () => {
      coverage.hit('network', 'time-out')
      fail(new GatewayUnreachable('timeout', `No answer in ${timeoutMs} ms.`))
    })

    process.after(passage.toSendMs, () => {
      if (isOver) return
      if (passage.isRefused) {
        coverage.hit('network', 'no connection')
        return fail(new GatewayUnreachable('connect', 'No connection. Nothing was sent.'))
      }
      if (isStillWanted?.() === false) {
        coverage.hit('network', 'withdrawn')
        return fail(new GatewayUnreachable('withdrawn', 'It was not wanted any more.'))
      }
      const sentAtMs = clock.monotonicMs()
      calls.sent(record, passage.toEffectMs !== undefined)
      if (passage.toEffectMs === undefined) return coverage.hit('network', 'request lost')
      time.after(passage.toEffectMs, () => {
        const arrival = arrive()
        if (passage.againMs === undefined) return bringBack(arrival, sentAtMs)
        coverage.hit('network', 'request doubled')
        // Whoever sends a request again answers with what came of the last one: no cancel arrives
        // after its answer.
        if (method !== 'cancel') bringBack(arrival, sentAtMs)
        time.after(passage.againMs, () => {
          const again = arrive()
          if (method === 'cancel') bringBack(again, sentAtMs)
        })
      })
    })

    const bringBack = (arrival: Arrival, sentAtMs: number): void => {
      if (passage.backMs === undefined) return coverage.hit('network', 'answer lost')
      const date = wholeSecond(time.now())
      process.after(passage.backMs, () => {
        if (!isOver) receive(arrival, { date, sentAtMs })
      })
    }

    /** The request is there: once, or twice. */
    const arrive = (): Arrival => {
      const arrival = alipay.arrive(METHODS[method], request, notifyUrl)
      calls.arrived(record, arrival)
      return arrival
    }

    const receive = (
      { answer, fault }: Arrival,
      { date, sentAtMs }: Pick<ClockObservation, 'date' | 'sentAtMs'>,
    ): void => {
      if (answer === undefined || fault === 'answer-lost') {
        // A cut connection is noticed at once, or not before the time is over.
        if (draw.chance(0.5)) fail(new GatewayUnreachable('interrupted', 'The connection broke.'))
        return
      }
      if (fault === 'html-502') {
        return fail(new GatewayUnreachable('http_status', 'HTTP status 502.', { status: 502 }))
      }
      clock.observe({ date, sentAtMs, receivedAtMs: clock.monotonicMs() })
      const error = unreadable(fault)
      if (error !== undefined) return fail(error)
      calls.answered(record, answer)
      end(outcomeOf(answer), () => {
        try {
          resolve(acceptAnswer(toNode(answer), { method: METHODS[method], traceId: undefined }))
        } catch (refusal) {
          reject(refusal)
        }
      })
    }
  })
}

/** What the real client throws at an answer that nobody may believe. */
function unreadable(fault: string | undefined): Error | undefined {
  switch (fault) {
    case 'wrong-signature':
      return new SignatureInvalid('wrong_key', 'The answer was not signed by Alipay’s key.')
    case 'unsigned':
      return new SignatureInvalid('no_signature', 'The answer has no signature.')
    case 'truncated':
      return new MessageMalformed('The answer is not a whole JSON object.')
    default:
      return undefined
  }
}

/** As it is after the way over the wire: members that are not there are absent. */
function toNode({ fields, ...head }: Answer): CommonAnswer {
  const text = JSON.stringify({ ...head, ...fields })
  return keepRawText(JSON.parse(text) as CommonAnswer, text)
}

function outcomeOf({ code, sub_code: subCode, fields }: Answer): string {
  const told = ['trade_status', 'action', 'retry_flag', 'fund_change', 'refund_status']
    .filter((name) => fields[name] !== undefined)
    .map((name) => `${name}=${String(fields[name])}`)
  return [code, ...(subCode === undefined ? [] : [subCode]), ...told].join(' ')
}

function describe(error: Error): string {
  return error instanceof GatewayUnreachable ? error.stage : error.name
}

export type { CallRecord }
