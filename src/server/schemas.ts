/**
 * What the merchant API answers with, as schemas: the OpenAPI document is written from them, and
 * tests hold every answer against them.
 *
 * @module
 */
import { z } from 'zod'
import { ROLE_NAMES, SCOPES, type Role, type Scope } from '../access/index.ts'
import { ALARM_KINDS, CHANNEL_TYPES, type AlarmKind } from '../alarms/index.ts'
import { BILL_TYPES, DIFFERENCE_CODES } from '../books/index.ts'
import { RETENTION_KIND_NAMES, type RetentionKind } from '../retention/index.ts'
import { EVENT_TYPES } from '../webhooks/index.ts'

const instant = z.iso.datetime({ offset: true }).describe('RFC 3339')
const fen = z.int().min(0).describe('Whole fen: 100 are 1 yuan')
const outcome = z
  .enum(['not_applied', 'unknown', 'applied'])
  .describe('What may be concluded about the last call to Alipay')
const metadata = z
  .record(z.string(), z.string())
  .describe('Your own names and values, given back with each answer and event')
const refusal = z.object({
  sub_code: z.string().describe('Alipay’s code, e.g. `ACQ.TOTAL_FEE_EXCEED`'),
  sub_msg: z.string().describe('Alipay’s own words, in Chinese'),
})
const failure = z
  .object({ message: z.string(), alipay: refusal })
  .nullable()
  .describe('Why Alipay said no, and what to do')

/** The states of a payment. */
export const paymentStatus = z.enum([
  'created',
  'pending',
  'closing',
  'succeeded',
  'expired',
  'canceled',
  'failed',
])

/** The states of a refund. */
export const refundStatus = z.enum([
  'pending',
  'processing',
  'requires_action',
  'succeeded',
  'failed',
  'canceled',
])

/** A payment. */
export const payment = z
  .object({
    id: z.string(),
    object: z.literal('payment'),
    livemode: z.boolean().describe('Whether it is real money'),
    amount: fen,
    currency: z.literal('cny'),
    amount_received: fen.nullable().describe('What the merchant receives, where Alipay said so'),
    amount_refunded: fen,
    amount_refundable: fen.describe('What may still be refunded'),
    subject: z.string(),
    reference: z.string().nullable().describe('Your name for the sale; one is paid once'),
    retry_of: z.string().nullable().describe('The payment before it of the same reference'),
    method: z
      .enum(['qr', 'barcode'])
      .describe('How the buyer pays; `qr`: he scans our code, `barcode`: we scan his'),
    metadata,
    store_id: z.string().nullable(),
    operator_id: z.string().nullable(),
    terminal_id: z.string().nullable(),
    retry_allowed: z.boolean().describe('Whether the cashier page may offer a new code'),
    status: paymentStatus,
    outcome,
    next_action: z
      .object({
        type: z.literal('show_qr'),
        qr_code: z.string().describe('The text to draw as a QR code'),
        checkout_url: z.url().nullable(),
        qr_image_url: z.url().nullable().describe('The code as PNG; `.svg` instead of `.png`: SVG'),
      })
      .nullable()
      .describe('`null` as soon as no code may be shown'),
    checkout_url: z.url().nullable().describe('The cashier page'),
    return_url: z.string().nullable(),
    expires_at: instant,
    scanned_at: instant.nullable(),
    paid_at: instant.nullable(),
    ended_at: instant.nullable().describe('When it first ended without money'),
    late: z.boolean().describe('Whether the money came after the end'),
    duplicate_of: z.string().nullable().describe('The payment that had paid the reference before'),
    settlement: z.enum(['due', 'accepted', 'held', 'refunded']).nullable(),
    review: z
      .enum([
        'amount_mismatch',
        'seller_mismatch',
        'refunded_by_cancel',
        'late',
        'duplicate',
        'refund_discordant',
      ])
      .nullable()
      .describe('Why a person has to look at it'),
    cancellation_reason: z.enum(['expired', 'requested', 'superseded']).nullable(),
    failure,
    alipay: z.object({
      out_trade_no: z.string(),
      trade_no: z.string().nullable(),
      trade_status: z.string().nullable(),
    }),
    get refunds() {
      return z.array(refund).optional().describe('Newest last; only where `expand[]` asks for it')
    },
    created_at: instant,
    updated_at: instant,
  })
  .meta({ id: 'Payment' })

