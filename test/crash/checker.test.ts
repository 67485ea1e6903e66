import { expect, test } from 'vitest'
import { toFen, toInstant } from '../../src/alipay/index.ts'
import { eventMessage, SigningSecret, signWebhook } from '../../src/webhooks/index.ts'
import { differences, type Accounts } from './checker.ts'
import type { EventRow } from './installation.ts'

const secret = SigningSecret.create()
const at = toInstant(1_795_000_000_000)

/** A payment that was paid and half refunded, and one that nobody has paid. */
function accounts(): Accounts {
  const events = [
    event('pay_1', 'payment.created', 1, 'created'),
    event('pay_1', 'payment.succeeded', 2, 'succeeded'),
    event('pay_1', 'refund.created', 1, 'pending', 're_1'),
    event('pay_1', 'refund.succeeded', 2, 'succeeded', 're_1'),
    event('pay_2', 'payment.created', 1, 'created'),
    event('pay_2', 'payment.expired', 2, 'expired'),
  ]
  return {
    ledger: [
      {
        out_trade_no: 'sm1',
        trade_no: '1',
        status: 'TRADE_SUCCESS',
        amount: toFen(100),
        paid: toFen(100),
        refunded: toFen(50),
        fee: toFen(0),
        refunds: [{ out_request_no: 'rf1', amount: toFen(50), at: '', by: 'refund' }],
      },
    ],
    requests: [
      { method: 'alipay.trade.precreate', out_trade_no: 'sm2' },
      { method: 'alipay.trade.query', out_trade_no: 'sm2' },
      { method: 'alipay.trade.query', out_trade_no: 'sm1' },
      { method: 'alipay.trade.cancel', out_trade_no: 'sm2' },
    ],
    payments: [payment('pay_1', 'sm1', 'succeeded', 50), payment('pay_2', 'sm2', 'expired', 0)],
    refunds: [
      {
        id: 're_1',
        payment: 'pay_1',
        status: 'succeeded',
        amount: 50,
        source: 'api',
        reference: null,
        alipay: { out_request_no: 'rf1' },
      },
    ],
    pages: new Map([
      ['pay_1', 'paid'],
      ['pay_2', 'expired'],
    ]),
    events,
    deliveries: events.map(delivered),
    webhookSecret: secret.reveal(),
  }
}

const acknowledged = { payments: ['pay_1', 'pay_2'], refunds: ['re_1'] }

test('accounts that agree have no difference', () => {
  expect(differences(accounts(), acknowledged)).toEqual([])
})

