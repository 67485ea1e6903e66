/**
 * What a request does: the method runs, or a fault has something else told. Nothing here signs,
 * waits or is sent.
 *
 * @module
 */

import type { Strike, Target } from './faults.ts'
import { type GatewayVerdict, problem } from './gateway-checks.ts'
import { BizRefused } from './methods/biz-content.ts'
import { type Answer, fail, succeed } from './methods/method.ts'
import { tradeNotExist } from './methods/query.ts'
import { type World, findTrade } from './world.ts'

/** What a request looks like to the faults. */
export function targetOf(
  world: World,
  method: string | undefined,
  verdict: GatewayVerdict,
): Target {
  if (verdict.status === 'refused') return { method }
  const [trade_no, out_trade_no] = ['trade_no', 'out_trade_no'].map((name) => {
    const value = verdict.call.biz.raw(name)
    return typeof value === 'string' ? value : undefined
  })
  const trade = findTrade(world, { trade_no, out_trade_no })
  return {
    method,
    out_trade_no: trade?.order.out_trade_no ?? out_trade_no,
    tradeAgeMs: trade === undefined ? undefined : world.clock.now() - trade.created_at,
  }
}

/**
 * Carries a request out, once, unless a fault has it answered without; and answers what a fault has
 * it answer. Whether the answer arrives is not decided here.
 */
export function carryOut(
  world: World,
  verdict: GatewayVerdict,
  { out_trade_no }: Target,
  strike: Strike | undefined,
): Answer {
  if (verdict.status === 'refused') return verdict.answer
  return (
    answerInstead(out_trade_no, strike) ??
    answerAfter(runMethod(world, verdict), out_trade_no, strike)
  )
}

function runMethod(
  world: World,
  { method, call }: GatewayVerdict & { status: 'accepted' },
): Answer {
  try {
    return method(world, call)
  } catch (error) {
    if (error instanceof BizRefused) return fail(error.refusal)
    throw error
  }
}

/** Faults that keep the request from being carried out. */
function answerInstead(
  out_trade_no: string | undefined,
  strike: Strike | undefined,
): Answer | undefined {
  switch (strike?.name ?? '') {
    case 'unknown-error-before':
      return UNKNOWN_ERROR
    case 'system-error-before':
      return fail('ACQ.SYSTEM_ERROR', { out_trade_no })
    case 'rate-limit':
      return problem('40005', 'isv.app-call-limited', '应用调用次数超限，包含调用频率超限')
    case 'retry-flag':
      return fail('ACQ.SYSTEM_ERROR', { out_trade_no, retry_flag: 'Y' })
    case 'refund-query-empty':
      return succeed({})
    case 'trade-not-exist':
      return tradeNotExist({ out_trade_no })
    default:
      return undefined
  }
}

/** Faults that tell something else than what was done. */
function answerAfter(
  answer: Answer,
  out_trade_no: string | undefined,
  strike: Strike | undefined,
): Answer {
  switch (strike?.name ?? '') {
    case 'unknown-error-after':
      return UNKNOWN_ERROR
    case 'system-error-after':
      return fail('ACQ.SYSTEM_ERROR', { out_trade_no })
    case 'fund-change-n':
      return answer.code === '10000'
        ? { ...answer, fields: { ...answer.fields, fund_change: 'N', send_back_fee: '0.00' } }
        : answer
    default:
      return answer
  }
}

const UNKNOWN_ERROR = problem('20000', 'isp.unknow-error', '服务暂不可用（业务系统不可用）')