/** A refund. */
export const refund = z
  .object({
    id: z.string(),
    object: z.literal('refund'),
    livemode: z.boolean(),
    payment: z.string(),
    amount: fen,
    currency: z.literal('cny'),
    reference: z.string().nullable(),
    reason: z.string().nullable(),
    metadata,
    status: refundStatus,
    outcome,
    source: z
      .enum(['api', 'policy', 'cancel', 'external'])
      .describe('Who made it: you, the policy for late money, our cancel, or Alipay’s console'),
    failure,
    alipay: z.object({ out_request_no: z.string() }),
    succeeded_at: instant.nullable(),
    created_at: instant,
    updated_at: instant,
  })
  .meta({ id: 'Refund' })

/** A refund, with its payment where `expand[]` asks for it. */
export const expandedRefund = refund
  .extend({ payment: z.union([z.string(), payment]) })
  .meta({ id: 'ExpandedRefund' })

/** A line of a timeline. */
export const timelineEntry = z
  .object({
    object: z.literal('timeline_entry'),
    at: instant,
    kind: z.string().describe('What was learned, e.g. `trade`'),
    source: z.string().describe('From where: `gateway`, `notification`, `merchant`, `clock`, …'),
    summary: z.record(z.string(), z.unknown()),
    version: z.int(),
    from: paymentStatus.nullable(),
    to: paymentStatus,
    raw: z.string().nullable().describe('The verified message, buyer data masked'),
  })
  .meta({ id: 'TimelineEntry' })

/** An event. */
export const event = z
  .object({
    id: z.string(),
    object: z.literal('event'),
    type: z.enum(EVENT_TYPES as readonly [string, ...string[]]),
    sequence: z.int().describe('Counts the events of its object: drop one that is lower'),
    timestamp: instant,
    payment: z.string().nullable().describe('`null` where it is about a reconciliation'),
    refund: z.string().nullable(),
    data: z.object({
      object: z
        .record(z.string(), z.unknown())
        .describe('The payment, the refund or the reconciliation as it was then'),
      previous: z.record(z.string(), z.unknown()).nullable().describe('What was different before'),
    }),
  })
  .meta({ id: 'Event' })

/** An event, with its payment and refund as they are now where `expand[]` asks for them. */
export const expandedEvent = event
  .extend({
    payment: z.union([z.string(), payment]).nullable(),
    refund: z.union([z.string(), refund]).nullable(),
  })
  .meta({ id: 'ExpandedEvent' })

/** A webhook endpoint. */
export const webhookEndpoint = z
  .object({
    id: z.string(),
    object: z.literal('webhook_endpoint'),
    livemode: z.boolean(),
    url: z.string(),
    description: z.string(),
    types: z.union([z.literal('*'), z.array(z.string())]),
    status: z.enum(['enabled', 'disabled']),
    disabled_reason: z.enum(['merchant', 'gone', 'failing']).nullable(),
    failures: z.int().describe('Attempts that failed in a row'),
    failing_since: instant.nullable(),
    secrets: z
      .array(z.object({ created_at: instant, holds_until: instant.nullable() }))
      .describe('When each secret holds, newest first'),
    created_at: instant,
    updated_at: instant,
  })
  .meta({ id: 'WebhookEndpoint' })

/** A webhook endpoint whose secret is told, this once. */
export const webhookEndpointWithSecret = webhookEndpoint
  .extend({ secret: z.string().describe('`whsec_…`; told this once') })
  .meta({ id: 'WebhookEndpointWithSecret' })

const attempt = z.object({
  at: instant,
  duration_ms: z.int(),
  status: z.int().nullable().describe('HTTP status; `null` where there was no answer'),
  error: z.string().nullable(),
  answer: z.string().nullable().describe('The beginning of the answer’s body'),
})

