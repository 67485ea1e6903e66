/**
 * `gateway.do`: a request is read, checked, carried out and answered, and on the way things may go
 * wrong on purpose.
 *
 * @module
 */

import { setTimeout as sleep } from 'node:timers/promises'
import type { Instant } from '../alipay/time.ts'
import { ConnectionCut } from './connection-cut.ts'
import type { Faults, Strike, Target } from './faults.ts'
import { type AnswerForm, writeAnswer } from './gateway-answer.ts'
import {
  type GatewayVerdict,
  checkRequest,
  isKnownApp,
  problem,
  signTypeOf,
} from './gateway-checks.ts'
import { type GatewayRequest, readGatewayRequest } from './gateway-request.ts'
import { httpDate } from './http-date.ts'
import { BizRefused } from './methods/biz-content.ts'
import { type Answer, fail, succeed } from './methods/method.ts'
import { tradeNotExist } from './methods/query.ts'
import type { Notifications } from './notifications.ts'
import { type World, findTrade } from './world.ts'

/** A call of the gateway, for people to look at. */
export interface GatewayLogEntry {
  readonly time: Instant
  readonly method: string | undefined
  readonly out_trade_no: string | undefined
  /** What was answered; `undefined` where the connection was cut. */
  readonly code: string | undefined
  readonly sub_code: string | undefined
  readonly fault: string | undefined
}

/** What the gateway needs beside the world. */
export interface GatewayParts {
  readonly world: World
  readonly faults: Faults
  readonly notifications: Notifications
  /** Told of every call. */
  log(entry: GatewayLogEntry): void
}

/**
 * Answers one request.
 *
 * @throws {ConnectionCut} Where a fault has it that there is no answer.
 */
export async function handleGatewayRequest(
  parts: GatewayParts,
  incoming: Request,
): Promise<Response> {
  const { world, faults } = parts
  const request = await readGatewayRequest(incoming)
  const verdict = checkRequest(world, request)
  const target = targetOf(world, request, verdict)
  const strike = verdict.status === 'accepted' ? faults.strike('gateway', target) : undefined
  const log = (answer?: Answer) =>
    parts.log({
      time: world.clock.now(),
      method: request.params['method'],
      out_trade_no: target.out_trade_no,
      code: answer?.code,
      sub_code: answer?.sub_code,
      fault: strike?.name,
    })
  if (strike?.name === 'request-lost') {
    log()
    throw new ConnectionCut(strike.name)
  }
  if (strike?.name === 'certificate-rollover') await world.keys.rollOver()
  const answer = carryOut(world, verdict, target, strike)
  if (verdict.status === 'accepted') await deliverFirst(parts, target)
  if (strike?.name === 'delay') await sleep(strike.delay_ms ?? 1000)
  if (strike?.name === 'answer-lost') {
    log()
    throw new ConnectionCut(strike.name)
  }
  log(answer)
  return respond(world, request, answer, strike)
}

function targetOf(world: World, { params }: GatewayRequest, verdict: GatewayVerdict): Target {
  const { method } = params
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

function carryOut(
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

/** The fault `before-answer`: what the call has to tell by notification is delivered first. */
async function deliverFirst(parts: GatewayParts, target: Target): Promise<void> {
  const { notifications, faults } = parts
  if (!faults.active().some(({ name }) => name === 'before-answer')) return
  const unsent = notifications.unsent(target.out_trade_no)
  if (unsent.length === 0) return
  const strike = faults.strike('notification', target, ['before-answer'])
  if (strike !== undefined) await notifications.deliver(unsent)
}

async function respond(
  world: World,
  request: GatewayRequest,
  answer: Answer,
  strike: Strike | undefined,
): Promise<Response> {
  const fault = strike?.name
  if (fault === 'html-502') return badGateway()
  const form = answerForm(world, request, answer, fault)
  const body = await writeAnswer(answer, form, world.state.settings)
  return new Response(fault === 'truncated' ? body.subarray(0, body.length / 2) : body, {
    headers: {
      'content-type': `text/html;charset=${form.charset}`,
      date: httpDate(world.clock.now()),
      trace_id: world.numbers.traceId(),
    },
  })
}

function answerForm(
  world: World,
  { params, charset }: GatewayRequest,
  answer: Answer,
  fault: string | undefined,
): AnswerForm {
  const isSigned = isKnownApp(world, params) && fault !== 'unsigned'
  const mode = (params['app_cert_sn'] ?? '') === '' ? 'key' : 'certificate'
  const isEncrypted = params['encrypt_type'] === 'AES' && BUSINESS_CODES.has(answer.code)
  return {
    root: fault === 'error-response-root' ? 'error_response' : rootName(params['method'] ?? ''),
    charset,
    alipay: isSigned ? world.keys.signerFor(mode, signTypeOf(params)) : undefined,
    encryptKey: isEncrypted ? world.keys.credentials.encrypt_key : undefined,
    isWronglySigned: fault === 'wrong-signature',
    isSpaced: fault === 'envelope-spaces',
  }
}

/** What methods answer; the gateway's own refusals are never encrypted. */
const BUSINESS_CODES: ReadonlySet<string> = new Set(['10000', '10003', '40004'])

/** What cannot be the name of a method is answered under `error_response`. */
function rootName(method: string): string {
  const isName = /^[a-z][a-z0-9]*(\.[a-z0-9]+)+$/.test(method)
  return isName ? `${method.replaceAll('.', '_')}_response` : 'error_response'
}

function badGateway(): Response {
  const page =
    '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n' +
    '<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>Tengine</center>\r\n</body>\r\n</html>\r\n'
  return new Response(page, { status: 502, headers: { 'content-type': 'text/html' } })
}
