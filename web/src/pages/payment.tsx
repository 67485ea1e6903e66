/**
 * One payment: what it is, what became of it in plain words, and what can be done about it.
 *
 * @module
 */
import { ArrowLeftOutlined, CheckCircleFilled, LinkOutlined, SyncOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Alert, App, Button, Card, Descriptions, Drawer, Skeleton, Space, Timeline } from 'antd'
import { useState, type ReactNode } from 'react'
import { Link, useParams } from 'react-router'
import type { List, Payment, Refund, RefundRequest, TimelineEntry } from '../api/objects.ts'
import { request } from '../api/request.ts'
import { useMay } from '../api/session.tsx'
import { useTexts } from '../language/language.tsx'
import { useAnswer } from '../parts/answer.ts'
import { Copyable } from '../parts/copyable.tsx'
import { Foreign, Moment, Money, yuanText } from '../parts/money.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { Problem, useComplain } from '../parts/problem.tsx'
import { RefundDialog } from '../parts/refund-dialog.tsx'
import { RefundLine } from '../parts/refund-line.tsx'
import { RefundRequestLine } from '../parts/refund-request-line.tsx'
import { Resolve } from '../parts/resolve.tsx'
import { PaymentState } from '../parts/states.tsx'
import { useTold } from '../parts/told.ts'

/** The page of a payment. */
export default function PaymentPage(): ReactNode {
  const { id = '' } = useParams()
  const path = `/v1/payments/${encodeURIComponent(id)}`
  const payment = useQuery({
    queryKey: ['payment', id],
    queryFn: () => request<Payment>('GET', path),
  })
  const timeline = useQuery({
    queryKey: ['payment', id, 'timeline'],
    queryFn: () => request<List<TimelineEntry>>('GET', `${path}/timeline`),
  })
  const refunds = useQuery({
    queryKey: ['payment', id, 'refunds'],
    queryFn: () =>
      request<List<Refund>>('GET', '/v1/refunds', { query: { payment: id, limit: 100 } }),
  })
  const asked = useQuery({
    queryKey: ['refunds', 'requests', 'pending'],
    queryFn: () =>
      request<List<RefundRequest>>('GET', '/v1/refund_requests', {
        query: { status: 'pending', limit: 100 },
      }),
  })
  if (payment.error !== null && payment.data === undefined)
    return <Problem error={payment.error} again={() => void payment.refetch()} />
  if (payment.data === undefined) return <Skeleton active paragraph={{ rows: 10 }} />
  return (
    <Whole
      payment={payment.data}
      timeline={timeline.data?.data ?? []}
      refunds={refunds.data?.data ?? []}
      asked={asked.data?.data.filter(({ payment: about }) => about === id) ?? []}
    />
  )
}

function Whole({
  payment,
  timeline,
  refunds,
  asked,
}: {
  readonly payment: Payment
  readonly timeline: readonly TimelineEntry[]
  readonly refunds: readonly Refund[]
  readonly asked: readonly RefundRequest[]
}): ReactNode {
  const { common, menu, payment: texts, review, timeline: told } = useTexts()
  const may = useMay()
  const answer = useAnswer()
  const { trade_status: tradeStatus } = payment.alipay
  const mayNotRefund =
    payment.review === null && payment.amount_refundable > 0 && !may('refunds:create')
  return (
    <>
      <Link to="/payments" style={{ display: 'inline-block', marginBottom: 8 }}>
        <ArrowLeftOutlined /> {menu.payments}
      </Link>
      <PageHead title={texts.one}>
        <Actions payment={payment} />
      </PageHead>
      {payment.review !== null && (
        <Alert
          type="warning"
          showIcon
          style={{ marginBottom: 16 }}
          title={review[payment.review]}
          description={review.hints[payment.review]}
          action={<Resolve payment={payment} />}
        />
      )}
      {payment.failure !== null && (
        <Alert
          type="error"
          showIcon
          style={{ marginBottom: 16 }}
          title={[told.precreate_refused, payment.failure.alipay.sub_msg]
            .filter((text) => text !== '')
            .join(' · ')}
          description={payment.failure.message}
        />
      )}
      <div className="grid split">
        <div className="grid">
          <Card>
            <div style={{ display: 'flex', flexWrap: 'wrap', alignItems: 'baseline', gap: 12 }}>
              <span className="payment-amount">{yuanText(payment.amount)}</span>
              <PaymentState payment={payment} />
            </div>
            <div style={{ fontSize: 16, margin: '4px 0' }}>
              <Foreign>{payment.subject}</Foreign>
            </div>
            <p className="tell">
              <span className="quiet">{texts.tell}</span>{' '}
              <strong>{answer(payment, refunds)}</strong>
            </p>
            {mayNotRefund && <div className="quiet">{texts.byCashier}</div>}
          </Card>
          <Card title={texts.timeline} extra={<span className="quiet">{common.beijing}</span>}>
            <Story entries={timeline} />
          </Card>
          {refunds.length + asked.length > 0 && (
            <Card title={texts.refunds}>
              <div className="grid">
                {asked.map((one) => (
                  <RefundRequestLine key={one.id} request={one} />
                ))}
                {refunds.map((refund) => (
                  <RefundLine key={refund.id} refund={refund} />
                ))}
              </div>
            </Card>
          )}
        </div>
        <div className="grid">
          <Card title={texts.details}>
            <Details payment={payment} />
          </Card>
          <Card title={texts.channel}>
            <Descriptions
              colon={false}
              column={1}
              size="small"
              layout="vertical"
              items={[
                {
                  key: 'out',
                  label: `${texts.outTradeNo} · ${texts.outTradeNoHint}`,
                  children: <Copyable text={payment.alipay.out_trade_no} />,
                },
                {
                  key: 'trade',
                  label: `${texts.tradeNo} · ${texts.tradeNoHint}`,
                  children:
                    payment.alipay.trade_no === null ? (
                      '—'
                    ) : (
                      <Copyable text={payment.alipay.trade_no} />
                    ),
                },
                {
                  key: 'status',
                  label: texts.tradeStatus,
                  children:
                    tradeStatus === null ? '—' : (texts.tradeStatuses[tradeStatus] ?? tradeStatus),
                },
              ]}
            />
          </Card>
        </div>
      </div>
    </>
  )
}

