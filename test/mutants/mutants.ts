/**
 * Deliberate faults in the engine: mistakes that other payment systems have made. Each must turn
 * the tests red, or the tests prove nothing.
 *
 * @module
 */

/** One fault. */
export interface Mutant {
  readonly name: string
  /** The file below the checkout. */
  readonly file: string
  /** A text that stands there exactly once. */
  readonly find: string
  readonly replace: string
  /** What would come of it. */
  readonly harm: string
}

const transitions = 'src/payments/transitions.ts'
const worker = 'src/payments/worker.ts'
const nextStep = 'src/payments/next-step.ts'
const calls = 'src/payments/gateway-calls.ts'
const commit = 'src/payments/commit.ts'

/** All of them. */
export const mutants: readonly Mutant[] = [
  {
    name: 'no-version-check',
    file: 'src/store/sqlite-payments.ts',
    find: '`update payments set ${sets(SAVED_COLUMNS)} where id = ? and app = ? and version = ?`',
    replace: '`update payments set ${sets(SAVED_COLUMNS)} where id = ? and app = ? and ? > 0`',
    harm: 'The slower of two writers overwrites what the quicker one has booked.',
  },
  {
    name: 'success-before-commit',
    file: 'src/payments/accept-notification.ts',
    find: 'const { changed } = await commitEvidence(context, found, evidence, { raw })',
    replace:
      'const changed = true\n  void commitEvidence(context, found, evidence, { raw }).catch(() => {})',
    harm: 'Alipay hears success, the process dies, and nobody knows of the money.',
  },
  {
    name: 'new-out-request-no-on-retry',
    file: calls,
    find: 'out_request_no: refund.outRequestNo,\n            refund_amount',
    replace:
      "out_request_no: `${refund.outRequestNo}${refund.unknownCalls || ''}`,\n            refund_amount",
    harm: 'A refund whose answer was lost is paid twice.',
  },
  {
    name: 'closed-with-money-read-as-expired',
    file: transitions,
    find: 'return trade.paidAt !== null || (trade.refundedTotal ?? 0) > 0',
    replace: 'return false',
    harm: 'A payment that was refunded in full elsewhere is booked as never paid.',
  },
  {
    name: 'local-expiry-without-a-query',
    file: transitions,
    find: "return startClosing(record, 'expired', now)",
    replace:
      "return payment.status === 'created' || payment.status === 'pending' ? ended(record, now, null) : same(record)",
    harm: 'Money that came shortly before the deadline is lost.',
  },
  {
    name: 'finished-read-as-waiting',
    file: transitions,
    find: "case 'TRADE_FINISHED':\n      return refundsSeen",
    replace: '      return refundsSeen',
    harm: 'A paid trade whose time for refunds is over is never booked.',
  },
  {
    name: 'any-refund-error-is-failed',
    file: calls,
    find: "const read = error.outcome === 'not_applied' ? inquiry.refused : inquiry.doubted",
    replace:
      "const read = error.outcome === 'not_applied' || call === 'refund' ? inquiry.refused : inquiry.doubted",
    harm: 'A refund in doubt is given up, made anew and paid twice.',
  },
  {
    name: 'failed-without-asking',
    file: 'src/payments/refund-transitions.ts',
    find: "      status: 'processing',\n      failure,\n      outcome: 'not_applied',",
    replace: "      status: 'failed',\n      failure,\n      outcome: 'not_applied',",
    harm: 'A refund that an earlier call has made is booked as failed.',
  },
  {
    name: 'evidence-dropped-on-a-lost-race',
    file: commit,
    find: "        case 'outdated':\n",
    replace:
      "        case 'outdated':\n          return { record: current, changed: false, released: false, referenceTaken: false }\n",
    harm: 'Of a notification and a query that come at once, one is forgotten.',
  },
  {
    name: 'cancel-repeated-without-a-query',
    file: worker,
    find: 'return this.#context.monotonicMs() - answeredAtMs < FRESH_ANSWER_MS ? answer : null',
    replace: "return answeredAtMs === 0 ? answer : (answer ?? 'WAIT_BUYER_PAY')",
    harm: 'A cancel in doubt is sent again although the buyer may have paid meanwhile.',
  },
  {
    name: 'cancel-on-an-old-answer',
    file: 'src/payments/schedule.ts',
    find: 'export const FRESH_ANSWER_MS = 2_000',
    replace: 'export const FRESH_ANSWER_MS = 200_000_000',
    harm: 'A process that stood still cancels what was paid while it did.',
  },
  {
    name: 'paid-published-while-a-cancel-decides',
    file: transitions,
    find: "if (settlesAt !== null && (source !== 'query' || now < settlesAt)) {",
    replace: 'if (settlesAt !== null && now < 0) {',
    harm: 'Goods are handed over for money that is on its way back.',
  },
  {
    name: 'two-refunds-at-once',
    file: nextStep,
    find: 'return refunds.reduce<Instant>(',
    replace: 'return [].reduce<Instant>(',
    harm: 'Alipay refuses or mixes up refunds of one trade that come together.',
  },
  {
    name: 'reservation-forgets-what-is-under-way',
    file: 'src/payments/payment.ts',
    find: "({ status }) => status !== 'failed' && status !== 'canceled'",
    replace: "({ status }) => status === 'succeeded'",
    harm: 'More is given back than was paid.',
  },
  {
    name: 'amount-not-compared',
    file: transitions,
    find: 'if (trade.totalAmount !== record.payment.amount) {',
    replace: 'if (trade.totalAmount < 0) {',
    harm: 'One fen pays for everything.',
  },
  {
    name: 'unknown-precreate-is-refused',
    file: calls,
    find: '? { ...unclear(call, error.message, refundId), isThrottled }',
    replace:
      "? { ...unclear(call, error.message, refundId), ...(call === 'precreate' && { evidence: inquiry.refused(error)! }), isThrottled }",
    harm: 'A sale is given up whose code the buyer may see and pay.',
  },
  {
    name: 'unanswered-code-gets-another',
    file: 'src/payments/next-step.ts',
    find: "return method === 'barcode' || outcome === 'applied'",
    replace: "return outcome === 'applied'",
    harm: 'A number whose buyer may be entering the password is sold a second way.',
  },
  {
    name: 'unarrived-code-is-believed-dead',
    file: transitions,
    find: "      if (payment.method === 'barcode') {\n        return scheduled(record, { unknownCalls: 0",
    replace:
      "      if (payment.method === 'barcode') {\n        return ended(record, now, null)\n      }\n      if (now < 0) {\n        return scheduled(record, { unknownCalls: 0",
    harm: 'A query that overtakes the code ends a sale that is paid a moment later.',
  },
  {
    name: 'leased-payments-are-claimed',
    file: 'src/store/sqlite-payments.ts',
    find: 'priority = ? and due_at <= ? and leased_until <= ?',
    replace: 'priority = ? and (due_at <= ? or leased_until > ?)',
    harm: 'Two workers call about one trade at once.',
  },
  {
    name: 'both-duplicates-are-refunded',
    file: 'src/payments/late-money.ts',
    find: "return other.payment.settlement !== 'due' || comesBefore(other, record)",
    replace: 'return true',
    harm: 'Whoever paid twice gets both back, and the goods.',
  },
  {
    name: 'event-not-in-the-commit',
    file: 'src/store/sqlite-payments.ts',
    find: '    for (const event of events) {',
    replace: "    for (const event of events.filter(({ type }) => type !== 'payment.succeeded')) {",
    harm: 'The shop never hears of a payment.',
  },
  {
    name: 'nothing-watched-after-the-end',
    file: 'src/payments/schedule.ts',
    find: 'if (payment.shownAt === null) return null\n',
    replace: 'if (payment.shownAt !== null) return null\n',
    harm: 'Money that comes late for a code that still lives is never seen.',
  },
  {
    name: 'not-found-ends-a-payment-early',
    file: transitions,
    find: 'if (askedAt >= deadAt) return ended(',
    replace: 'if (askedAt >= 0) return ended(',
    harm: 'A code that can still be paid is declared dead.',
  },
]
