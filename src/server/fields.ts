/**
 * The fields that requests of the merchant API may have, with the messages that are given when they
 * are wrong.
 *
 * @module
 */
import { z } from 'zod'
import { AUDIT_ACTIONS } from '../access/index.ts'
import { ALARM_KINDS, type AlarmKind } from '../alarms/index.ts'
import { toFen, toInstant } from '../alipay/index.ts'
import { BILL_TYPES } from '../books/index.ts'
import {
  AMOUNT_MAX,
  AUTH_CODE,
  DEADLINE_MAX_MS,
  DEADLINE_MIN_MS,
  METADATA_KEY_MAX,
  METADATA_KEYS_MAX,
  METADATA_VALUE_MAX,
  OPERATOR_ID_MAX,
  STORE_ID_MAX,
  TERMINAL_ID_MAX,
} from '../payments/index.ts'
import { isEventType, SECRET_OVERLAP_MAX_MS } from '../webhooks/index.ts'
import { expandField } from './expand.ts'
import { paymentStatus, refundStatus, scopes } from './schemas.ts'

const EXPIRES_IN_MIN = DEADLINE_MIN_MS / 1000
const EXPIRES_IN_MAX = DEADLINE_MAX_MS / 1000
const OVERLAP_MAX = SECRET_OVERLAP_MAX_MS / 1000

const AMOUNT = `amount is a whole number of fen (1 yuan = 100), from 1 to ${AMOUNT_MAX}`
const AUTH_CODE_TEXT =
  'auth_code is the payment code of the buyer’s app: 16 to 24 digits, of which the first two are 25 to 30'
const EXPIRES_IN = `expires_in is a whole number of seconds, from ${EXPIRES_IN_MIN} to ${EXPIRES_IN_MAX}`
const OUT_TRADE_NO = 'out_trade_no has 1 to 64 letters, digits and underscores'
const RETURN_URL = 'return_url is an http or https address of at most 2048 characters'
const METADATA = `metadata has at most ${METADATA_KEYS_MAX} names of 1 to ${METADATA_KEY_MAX} characters, each with a text of at most ${METADATA_VALUE_MAX}`
const LIMIT = 'limit is a whole number from 1 to 100'
const OVERLAP = `overlap is a whole number of seconds, from 0 to ${OVERLAP_MAX}`

const amount = z
  .number(AMOUNT)
  .int(AMOUNT)
  .min(1, AMOUNT)
  .max(AMOUNT_MAX, AMOUNT)
  .describe('Whole fen: 100 are 1 yuan')
  .transform((fen) => toFen(fen))

const metadata = z
  .record(
    z
      .string(METADATA)
      .min(1, METADATA)
      .max(METADATA_KEY_MAX, METADATA)
      .regex(/^[^\p{Cc}\p{Cs}]*$/u, METADATA),
    z.string(METADATA).max(METADATA_VALUE_MAX, METADATA),
    METADATA,
  )
  .refine((names) => Object.keys(names).length <= METADATA_KEYS_MAX, METADATA)
  .describe('Your own names and values, given back with each answer and event')

