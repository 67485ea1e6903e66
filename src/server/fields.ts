/**
 * The fields that requests of the merchant API may have, with the messages that are given when they
 * are wrong.
 *
 * @module
 */
import { z } from 'zod'
import { toFen } from '../alipay/index.ts'
import { AMOUNT_MAX, DEADLINE_MAX_MS, DEADLINE_MIN_MS } from '../payments/index.ts'

const EXPIRES_IN_MIN = DEADLINE_MIN_MS / 1000
const EXPIRES_IN_MAX = DEADLINE_MAX_MS / 1000

const AMOUNT = `amount is a whole number of fen (1 yuan = 100), from 1 to ${AMOUNT_MAX}`
const EXPIRES_IN = `expires_in is a whole number of seconds, from ${EXPIRES_IN_MIN} to ${EXPIRES_IN_MAX}`
const OUT_TRADE_NO = 'out_trade_no has 1 to 64 letters, digits and underscores'
const RETURN_URL = 'return_url is an http or https address of at most 2048 characters'
const LIMIT = 'limit is a whole number from 1 to 100'

const amount = z
  .number(AMOUNT)
  .int(AMOUNT)
  .min(1, AMOUNT)
  .max(AMOUNT_MAX, AMOUNT)
  .transform((fen) => toFen(fen))

/** The body of `POST /v1/payments`. */
export const createPaymentFields = z.strictObject({
  amount,
  subject: text('subject', 256),
  reference: text('reference', 128).optional(),
  out_trade_no: z
    .string(OUT_TRADE_NO)
    .regex(/^\w{1,64}$/, OUT_TRADE_NO)
    .optional(),
  expires_in: z
    .number(EXPIRES_IN)
    .int(EXPIRES_IN)
    .min(EXPIRES_IN_MIN, EXPIRES_IN)
    .max(EXPIRES_IN_MAX, EXPIRES_IN)
    .optional(),
  return_url: z
    .string(RETURN_URL)
    .max(2048, RETURN_URL)
    .refine((url) => URL.canParse(url) && /^https?:\/\//.test(url), RETURN_URL)
    .optional(),
})

/** The body of `POST /v1/refunds`. */
export const createRefundFields = z.strictObject({
  payment: text('payment', 64),
  amount: amount.optional(),
  reference: text('reference', 128).optional(),
  reason: text('reason', 256).optional(),
})

/** The query of `GET /v1/payments`. */
export const listPaymentsFields = z.strictObject({
  reference: text('reference', 128).optional(),
  limit: z.coerce.number(LIMIT).int(LIMIT).min(1, LIMIT).max(100, LIMIT).default(10),
  starting_after: text('starting_after', 64).optional(),
})

/** For routes that take nothing. */
export const noFields = z.strictObject({})

/** Characters are counted as Alipay's Java does: one outside Unicode's first plane counts two. */
function text(name: string, max: number) {
  const message = `${name} is text of 1 to ${max} characters, not blank, without control characters`
  return z
    .string(message)
    .max(max, message)
    .refine((value) => value.trim() !== '' && !/[\p{Cc}\p{Cs}]/u.test(value), message)
}