/** What is sent to an endpoint. */
export const delivery = z
  .object({
    id: z.string(),
    object: z.literal('webhook_delivery'),
    endpoint: z.string(),
    event: z.string(),
    type: z.string().nullable(),
    status: z.enum(['pending', 'succeeded', 'failed']),
    attempts: z.int(),
    due_in_ms: z.int().nullable().describe('Until the next attempt'),
    log: z.array(attempt),
    created_at: instant,
    finished_at: instant.nullable(),
  })
  .meta({ id: 'WebhookDelivery' })

/** What became of trying an endpoint out. */
export const testDelivery = attempt
  .extend({ object: z.literal('webhook_test'), delivered: z.boolean() })
  .meta({ id: 'WebhookTest' })

/** How many deliveries are due again. */
export const due = z
  .object({ object: z.literal('due_deliveries'), count: z.int() })
  .meta({ id: 'DueDeliveries' })

/** What a key may do. */
export const scopes = z.union([
  z.literal('*'),
  z.array(z.enum(Object.keys(SCOPES) as [Scope, ...Scope[]])).min(1),
])

/** An API key. */
export const apiKey = z
  .object({
    id: z.string(),
    object: z.literal('api_key'),
    name: z.string(),
    hint: z.string().describe('Its beginning and its end'),
    scopes,
    created_at: instant,
    last_used_at: instant.nullable(),
    expires_at: instant.nullable(),
    revoked_at: instant.nullable(),
  })
  .meta({ id: 'ApiKey' })

/** An API key that is told, this once. */
export const apiKeyWithText = apiKey
  .extend({ key: z.string().describe('The key itself; told this once') })
  .meta({ id: 'ApiKeyWithText' })

/** Somebody who may sign in to the back office. */
export const user = z
  .object({
    id: z.string(),
    object: z.literal('user'),
    email: z.string(),
    name: z.string(),
    role: z.enum(ROLE_NAMES as [Role, ...Role[]]),
    apps: z
      .array(z.string())
      .nullable()
      .describe('The applications that he reaches; `null` for all'),
    status: z.enum(['invited', 'active', 'disabled']),
    totp_enabled: z.boolean().describe('Whether a code of an authenticator is asked for'),
    locale: z.enum(['zh', 'en']).nullable(),
    created_at: instant,
    last_sign_in_at: instant.nullable(),
  })
  .meta({ id: 'User' })

/** Somebody who may choose a password. */
export const userWithInvitation = user
  .extend({ invitation: z.string().describe('Where he chooses a password; told this once') })
  .meta({ id: 'UserWithInvitation' })

/** The settings. */
export const settings = z
  .object({
    object: z.literal('settings'),
    refund_approval_above: fen
      .nullable()
      .describe('By more than this of a payment goes back with approval alone; `null`: without'),
  })
  .meta({ id: 'Settings' })

const person = z.object({ id: z.string(), name: z.string() })

/** A refund that waits for approval, or did. */
export const refundRequest = z
  .object({
    id: z.string(),
    object: z.literal('refund_request'),
    payment: z.string(),
    amount: fen,
    currency: z.literal('cny'),
    reference: z.string().nullable(),
    reason: z.string().nullable(),
    metadata,
    status: z.enum(['pending', 'approved', 'declined', 'failed']),
    requested_by: person,
    created_at: instant,
    decided_by: person.nullable(),
    decided_at: instant.nullable(),
    refund: z.string().nullable().describe('The refund that was made'),
    failure: z.string().nullable().describe('The code of why it could not be made any more'),
  })
  .meta({ id: 'RefundRequest' })

/** A filter that somebody has saved. */
export const savedFilter = z
  .object({
    id: z.string(),
    object: z.literal('saved_filter'),
    name: z.string(),
    list: z.enum(['payments', 'refunds']),
    filters: z.record(z.string(), z.string()),
    created_at: instant,
  })
  .meta({ id: 'SavedFilter' })

const point = {
  count: z.int().describe('Payments that were created'),
  succeeded: z.int().describe('Those of them that were paid'),
  amount: fen.describe('What was paid, in whole fen'),
  refunded_amount: fen,
}