/** The body of `POST /v1/payments`. */
export const createPaymentFields = z
  .strictObject({
    amount,
    subject: text('subject', 256).describe('What the buyer sees'),
    reference: text('reference', 128)
      .optional()
      .describe('Your name for the sale: one reference is paid once'),
    out_trade_no: z
      .string(OUT_TRADE_NO)
      .regex(/^\w{1,64}$/, OUT_TRADE_NO)
      .optional()
      .describe('The number that Alipay shall know it by; by default one is made'),
    auth_code: z
      .string(AUTH_CODE_TEXT)
      .regex(AUTH_CODE, AUTH_CODE_TEXT)
      .optional()
      .meta({ writeOnly: true })
      .describe(
        'The payment code that the buyer shows (付款码), as the till scanned it: sent to Alipay once, stored nowhere',
      ),
    expires_in: z
      .number(EXPIRES_IN)
      .int(EXPIRES_IN)
      .min(EXPIRES_IN_MIN, EXPIRES_IN)
      .max(EXPIRES_IN_MAX, EXPIRES_IN)
      .optional()
      .describe('Seconds that the buyer is given, by default 300; with `auth_code` always 60'),
    return_url: z
      .string(RETURN_URL)
      .max(2048, RETURN_URL)
      .refine((url) => URL.canParse(url) && /^https?:\/\//.test(url), RETURN_URL)
      .optional()
      .describe('Where the cashier page leads when it is over'),
    metadata: metadata.optional(),
    store_id: text('store_id', STORE_ID_MAX).optional().describe('Your shop (商户门店编号)'),
    operator_id: text('operator_id', OPERATOR_ID_MAX)
      .optional()
      .describe('Your cashier (商户操作员编号)'),
    terminal_id: text('terminal_id', TERMINAL_ID_MAX)
      .optional()
      .describe('Your till (商户机具终端编号)'),
    instead_of: text('instead_of', 64)
      .optional()
      .describe(
        'The open payment of the same reference that this one takes the place of: it is canceled first, and this one made only if nobody has paid it',
      ),
    retry_allowed: z
      .boolean('retry_allowed is true or false')
      .optional()
      .describe('Whether the cashier page may offer a new code after the end; needs a reference'),
  })
  .refine(({ retry_allowed: isAllowed, reference }) => !isAllowed || reference !== undefined, {
    path: ['reference'],
    message: 'retry_allowed needs a reference: it keeps the sale from being paid twice',
  })
  .refine(
    ({ auth_code: code, expires_in: seconds }) => code === undefined || seconds === undefined,
    {
      path: ['expires_in'],
      message:
        'expires_in does not go with auth_code: that buyer stands at the till, and has 60 seconds',
    },
  )

/** The body of `POST /v1/refunds`. */
export const createRefundFields = z.strictObject({
  payment: text('payment', 64).describe('Its id'),
  amount: amount.optional().describe('Whole fen; by default all that is left'),
  reference: text('reference', 128)
    .optional()
    .describe('Your name for the refund: a repeat is the same refund'),
  reason: text('reason', 256).optional().describe('Alipay’s bill repeats it'),
  metadata: metadata.optional(),
})

const limit = z.coerce
  .number(LIMIT)
  .int(LIMIT)
  .min(1, LIMIT)
  .max(100, LIMIT)
  .default(10)
  .describe('Objects of a page, 1 to 100')
const startingAfter = text('starting_after', 64)
  .optional()
  .describe('The last id of the page before')

/** The query of lists that only have pages. */
export const pageFields = z.strictObject({ limit, starting_after: startingAfter })

/** The query of `GET /v1/payments/{id}`. */
export const getPaymentFields = z.strictObject({ 'expand[]': expandField('refunds') })

/** The query of `GET /v1/payments`. */
export const listPaymentsFields = z.strictObject({
  reference: text('reference', 128).optional(),
  status: paymentStatus.optional(),
  amount: z.coerce
    .number(AMOUNT)
    .int(AMOUNT)
    .min(1, AMOUNT)
    .max(AMOUNT_MAX, AMOUNT)
    .transform((fen) => toFen(fen))
    .optional(),
  created_from: instant('created_from').optional().describe('Created then or later, RFC 3339'),
  created_before: instant('created_before').optional().describe('Created before then, RFC 3339'),
  in_review: flag('in_review').optional().describe('Only those that a person has to look at'),
  q: text('q', 128)
    .optional()
    .describe(
      'An id or number of yours, ours or Alipay’s, the last 6 digits or more of Alipay’s, or the masked account',
    ),
  limit,
  starting_after: startingAfter,
  'expand[]': expandField('refunds'),
})

/** The query of `GET /v1/refunds/{id}`. */
export const getRefundFields = z.strictObject({ 'expand[]': expandField('payment') })

/** The query of `GET /v1/refunds`. */
export const listRefundsFields = z.strictObject({
  payment: text('payment', 64).optional(),
  status: refundStatus.optional(),
  limit,
  starting_after: startingAfter,
  'expand[]': expandField('payment'),
})

/** The query of `GET /v1/events/{id}`. */
export const getEventFields = z.strictObject({ 'expand[]': expandField('payment', 'refund') })

/** The query of `GET /v1/events`. */
export const listEventsFields = z.strictObject({
  types: typesField().optional().describe('Kinds, separated by commas'),
  payment: text('payment', 64).optional().describe('Only those of a payment and its refunds'),
  delivered: flag('delivered').optional().describe('`false`: what an endpoint has not taken'),
  order: z
    .enum(['asc', 'desc'], 'order is asc or desc')
    .default('desc')
    .describe('`asc`, in the order of commits, is the way to follow them'),
  limit,
  starting_after: startingAfter,
  'expand[]': expandField('payment', 'refund'),
})

/** The query of `GET /v1/events/stream`. */
export const streamEventsFields = z.strictObject({
  after: text('after', 64)
    .optional()
    .describe('The last event that you have; `start` for all. Default: only those from now on'),
  types: typesField().optional().describe('Kinds, separated by commas'),
})

/** The body of `POST /v1/payments/{id}/resolve`. */
export const resolveFields = z.strictObject({
  action: z
    .enum(['accept', 'refund'], 'action is accept or refund')
    .describe('`accept` keeps the money, `refund` gives it back'),
})

const endpointFields = {
  url: text('url', 2048).describe('https; in test mode http too'),
  types: z
    .union(
      [z.literal('*'), z.array(z.string('types holds names of events')).max(100)],
      'types is "*" or a list of kinds',
    )
    .optional()
    .describe('Kinds of events, or `*` for all'),
  description: z
    .string('description is a text')
    .max(500, 'description has at most 500 characters')
    .optional(),
}

/** The body of `POST /v1/webhook_endpoints`. */
export const createEndpointFields = z.strictObject(endpointFields)

/** The body of `PATCH /v1/webhook_endpoints/{id}`. */
export const updateEndpointFields = z.strictObject({
  ...endpointFields,
  url: endpointFields.url.optional(),
  status: z
    .enum(['enabled', 'disabled'], 'status is enabled or disabled')
    .optional()
    .describe('A disabled one is sent nothing, and keeps what waits'),
})

/** The body of `POST /v1/webhook_endpoints/{id}/rotate_secret`. */
export const rotateSecretFields = z.strictObject({
  overlap: z
    .number(OVERLAP)
    .int(OVERLAP)
    .min(0, OVERLAP)
    .max(OVERLAP_MAX, OVERLAP)
    .optional()
    .describe('Seconds that the former secret holds on, by default a day; 0 if it has leaked'),
})

/** The body of `POST /v1/webhook_endpoints/{id}/recover`. */
export const recoverFields = z.strictObject({
  since: instant('since').describe('RFC 3339: all that was not taken since then is sent again'),
})

const channelFields = {
  name: text('name', 100).describe('For people'),
  kinds: z
    .union([
      z.literal('*'),
      z.array(z.enum(Object.keys(ALARM_KINDS) as [AlarmKind, ...AlarmKind[]])).min(1),
    ])
    .optional()
    .describe('What it is told of. Default: everything'),
}

const CHANNEL_URL = 'url is an address of at most 2048 characters'
const channelUrl = z.string(CHANNEL_URL).min(1, CHANNEL_URL).max(2_048, CHANNEL_URL)
const MAIL = 'from and to are mail addresses'
const mailAddress = z.email(MAIL).max(254, MAIL)
const robotFields = {
  url: channelUrl.describe('The address that the chat program gives for the robot'),
  secret: text('secret', 200).optional().describe('加签 / 签名校验; a webhook’s `whsec_…`'),
}
const mailFields = {
  type: z.literal('email'),
  url: channelUrl.describe('`smtps://user:password@host:port`'),
  from: mailAddress,
  to: z.array(mailAddress).min(1).max(20),
}
const robotType = z.enum(['dingtalk', 'wecom', 'feishu', 'webhook'])

/** The body of `POST /v1/alarm_channels`. */
export const createChannelFields = z.union([
  z.strictObject({ ...channelFields, type: robotType, ...robotFields }),
  z.strictObject({ ...channelFields, ...mailFields }),
])

/** The body of `PATCH /v1/alarm_channels/{id}`. */
export const updateChannelFields = z.strictObject({
  name: channelFields.name.optional(),
  kinds: channelFields.kinds,
  status: z.enum(['enabled', 'disabled'], 'status is enabled or disabled').optional(),
  settings: z
    .union([z.strictObject({ type: robotType, ...robotFields }), z.strictObject(mailFields)])
    .optional(),
})

/** The query of `GET /v1/webhook_endpoints/{id}/deliveries`. */
export const listDeliveriesFields = z.strictObject({
  status: z.enum(['pending', 'succeeded', 'failed']).optional(),
  limit,
  starting_after: text('starting_after', 128).optional().describe('The last id of the page before'),
})

/** The query of `GET /v1/audit_entries`. */
export const listAuditEntriesFields = pageFields.extend({
  actor: text('actor', 64).optional().describe('Only what this user or API key did'),
  action: z.enum(AUDIT_ACTIONS, `action is one of ${AUDIT_ACTIONS.join(', ')}`).optional(),
})

/** The body of `POST /v1/api_keys`. */
export const createApiKeyFields = z.strictObject({
  name: text('name', 100).describe('For people'),
  scopes: scopes.describe('`*` makes a secret key (sk_…), others a restricted one (rk_…)'),
  expires_at: instant('expires_at').optional().describe('RFC 3339; by default never'),
})

/** The body of `PATCH /v1/api_keys/{id}`. */
export const updateApiKeyFields = z.strictObject({
  name: text('name', 100).optional(),
  expires_at: instant('expires_at').nullable().optional(),
})

/** A text that is not blank, without control characters and half characters. */
export function text(name: string, max: number) {
  const message = `${name} is text of 1 to ${max} characters, not blank, without control characters`
  return z
    .string(message)
    .max(max, message)
    .regex(/^[^\p{Cc}\p{Cs}]+$/u, message)
    .refine((value) => value.trim() !== '', message)
}

/** A point in time, as RFC 3339 writes it; read as an instant. */
export function instant(name: string) {
  const message = `${name} is a time such as 2026-11-26T09:30:00+08:00`
  return z.iso
    .datetime({ offset: true, error: message })
    .transform((value) => toInstant(Date.parse(value)))
}

function flag(name: string) {
  return z
    .enum(['true', 'false'], `${name} is true or false`)
    .transform((value) => value === 'true')
}

function typesField() {
  const message = 'types is a list of kinds of events, separated by commas'
  return z
    .string(message)
    .max(1_000, message)
    .transform((value) => value.split(','))
    .refine((types) => types.every(isEventType), message)
}

const DATE = 'date is a day in Beijing, yyyy-MM-dd'
const date = z
  .string(DATE)
  .regex(/^\d{4}-\d{2}-\d{2}$/, DATE)
  .describe('A day in Beijing')

/** The body of `POST /v1/reconciliations`. */
export const createReconciliationFields = z.strictObject({
  date,
  bill_type: z
    .enum(BILL_TYPES, 'bill_type is trade or signcustomer')
    .default('trade')
    .describe('`trade`: payments and refunds; `signcustomer`: changes of the balance'),
})

/** The query of `GET /v1/reconciliations`. */
export const listReconciliationsFields = pageFields.extend({ date: date.optional() })

/** The query of `GET /v1/reconciliations/{id}/differences`. */
export const listDifferencesFields = pageFields.extend({
  status: z
    .enum(['open', 'waiting', 'healed', 'resolved'], 'status is open, waiting, healed or resolved')
    .optional(),
})

/** The body of `POST /v1/differences/{id}/resolve`. */
export const resolveDifferenceFields = z.strictObject({
  note: text('note', 256).describe('What came of it'),
})

/** The query of `GET /v1/day_summaries`. */
export const daySummaryFields = z.strictObject({ date })
