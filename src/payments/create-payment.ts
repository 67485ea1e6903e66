/**
 * Begins a sale: the intent is committed, then the gateway is asked for a code, or sent the one
 * that the buyer shows (付款码).
 *
 * @module
 */

import { addMs, toFen, type Fen, type Instant } from '../alipay/index.ts'
import { cancelPayment } from './cancel-payment.ts'
import { commitEvidence, firstTimelineEntry, toCommit } from './commit.ts'
import {
  newCheckoutToken,
  newPaymentId,
  outTradeNoFor,
  outTradeNoForRequest,
} from './identifiers.ts'
import { checkMetadata } from './metadata.ts'
import type { Step } from './next-step.ts'
import {
  amountRefunded,
  NO_METADATA,
  type Metadata,
  type Payment,
  type PaymentRecord,
} from './payment.ts'
import {
  BARCODE_WINDOW_MS,
  DEADLINE_DEFAULT_MS,
  DEADLINE_MAX_MS,
  DEADLINE_MIN_MS,
} from './schedule.ts'
import { isPlainText } from './plain-text.ts'
import { StoreUnavailable, type Lease, type PaymentCommit } from './payment-store.ts'
import { newPayment } from './new-payment.ts'
import { traceParent } from './tracing.ts'
import type { Worker, WorkerContext } from './worker.ts'

/** A sale to be paid. */
export interface CreatePaymentOrder {
  /** Whole fen, 1 to 10,000,000,000 (Alipay: 0.01 to 100,000,000 yuan). */
  readonly amount: Fen
  /** Shown to the buyer, 1 to 256 characters. `/ = &` go to Alipay in their full-width forms. */
  readonly subject: string
  /** The merchant's name for the sale, 1 to 128 characters. One reference is paid once. */
  readonly reference?: string
  /**
   * The number that Alipay shall know the sale by, 1 to 64 of letters, digits and underscores, and
   * unique in the application. By default one is made. The same number with the same content is the
   * same payment.
   */
  readonly outTradeNo?: string
  /**
   * Milliseconds that the buyer is given, 60,000 to 6,600,000. Default 300,000. Not with an
   * `authCode`, whose buyer has {@link BARCODE_WINDOW_MS}.
   */
  readonly expiresInMs?: number
  /**
   * The payment code of the buyer's app (付款码), as the till has scanned it: 16 to 24 digits, the
   * first two of them 25 to 30. It is sent to Alipay once, after the intent is stored, and kept
   * nowhere; a repeat of the request finds the payment and sends nothing. Alipay: 统一收单交易支付,
   * auth_code.
   */
  readonly authCode?: string
  /** Where the cashier page leads when it is over; http or https. */
  readonly returnUrl?: string
  /** The merchant's own: at most 50 names of 1 to 40 characters, values of at most 500. */
  readonly metadata?: Metadata
  /** The merchant's shop (商户门店编号), 1 to 32 characters; Alipay's bills repeat it. */
  readonly storeId?: string
  /** The merchant's cashier (商户操作员编号), 1 to 28 characters. */
  readonly operatorId?: string
  /** The merchant's till (商户机具终端编号), 1 to 32 characters. */
  readonly terminalId?: string
  /**
   * Whether the cashier page may offer a new code once this one is over, which is a new payment of
   * the same reference; never once it was canceled. Default `false`; needs a `reference`.
   */
  readonly retryAllowed?: boolean
  /**
   * The id of an open payment of the same reference that this one takes the place of, because the
   * buyer pays in another way. It is canceled first; this one is made only once Alipay has answered
   * that nobody has paid. Should its code be paid all the same, that is a duplicate of this one. A
   * payment of another reference is left as it is.
   */
  readonly insteadOf?: string
  /**
   * The name of the request, 1 to 255 characters. A repeat without a reference then finds the
   * payment that the first one made, also one that Alipay alone remembers.
   */
  readonly idempotencyKey?: string
}