function Actions({ payment }: { readonly payment: Payment }): ReactNode {
  const { common, payment: texts, refund } = useTexts()
  const may = useMay()
  const client = useQueryClient()
  const { message, modal } = App.useApp()
  const complain = useComplain()
  const [isAsking, setAsking] = useState(false)
  const [isRefunding, setRefunding] = useState(false)
  const renew = () => client.invalidateQueries({ queryKey: ['payment', payment.id] })
  const sync = async (): Promise<void> => {
    setAsking(true)
    try {
      const now = await request<Payment>('POST', `/v1/payments/${payment.id}/sync`)
      if (now.status === 'succeeded') void message.success(texts.synced.paid)
      else if (now.outcome === 'unknown') void message.warning(texts.synced.unknown)
      else void message.info(isOpen(now) ? texts.synced.unpaid : texts.synced.over)
      await renew()
    } catch (error) {
      complain(error)
    } finally {
      setAsking(false)
    }
  }
  const cancel = (): void => {
    void modal.confirm({
      title: texts.cancelTitle,
      content: texts.cancelText,
      okText: texts.cancel,
      cancelText: common.close,
      okButtonProps: { danger: true },
      onOk: async () => {
        try {
          const now = await request<Payment>('POST', `/v1/payments/${payment.id}/cancel`)
          void (now.status === 'closing'
            ? message.info(texts.canceling)
            : message.success(texts.canceled))
        } catch (error) {
          complain(error)
        }
        await renew()
      },
    })
  }
  return (
    <Space wrap>
      {may('payments:sync') && (
        <Button
          icon={<SyncOutlined spin={isAsking} />}
          title={texts.syncHint}
          disabled={isAsking}
          onClick={() => void sync()}
        >
          {texts.sync}
        </Button>
      )}
      {payment.checkout_url !== null && isOpen(payment) && (
        <Button
          icon={<LinkOutlined />}
          href={payment.checkout_url}
          target="_blank"
          rel="noreferrer"
        >
          {texts.checkout}
        </Button>
      )}
      {may('payments:create') && isOpen(payment) && payment.status !== 'closing' && (
        <Button danger onClick={cancel}>
          {texts.cancel}
        </Button>
      )}
      {may('refunds:create') && payment.amount_refundable > 0 && (
        <Button type="primary" onClick={() => setRefunding(true)}>
          {refund.title}
        </Button>
      )}
      {isRefunding && (
        <RefundDialog
          payment={payment}
          close={() => {
            setRefunding(false)
            void renew()
          }}
        />
      )}
    </Space>
  )
}

