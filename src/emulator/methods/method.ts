/**
 * What a method of the gateway is: a function from a checked request to the business part of an
 * answer.
 *
 * @module
 */

import type { Charset } from '../../alipay/charset.ts'
import type { SignType } from '../../alipay/keys.ts'
import type { KeyMode } from '../records.ts'
import { type Refusal, type SubCode, refuse } from '../refusals.ts'
import type { World } from '../world.ts'
import type { BizContent } from './biz-content.ts'

/** A request that has passed the checks of the gateway. */
export interface MethodCall {
  readonly biz: BizContent
  readonly app_id: string
  readonly charset: Charset
  readonly sign_type: SignType
  readonly mode: KeyMode
  readonly notify_url?: string | undefined
}

/** The node of an answer, before it is put in order. Fields that are `undefined` are left out. */
export interface Answer {
  readonly code: string
  readonly msg: string
  readonly sub_code?: string | undefined
  readonly sub_msg?: string | undefined
  readonly fields: Readonly<Record<string, unknown>>
}

/**
 * Runs from reading to writing without a pause, so that two requests never come between one
 * another.
 */
export type Method = (world: World, call: MethodCall) => Answer

/** The answer 10000. */
export function succeed(fields: Readonly<Record<string, unknown>>): Answer {
  return { code: '10000', msg: 'Success', fields }
}

/** The answer 40004. Alipay's refusals carry some business fields too. */
export function fail(
  refusal: Refusal | SubCode,
  fields: Readonly<Record<string, unknown>> = {},
): Answer {
  const { sub_code, sub_msg } = typeof refusal === 'string' ? refuse(refusal) : refusal
  return { code: '40004', msg: 'Business Failed', sub_code, sub_msg, fields }
}