/** What became of it. All but `refused` and `pending` are definite at once. */
export type CreatePaymentResult =
  /**
   * A code is there to be shown. With an `authCode`: Alipay has taken it, and the payment has
   * succeeded, or is pending while the buyer is asked for the password.
   */
  | { readonly status: 'created'; readonly record: PaymentRecord }
  /** The reference has this open payment already, or the number is this payment's: same content. */
  | { readonly status: 'exists'; readonly record: PaymentRecord }
  /** The reference has an open payment of other content, or the number belongs to one. */
  | { readonly status: 'exists_with_different_content'; readonly record: PaymentRecord }
  /** The reference is paid, and not refunded in full. */
  | { readonly status: 'reference_already_paid'; readonly record: PaymentRecord }
  /** Alipay definitely said no; `failure` says why. */
  | { readonly status: 'refused'; readonly record: PaymentRecord }
  /** Not known yet; the engine finds out. A buyer may have paid, where there is an `authCode`. */
  | { readonly status: 'pending'; readonly record: PaymentRecord }
  /** Given up or past its deadline; the reference is free once the proof of its end is there. */
  | { readonly status: 'closing'; readonly record: PaymentRecord }

/** Longest `store_id` that Alipay takes, in characters. */
export const STORE_ID_MAX = 32

/** Longest `operator_id` that Alipay takes, in characters. */
export const OPERATOR_ID_MAX = 28

/** Longest `terminal_id` that Alipay takes, in characters. */
export const TERMINAL_ID_MAX = 32

/** Longest name of a request, in characters. */
export const IDEMPOTENCY_KEY_MAX = 255

/** Alipay's upper bound for `total_amount`, in fen. */
export const AMOUNT_MAX: Fen = toFen(10_000_000_000)

/**
 * Creates a payment. A repeat with the same reference and content returns the same payment, which
 * the engine goes on with.
 *
 * @throws {RangeError} If a value is out of the ranges of {@link CreatePaymentOrder}.
 */
export async function createPayment(
  context: WorkerContext,
  worker: Worker,
  order: CreatePaymentOrder,
): Promise<CreatePaymentResult> {
  checkOrder(order)
  const { clock, clockIsRight, watchers, crashPoint } = context
  await clockIsRight()
  const kept = await giveWay(context, worker, order)
  if (kept !== undefined) return kept
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const known = await findKnown(context, order, tries)
    if ('existing' in known) return known.existing
    const now = clock.now()
    const payment = toPayment(context, order, known, now)
    const commit = toCommit(
      context,
      undefined,
      { record: { payment, refunds: [] }, events: [{ type: 'payment.created' }] },
      [firstTimelineEntry(now, 'created')],
      now,
    )
    const lease = worker.lease()
    if ((await insert(context, commit, lease)) === 'inserted') {
      crashPoint('intent-stored')
      watchers.tell(commit.record)
      const { authCode } = order
      const first: Step | undefined = authCode === undefined ? undefined : { kind: 'pay', authCode }
      return judgeCreated(await worker.advance(commit.record, lease, first))
    }
    // Another call with this reference was quicker by a moment: answer as it would have been.
  }
  throw new Error(`The reference or the number of this order changes hands again and again`)
}

/**
 * Ends what the order takes the place of.
 *
 * @returns Why nothing may take its place; `undefined` if its reference is free, or not its own.
 */
async function giveWay(
  context: WorkerContext,
  worker: Worker,
  { insteadOf, reference }: CreatePaymentOrder,
): Promise<CreatePaymentResult | undefined> {
  const found = insteadOf === undefined ? undefined : await context.store.find({ id: insteadOf })
  if (found === undefined || found.payment.reference !== (reference ?? null)) return undefined
  const { status, record } = await cancelPayment(context, worker, found)
  if (status === 'already_paid') return { status: 'reference_already_paid', record }
  if (status !== 'closing') return undefined
  // A code that nobody has scanned is dead only minutes later. Until then it is `superseded`: what
  // is paid by it is held against the one that takes its place.
  if (!isAnsweredUnscanned(record.payment)) return { status: 'closing', record }
  await commitEvidence(context, record, { kind: 'superseded', by: record.payment.id })
  return undefined
}

/** Alipay was asked to end it, and knows of nobody who had scanned its code. */
function isAnsweredUnscanned({
  cancelAnsweredAt,
  closeAttemptedAt,
  tradeStatus,
}: Payment): boolean {
  return tradeStatus === null && (cancelAnsweredAt ?? closeAttemptedAt) !== null
}

/** Others may take a reference between our look and our commit only a few times. */
const TRIES_MAX = 20