/** How business goes. */
export const figures = z
  .object({
    object: z.literal('figures'),
    from: instant,
    to: instant,
    interval: z.enum(['hour', 'day']),
    totals: z.object({
      ...point,
      refunds: z.int(),
      success_rate: z.number().nullable().describe('Paid ones among those that have ended, 0 to 1'),
      median_seconds_to_pay: z.number().nullable().describe('From the code shown to the money'),
    }),
    series: z
      .array(z.object({ at: instant.describe('When it began'), ...point }))
      .describe('Every hour or day of the range'),
  })
  .meta({ id: 'Figures' })

/** An entry of the audit log. */
export const auditEntry = z
  .object({
    id: z.string(),
    object: z.literal('audit_entry'),
    at: instant,
    actor: z.string().describe('The API key or the user that asked'),
    actor_name: z.string().nullable().describe('What it was called then'),
    action: z.string(),
    object_id: z.string().nullable(),
    detail: z.record(z.string(), z.unknown()),
    request_id: z.string().nullable(),
    address: z.string().nullable().describe('The network address that asked, where it is known'),
  })
  .meta({ id: 'AuditEntry' })

/** Whether refunds are held after a restored backup. */
export const refundHold = z
  .object({
    object: z.literal('refund_hold'),
    status: z.enum(['none', 'held', 'lifted']),
    from: instant.nullable().describe('What happened from then on is not in the backup'),
    until: instant.nullable().describe('What was sold later is not held'),
    days: z
      .array(z.object({ date: z.string(), covered: z.boolean() }))
      .describe('In Beijing; once the bills of all are covered, refunds are sent again'),
    lifted_at: instant.nullable(),
    lifted_by: z.string().nullable().describe('`bills`, or who it was'),
  })
  .meta({ id: 'RefundHold' })

/** A way to people. */
export const alarmChannel = z
  .object({
    id: z.string(),
    object: z.literal('alarm_channel'),
    livemode: z.boolean(),
    type: z.enum(CHANNEL_TYPES),
    name: z.string(),
    hint: z.string().describe('The host that it goes to; the address itself is never told'),
    kinds: z.union([
      z.literal('*'),
      z.array(z.enum(Object.keys(ALARM_KINDS) as [AlarmKind, ...AlarmKind[]])),
    ]),
    status: z.enum(['enabled', 'disabled']),
    created_at: instant,
    updated_at: instant,
  })
  .meta({ id: 'AlarmChannel' })

/** What became of trying a channel out. */
export const alarmTest = z
  .object({
    object: z.literal('alarm_test'),
    told: z.boolean(),
    error: z.string().nullable().describe('Why not'),
  })
  .meta({ id: 'AlarmTest' })
const totals = {
  payments: z.int().min(0),
  gross: fen,
  refunds: z.int().min(0),
  refunded: fen,
  discount: z
    .int()
    .describe(
      'Fen that you let off (商家优惠), less what refunds brought back of it; Alipay’s discounts cost you nothing',
    ),
  received: z
    .int()
    .describe('Fen that you have of it, before the fee: gross, less refunded and discount'),
  fee: z.int().describe('Fen; negative where it costs. Only the bill knows it'),
  net: z.int().describe('Fen: received and fee'),
}

/** A comparison of a day's bill with the books. */
export const reconciliation = z
  .object({
    id: z.string(),
    object: z.literal('reconciliation'),
    date: z.string().describe('A day in Beijing'),
    bill_type: z.enum(BILL_TYPES),
    status: z.enum(['awaiting_bill', 'running', 'balanced', 'differences', 'failed']),
    source: z.enum(['alipay', 'upload']),
    runs: z.int().min(0),
    rows: z.int().nullable().describe('Rows of the bill'),
    rows_read: z.int().describe('Rows that were compared so far'),
    bill: z.object(totals).nullable(),
    foreign: z
      .object({ rows: z.int(), net: z.int() })
      .nullable()
      .describe('Rows of other applications and systems'),
    reissued: z.boolean().describe('Whether Alipay has made the bill anew'),
    repeated: z.boolean().describe('Whether the same bill was compared before'),
    differences: z.object({
      open: z.int(),
      waiting: z.int(),
      healed: z.int(),
      resolved: z.int(),
    }),
    failure: z.object({ code: z.string(), message: z.string() }).nullable(),
    created_at: instant,
    updated_at: instant,
    finished_at: instant.nullable(),
    next_try_at: instant.nullable(),
  })
  .meta({ id: 'Reconciliation' })

