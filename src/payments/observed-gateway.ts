/**
 * The gateway, watched: every call is a span, and is told to who counts.
 *
 * @module
 */

import { performance } from 'node:perf_hooks'
import { SpanKind } from '@opentelemetry/api'
import {
  AlipayError,
  precreate,
  RequestRefused,
  tradeCancel,
  tradeClose,
  tradePay,
  tradeQuery,
  tradeRefund,
  tradeRefundQuery,
  type CommonAnswer,
  type Outcome,
} from '../alipay/index.ts'
import type { Gateway } from './gateway-calls.ts'
import { traced } from './tracing.ts'

/** A call of the gateway that is over. */
export interface ObservedCall {
  /** Alipay's name, e.g. `alipay.trade.query`. */
  readonly method: string
  /** What may be concluded of it. */
  readonly outcome: Outcome
  /**
   * `10000` or `10003` of an answer; Alipay's sub code of a refusal, e.g. `ACQ.TRADE_NOT_EXIST`;
   * the error's code, e.g. `ERR_ALIPAY_UNREACHABLE`, where there was no answer to believe.
   */
  readonly code: string
  /** Whether an answer came that is proven to be Alipay's. */
  readonly isVerified: boolean
  readonly durationMs: number
}

/** Is told of each call that is over; does not throw. */
export type CallObserver = (call: ObservedCall) => void

/** Makes a call under a span, and tells of it. Rejects as the call does. */
export function observeCall<Answer extends Pick<CommonAnswer, 'code'>>(
  method: string,
  onCall: CallObserver,
  call: () => Promise<Answer>,
): Promise<Answer> {
  return traced(method, { kind: SpanKind.CLIENT }, async (span) => {
    const begunMs = performance.now()
    const note = (seen: Pick<ObservedCall, 'outcome' | 'code' | 'isVerified'>): void => {
      span.setAttributes({ 'saoma.outcome': seen.outcome, 'alipay.code': seen.code })
      onCall({ method, ...seen, durationMs: performance.now() - begunMs })
    }
    try {
      const answer = await call()
      note({ outcome: 'applied', code: answer.code, isVerified: true })
      return answer
    } catch (error) {
      note(seenIn(error))
      throw error
    }
  })
}

/** Watches the calls of a gateway. */
export function observeGateway(gateway: Gateway, onCall: CallObserver): Gateway {
  const { trade } = gateway
  const observed =
    <Args extends readonly unknown[], Answer extends Pick<CommonAnswer, 'code'>>(
      method: string,
      call: (...args: Args) => Promise<Answer>,
    ) =>
    (...args: Args): Promise<Answer> =>
      observeCall(method, onCall, () => call(...args))
  return {
    ...gateway,
    trade: {
      precreate: observed(precreate.name, (...args) => trade.precreate(...args)),
      pay: observed(tradePay.name, (...args) => trade.pay(...args)),
      query: observed(tradeQuery.name, (...args) => trade.query(...args)),
      cancel: observed(tradeCancel.name, (...args) => trade.cancel(...args)),
      close: observed(tradeClose.name, (...args) => trade.close(...args)),
      refund: observed(tradeRefund.name, (...args) => trade.refund(...args)),
      refundQuery: observed(tradeRefundQuery.name, (...args) => trade.refundQuery(...args)),
    },
  }
}

function seenIn(error: unknown): Pick<ObservedCall, 'outcome' | 'code' | 'isVerified'> {
  if (error instanceof RequestRefused) {
    const { outcome, subCode, alipayCode } = error
    return { outcome, code: subCode === '' ? alipayCode : subCode, isVerified: true }
  }
  return error instanceof AlipayError
    ? { outcome: error.outcome, code: error.code, isVerified: false }
    : { outcome: 'unknown', code: 'ERR_UNEXPECTED', isVerified: false }
}