/** What there is of the sale already: an answer, or how often it was tried before. */
async function findKnown(
  { store, gateway }: WorkerContext,
  order: CreatePaymentOrder,
  tries: number,
): Promise<
  | { readonly existing: CreatePaymentResult }
  | { readonly attempt: number; readonly retryOf: string | null }
> {
  const { reference } = order
  const outTradeNo = givenNumber(gateway, order)
  const sameNumber = outTradeNo === undefined ? undefined : await store.find({ outTradeNo })
  if (sameNumber !== undefined) return { existing: judgeSameNumber(sameNumber, order) }
  const earlier = reference === undefined ? [] : await store.listByReference(reference)
  // Not only the newest one: an older one may have been paid late.
  const blocking = earlier.find(isTaken)
  if (blocking !== undefined) return { existing: judgeExisting(blocking, order) }
  const { length: attempt } = earlier
  // After a restored backup a bill may have brought this very sale back, without its reference.
  const adopted =
    reference === undefined || tries === 0
      ? undefined
      : await store.find({
          outTradeNo: outTradeNoFor(gateway.appId, { id: '', reference, attempt }),
        })
  if (adopted?.payment.status === 'succeeded') {
    return { existing: { status: 'reference_already_paid', record: adopted } }
  }
  return { attempt, retryOf: earlier[0]?.payment.id ?? null }
}

/** The number that the request settles, if it does. */
function givenNumber(
  { appId }: WorkerContext['gateway'],
  { outTradeNo, reference, idempotencyKey }: CreatePaymentOrder,
): string | undefined {
  if (outTradeNo !== undefined) return outTradeNo
  if (reference !== undefined || idempotencyKey === undefined) return undefined
  return outTradeNoForRequest(appId, idempotencyKey)
}

/** A store that does not say whether it wrote is asked for what it has. */
async function insert(
  { store }: WorkerContext,
  commit: PaymentCommit,
  lease: Lease,
): Promise<'inserted' | 'taken'> {
  try {
    return await store.insert(commit, lease)
  } catch (error) {
    if (!(error instanceof StoreUnavailable) || error.outcome !== 'unknown') throw error
    const { id } = commit.record.payment
    if ((await store.find({ id })) === undefined) throw error
    return 'inserted'
  }
}

function toPayment(
  { gateway, random }: WorkerContext,
  order: CreatePaymentOrder,
  { attempt, retryOf }: { readonly attempt: number; readonly retryOf: string | null },
  now: Instant,
): Payment {
  const id = newPaymentId(now, random)
  const { reference = null } = order
  const method = methodOf(order)
  const givenMs = order.expiresInMs ?? DEADLINE_DEFAULT_MS
  return newPayment(
    {
      id,
      reference,
      retryOf,
      amount: order.amount,
      subject: order.subject,
      outTradeNo:
        givenNumber(gateway, order) ?? outTradeNoFor(gateway.appId, { id, reference, attempt }),
      checkoutToken: newCheckoutToken(random),
      returnUrl: order.returnUrl ?? null,
      expiresAt: addMs(now, method === 'barcode' ? BARCODE_WINDOW_MS : givenMs),
      method,
      metadata: order.metadata ?? NO_METADATA,
      storeId: order.storeId ?? null,
      operatorId: order.operatorId ?? null,
      terminalId: order.terminalId ?? null,
      retryAllowed: order.retryAllowed ?? false,
      traceParent: traceParent(),
    },
    now,
  )
}

function methodOf({ authCode }: CreatePaymentOrder): Payment['method'] {
  return authCode === undefined ? 'qr' : 'barcode'
}

function judgeCreated(record: PaymentRecord): CreatePaymentResult {
  switch (record.payment.status) {
    case 'failed':
      return { status: 'refused', record }
    case 'created':
      return { status: 'pending', record }
    case 'pending':
    case 'succeeded':
      return { status: 'created', record }
    case 'closing':
    case 'expired':
    case 'canceled':
      return { status: 'closing', record }
  }
}

/**
 * Whether a payment holds its reference, which only one payment can: open and needed, or paid and
 * not refunded, and not the second to be paid. Late money does once it is decided about.
 */
export function blocksReference({ payment, refunds }: PaymentRecord): boolean {
  switch (payment.status) {
    case 'created':
    case 'pending':
    case 'closing':
      return payment.cancellationReason !== 'superseded'
    case 'succeeded':
      return (
        payment.settlement !== 'due' &&
        payment.duplicateOf === null &&
        amountRefunded(refunds) < payment.amount
      )
    case 'expired':
    case 'canceled':
    case 'failed':
      return false
  }
}