function Details({ payment }: { readonly payment: Payment }): ReactNode {
  const { payment: texts } = useTexts()
  const rows: [string, ReactNode][] = [
    [texts.id, <Copyable key="id" text={payment.id} />],
    [
      texts.reference,
      payment.reference === null ? null : <Foreign key="reference">{payment.reference}</Foreign>,
    ],
    [texts.method, texts.methods[payment.method]],
    [texts.createdAt, <Moment key="created" at={payment.created_at} />],
    [texts.expiresAt, isOpen(payment) ? <Moment key="expires" at={payment.expires_at} /> : null],
    [texts.scannedAt, payment.scanned_at && <Moment key="scanned" at={payment.scanned_at} />],
    [texts.paidAt, payment.paid_at && <Moment key="paid" at={payment.paid_at} />],
    [texts.endedAt, payment.ended_at && <Moment key="ended" at={payment.ended_at} />],
    [
      texts.received,
      payment.amount_received === null ? null : (
        <Money key="received" fen={payment.amount_received} />
      ),
    ],
    [
      texts.refundedAmount,
      payment.amount_refunded === 0 ? null : <Money key="refunded" fen={payment.amount_refunded} />,
    ],
    [
      texts.refundable,
      payment.status === 'succeeded' ? (
        <Money key="refundable" fen={payment.amount_refundable} />
      ) : null,
    ],
    [texts.store, payment.store_id && <Foreign key="store">{payment.store_id}</Foreign>],
    [
      texts.operator,
      payment.operator_id && <Foreign key="operator">{payment.operator_id}</Foreign>,
    ],
    [
      texts.terminal,
      payment.terminal_id && <Foreign key="terminal">{payment.terminal_id}</Foreign>,
    ],
    [
      texts.retryOf,
      payment.retry_of && (
        <Link key="retry" to={`/payments/${payment.retry_of}`}>
          {payment.retry_of}
        </Link>
      ),
    ],
    [
      texts.duplicateOf,
      payment.duplicate_of && (
        <Link key="duplicate" to={`/payments/${payment.duplicate_of}`}>
          {payment.duplicate_of}
        </Link>
      ),
    ],
    ...Object.entries(payment.metadata).map(([name, value]): [string, ReactNode] => [
      `${texts.metadata} · ${name}`,
      <Foreign key={name}>{value}</Foreign>,
    ]),
  ]
  const items = rows
    .filter(([, value]) => value !== null && value !== '')
    .map(([label, children], key) => ({ key, label: <Foreign>{label}</Foreign>, children }))
  return <Descriptions colon={false} column={1} size="small" layout="vertical" items={items} />
}

function Story({ entries }: { readonly entries: readonly TimelineEntry[] }): ReactNode {
  const { payment: texts, timeline } = useTexts()
  const told = useTold()
  const [shown, setShown] = useState<TimelineEntry | null>(null)
  return (
    <>
      <Timeline
        items={entries.map((entry, key) => ({
          key,
          color: colourOf(entry),
          ...(entry.to === 'succeeded' &&
            entry.from !== 'succeeded' && { icon: <CheckCircleFilled /> }),
          content: (
            <div>
              <div style={{ fontWeight: entry.from === entry.to ? 400 : 600 }}>{told(entry)}</div>
              <div className="quiet" style={{ fontSize: 13 }}>
                <Moment at={entry.at} /> · {timeline.source[entry.source] ?? entry.source}
                {entry.from !== null && entry.from !== entry.to && (
                  <>
                    {' '}
                    · {texts.status[entry.from]} → {texts.status[entry.to]}
                  </>
                )}
                {entry.raw !== null && (
                  <Button type="link" size="small" onClick={() => setShown(entry)}>
                    {texts.raw}
                  </Button>
                )}
              </div>
            </div>
          ),
        }))}
      />
      <Drawer
        open={shown !== null}
        onClose={() => setShown(null)}
        title={texts.rawTitle}
        size={560}
      >
        <p className="quiet" style={{ marginTop: 0 }}>
          {texts.rawHint}
        </p>
        <pre className="raw mono" tabIndex={0}>
          {indented(shown?.raw ?? '')}
        </pre>
      </Drawer>
    </>
  )
}

function isOpen({ status }: Payment): boolean {
  return status === 'created' || status === 'pending' || status === 'closing'
}

function colourOf({ kind, to, from }: TimelineEntry): string {
  if (kind === 'unknown') return 'gold'
  if (kind.endsWith('refused')) return 'red'
  return to === 'succeeded' && from !== to ? 'green' : from === to ? 'gray' : 'blue'
}

/** JSON in lines; a form, one field a line; anything else as it is. */
function indented(raw: string): string {
  try {
    return JSON.stringify(JSON.parse(raw), null, 2)
  } catch {
    return /^[\w.]+=[^\n]*&/.test(raw)
      ? [...new URLSearchParams(raw)].map(([name, value]) => `${name} = ${value}`).join('\n')
      : raw
  }
}