/** What bill and books do not agree about. */
export const difference = z
  .object({
    id: z.string(),
    object: z.literal('difference'),
    date: z.string(),
    bill_type: z.enum(BILL_TYPES),
    code: z.enum(DIFFERENCE_CODES),
    status: z.enum(['open', 'waiting', 'healed', 'resolved']),
    payment: z.string().nullable(),
    refund: z.string().nullable(),
    bill_amount: fen.nullable(),
    books_amount: fen.nullable(),
    note: z.string().nullable(),
    resolved_by: z.string().nullable(),
    alipay: z.object({
      out_trade_no: z.string(),
      out_request_no: z.string().nullable(),
      trade_no: z.string().nullable(),
    }),
    created_at: instant,
    updated_at: instant,
  })
  .meta({ id: 'Difference' })

/** Something that a person has to look at. */
export const attention = z
  .object({
    object: z.literal('attention'),
    kind: z
      .string()
      .describe(
        'The review of a payment, a kind of alarm, `refund_request`, `refund_hold`, `refund_held`, `refund_made_meanwhile`, or the code of a difference',
      ),
    title: z.array(z.string()).nullable().describe('Of a kind of alarm, in Chinese and in English'),
    text: z.string().nullable().describe('What was found, for people'),
    payment: z
      .union([payment, z.string()])
      .nullable()
      .describe('With its object where it is about a payment'),
    refund: refund.nullable(),
    refund_request: refundRequest.nullable().describe('A refund that waits for approval'),
    difference: difference.nullable(),
    options: z.array(z.string()).describe('What can be done about it, as paths of this API'),
  })
  .meta({ id: 'Attention' })

/** What a day adds up to. */
export const daySummary = z
  .object({
    object: z.literal('day_summary'),
    date: z.string(),
    books: z.object(totals),
    bill: z.object(totals).nullable(),
    groups: z.array(
      z.object({
        store_id: z.string().nullable(),
        operator_id: z.string().nullable(),
        operator_name: z.string().nullable().describe('Of the user whose id it is'),
        terminal_id: z.string().nullable(),
        ...totals,
      }),
    ),
    reasons: z.array(
      z.object({
        reason: z.string(),
        count: z.int(),
        net: z.int().describe('Fen that the bill has more'),
      }),
    ),
    unexplained: z.int().nullable().describe('Fen that the bill has more, for no reason: 0'),
    reconciliation: reconciliation.nullable(),
  })
  .meta({ id: 'DaySummary' })

const retentionKind = z.enum(RETENTION_KIND_NAMES as [RetentionKind, ...RetentionKind[]])

/** What is kept for how long. */
export const retention = z
  .object({
    object: z.literal('retention'),
    kinds: z.array(
      z.object({
        kind: retentionKind,
        days: z.int().nullable().describe('`null`: for ever'),
        pruned: z.int().describe('Rows so far'),
        finished_at: instant.nullable().describe('When it was last looked through'),
      }),
    ),
  })
  .meta({ id: 'Retention' })

/** What was pruned, or would be. */
export const retentionRun = z
  .object({
    object: z.literal('retention_run'),
    dry_run: z.boolean(),
    status: z.enum(['finished', 'running']),
    pruned: z.array(z.object({ kind: retentionKind, rows: z.int() })),
  })
  .meta({ id: 'RetentionRun' })

/** An object that is gone. */
export const deleted = z
  .object({ id: z.string(), object: z.string(), deleted: z.literal(true) })
  .meta({ id: 'Deleted' })

/** A page of a list. */
export function list<Item extends z.ZodType>(item: Item) {
  return z.object({
    object: z.literal('list'),
    data: z.array(item),
    has_more: z.boolean().describe('Whether there are more: ask with `starting_after`'),
  })
}

/** The envelope of every problem. */
export const problem = z
  .object({
    error: z.looseObject({
      type: z.string(),
      code: z.string().describe('Stable, for programs'),
      message: z.string().describe('What to do, for people'),
      param: z.string().nullable(),
      outcome,
      alipay: refusal.nullable(),
      request_id: z.string(),
      doc_url: z.string(),
    }),
  })
  .meta({ id: 'Problem' })