/** Whether the reference is not free: late money that is not decided about yet may keep it. */
function isTaken(record: PaymentRecord): boolean {
  return blocksReference(record) || record.payment.settlement === 'due'
}

/** A number is one payment for ever, whatever became of it. */
function judgeSameNumber(record: PaymentRecord, order: CreatePaymentOrder): CreatePaymentResult {
  const isSame =
    isSameContent(record, order) && record.payment.reference === (order.reference ?? null)
  return { status: isSame ? 'exists' : 'exists_with_different_content', record }
}

function judgeExisting(record: PaymentRecord, order: CreatePaymentOrder): CreatePaymentResult {
  const { payment } = record
  if (payment.status === 'succeeded') return { status: 'reference_already_paid', record }
  if (payment.status === 'closing') return { status: 'closing', record }
  const isSame = isSameContent(record, order)
  return { status: isSame ? 'exists' : 'exists_with_different_content', record }
}

function isSameContent({ payment }: PaymentRecord, order: CreatePaymentOrder): boolean {
  return (
    payment.amount === order.amount &&
    payment.subject === order.subject &&
    payment.method === methodOf(order) &&
    (order.outTradeNo ?? payment.outTradeNo) === payment.outTradeNo
  )
}

function checkOrder({
  amount,
  subject,
  reference,
  outTradeNo,
  expiresInMs,
  authCode,
  returnUrl,
  ...order
}: CreatePaymentOrder): void {
  if (!Number.isSafeInteger(amount) || amount < 1 || amount > AMOUNT_MAX) {
    throw new RangeError('amount is whole fen from 1 to 10,000,000,000 (0.01 to 100,000,000 yuan)')
  }
  if (subject.trim() === '' || !isPlainText(subject, 1, 256)) {
    throw new RangeError('subject has 1 to 256 characters, none of them a control character')
  }
  if (reference !== undefined && !isPlainText(reference, 1, 128)) {
    throw new RangeError('reference has 1 to 128 characters, none of them a control character')
  }
  if (outTradeNo !== undefined && !/^\w{1,64}$/.test(outTradeNo)) {
    throw new RangeError('outTradeNo has 1 to 64 letters, digits and underscores')
  }
  const isDeadline =
    expiresInMs === undefined ||
    (Number.isInteger(expiresInMs) &&
      expiresInMs >= DEADLINE_MIN_MS &&
      expiresInMs <= DEADLINE_MAX_MS)
  if (!isDeadline) {
    throw new RangeError(
      'expiresInMs is whole milliseconds from 60,000 (1 min) to 6,600,000 (110 min)',
    )
  }
  if (authCode !== undefined && !AUTH_CODE.test(authCode)) {
    throw new RangeError(
      "authCode is the payment code of the buyer's app: 16 to 24 digits, of which the first two are 25 to 30",
    )
  }
  if (authCode !== undefined && expiresInMs !== undefined) {
    throw new RangeError('expiresInMs is not for an authCode, whose buyer has 60,000 (1 min)')
  }
  if (returnUrl !== undefined && !/^https?:\/\//.test(returnUrl)) {
    throw new RangeError('returnUrl is an http or https address')
  }
  checkMetadata(order.metadata)
  checkName('storeId', order.storeId, STORE_ID_MAX)
  checkName('operatorId', order.operatorId, OPERATOR_ID_MAX)
  checkName('terminalId', order.terminalId, TERMINAL_ID_MAX)
  checkName('idempotencyKey', order.idempotencyKey, IDEMPOTENCY_KEY_MAX)
  if (order.retryAllowed === true && reference === undefined) {
    throw new RangeError(
      'retryAllowed needs a reference: it is what keeps a sale from being paid twice',
    )
  }
}

/** What a buyer's payment code (付款码) looks like. Alipay: 统一收单交易支付, auth_code. */
export const AUTH_CODE = /^(?:2[5-9]|30)\d{14,22}$/

function checkName(name: string, value: string | undefined, max: number): void {
  if (value !== undefined && !isPlainText(value, 1, max)) {
    throw new RangeError(`${name} has 1 to ${max} characters, none of them a control character`)
  }
}
