/**
 * `gateway.do`: a request is read, checked, carried out and answered, and on the way things may go
 * wrong on purpose.
 *
 * @module
 */

import { setTimeout as sleep } from 'node:timers/promises'
import type { Instant } from '../alipay/time.ts'
import { carryOut, targetOf } from './carry-out.ts'
import { ConnectionCut } from './connection-cut.ts'
import type { Faults, Strike, Target } from './faults.ts'
import { type AnswerForm, writeAnswer } from './gateway-answer.ts'
import { checkRequest, isKnownApp, signTypeOf } from './gateway-checks.ts'
import { type GatewayRequest, readGatewayRequest } from './gateway-request.ts'
import { httpDate } from './http-date.ts'
import type { Answer } from './methods/method.ts'
import type { Notifications } from './notifications.ts'
import type { World } from './world.ts'

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
  const target = targetOf(world, request.params['method'], verdict)
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
  if (fault === 'html-502') return badGateway(world)
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

function badGateway(world: World): Response {
  const page =
    '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n' +
    '<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>Tengine</center>\r\n</body>\r\n</html>\r\n'
  const date = httpDate(world.clock.now())
  return new Response(page, { status: 502, headers: { 'content-type': 'text/html', date } })
}