test.each<[string, (right: Accounts) => Partial<Accounts>, string]>([
  [
    'a payment that is gone',
    ({ payments }) => ({ payments: payments.slice(0, 1) }),
    'pay_2 was acknowledged and is lost',
  ],
  [
    'a trade that nobody knows',
    ({ ledger }) => ({ ledger: [...ledger, ...ledger].map(numbered('sm1', 'sm9')) }),
    'Alipay has a trade sm9 that nobody here knows',
  ],
  [
    'money that nobody has paid',
    ({ ledger }) => ({ ledger: ledger.map((entry) => ({ ...entry, paid: toFen(0) })) }),
    'pay_1 is succeeded with 100, and Alipay has 0',
  ],
  [
    'money that was taken and not booked',
    ({ ledger }) => ({ ledger: [...ledger, ...ledger].map(numbered('sm1', 'sm2')) }),
    'pay_2 is expired, and the buyer has paid 100',
  ],
  [
    'a trade that can still be paid',
    ({ ledger }) => ({
      ledger: [
        ...ledger,
        ...ledger.map((entry) => ({
          ...entry,
          out_trade_no: 'sm2',
          status: 'WAIT_BUYER_PAY' as const,
          paid: toFen(0),
          refunds: [],
        })),
      ],
    }),
    'pay_2 is expired, and the buyer can still pay its trade',
  ],
  [
    'a refund that was made twice',
    ({ ledger }) => ({
      ledger: ledger.map((entry) => ({ ...entry, refunds: [...entry.refunds, ...entry.refunds] })),
    }),
    'Alipay has refunded a number twice',
  ],
  [
    'a refund that is not booked',
    ({ refunds }) => ({
      refunds: refunds.map((refund) => ({ ...refund, status: 'failed' })),
    }),
    'Alipay has given back 50, the payment says 50, its refunds 0',
  ],
  [
    'a refund that is open',
    ({ refunds }) => ({
      refunds: refunds.map((refund) => ({ ...refund, status: 'processing' })),
    }),
    're_1 is still processing',
  ],
  [
    'a refund under another number',
    ({ refunds }) => ({
      refunds: refunds.map((refund) => ({ ...refund, alipay: { out_request_no: 'rf2' } })),
    }),
    're_1 is succeeded, and Alipay has not made it',
  ],
  [
    'a page that shows something else',
    () => ({ pages: new Map([['pay_2', 'expired']]) }),
    'pay_1 is succeeded, and its page shows undefined',
  ],
  [
    'an event that is missing',
    ({ events }) => ({ events: events.filter(({ type }) => type !== 'payment.created') }),
    'the events of pay_1 count 2',
  ],
  [
    'an event that is there twice',
    ({ events }) => ({ events: [...events, ...events.slice(0, 1)] }),
    'two events have the same id',
  ],
  [
    'an event that was not sent',
    ({ deliveries }) => ({ deliveries: deliveries.slice(1) }),
    'pay_1: payment.created evt_pay_1_1 was never sent',
  ],
  [
    'an event that was sent and is not stored',
    ({ events }) => ({ events: events.slice(0, -1) }),
    'evt_pay_2_2 was sent and is not stored',
  ],
  [
    'a webhook that somebody has changed',
    ({ deliveries }) => ({
      deliveries: deliveries.map((one) => ({
        ...one,
        body: Buffer.concat([one.body, Buffer.from(' ')]),
      })),
    }),
    'a webhook cannot be verified',
  ],
  [
    'an end that is not told',
    ({ payments }) => ({
      payments: payments.map((one) => (one.id === 'pay_2' ? { ...one, status: 'canceled' } : one)),
    }),
    'pay_2 is canceled, and was last told to be expired',
  ],
  [
    'a payment that is told to be paid, and then to be taken back',
    ({ events }) => ({
      events: [...events, event('pay_1', 'payment.refunded_by_cancel', 3, 'succeeded')],
    }),
    'was told to be paid 2 times: payment.succeeded,payment.refunded_by_cancel',
  ],
  [
    'a cancel that no query has allowed',
    ({ requests }) => ({
      requests: requests.filter(({ method }) => method !== 'alipay.trade.query'),
    }),
    'sm2 was canceled after alipay.trade.precreate',
  ],
])('%s is found', (_, change, difference) => {
  const right = accounts()
  expect(differences({ ...right, ...change(right) }, acknowledged).join('\n')).toContain(difference)
})

/** Gives the second of two trades another number. */
function numbered(from: string, to: string) {
  return (entry: Accounts['ledger'][number], index: number) =>
    index === 1 ? { ...entry, out_trade_no: entry.out_trade_no.replace(from, to) } : entry
}

function payment(id: string, outTradeNo: string, status: string, refunded: number) {
  return {
    id,
    status,
    amount: 100,
    amount_refunded: refunded,
    reference: null,
    scanned_at: null,
    late: false,
    settlement: null,
    review: null,
    checkout_url: '',
    next_action: null,
    alipay: { out_trade_no: outTradeNo, trade_no: null },
  }
}

function event(
  payment_id: string,
  type: string,
  sequence: number,
  status: string,
  refund_id: string | null = null,
): EventRow {
  const object = refund_id ?? payment_id
  const data = JSON.stringify({ object: { id: object, status }, previous: {} })
  return {
    id: `evt_${object}_${sequence}`,
    payment_id,
    refund_id,
    type,
    sequence,
    data,
  }
}

function delivered(row: EventRow): Accounts['deliveries'][number] {
  const { id, body } = eventMessage({ ...row, createdAt: at })
  const headers = { ...signWebhook({ id, at, body }, [secret]) }
  return { method: 'POST', path: '/hooks', headers, body: Buffer.from(body), receivedAtMs: 0 }
}
