/**
 * Refunds, and those that wait for somebody's approval.
 *
 * @module
 */
import { useQuery } from '@tanstack/react-query'
import { Card, Select, Tabs } from 'antd'
import { useState, type ReactNode } from 'react'
import { Link } from 'react-router'
import type { List, Refund, RefundRequest } from '../api/objects.ts'
import { request } from '../api/request.ts'
import { useTexts } from '../language/language.tsx'
import { LongList } from '../parts/long-list.tsx'
import { Foreign, Moment, Money } from '../parts/money.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { Problem } from '../parts/problem.tsx'
import { RefundActions } from '../parts/refund-line.tsx'
import { RefundRequestLine } from '../parts/refund-request-line.tsx'
import { RefundState } from '../parts/states.tsx'

const STATUSES = [
  'pending',
  'processing',
  'requires_action',
  'succeeded',
  'failed',
  'canceled',
] as const

/** The page of refunds. */
export default function Refunds(): ReactNode {
  const { menu, refund: texts } = useTexts()
  return (
    <>
      <PageHead title={menu.refunds} />
      <Tabs
        items={[
          { key: 'all', label: texts.one, children: <All /> },
          { key: 'requests', label: texts.request, children: <Requests /> },
        ]}
      />
    </>
  )
}

function All(): ReactNode {
  const { common, payment, refund: texts } = useTexts()
  const [status, setStatus] = useState<string | null>(null)
  return (
    <>
      <div className="toolbar">
        <Select
          allowClear
          aria-label={common.status}
          placeholder={common.status}
          value={status}
          onChange={(value) => setStatus(value ?? null)}
          options={STATUSES.map((value) => ({ value, label: texts.status[value] }))}
          style={{ width: 140 }}
        />
      </div>
      <LongList<Refund>
        name="refunds"
        path="/v1/refunds"
        query={{ status: status ?? undefined }}
        empty={texts.none}
        columns={[
          {
            title: texts.amount,
            key: 'amount',
            width: 130,
            align: 'right',
            render: (_, one) => (
              <strong>
                <Money fen={one.amount} />
              </strong>
            ),
          },
          {
            title: common.status,
            key: 'status',
            width: 120,
            render: (_, one) => <RefundState refund={one} />,
          },
          {
            title: payment.one,
            key: 'payment',
            width: 220,
            render: (_, one) => (
              <Link to={`/payments/${one.payment}`} className="mono one-line">
                {one.payment}
              </Link>
            ),
          },
          {
            title: texts.reason,
            key: 'reason',
            width: 180,
            render: (_, one) => <Foreign oneLine>{one.reason ?? ''}</Foreign>,
          },
          {
            title: common.created,
            key: 'at',
            width: 170,
            render: (_, one) => <Moment at={one.created_at} />,
          },
          {
            title: common.actions,
            key: 'actions',
            width: 190,
            render: (_, one) => <RefundActions refund={one} />,
          },
        ]}
        card={(one) => (
          <div>
            <div className="card-row">
              <strong>
                <Money fen={one.amount} />
              </strong>
              <RefundState refund={one} />
            </div>
            <div className="card-row quiet">
              <Link to={`/payments/${one.payment}`} className="mono one-line">
                {one.payment}
              </Link>
              <Moment at={one.created_at} short />
            </div>
            <RefundActions refund={one} />
          </div>
        )}
      />
    </>
  )
}

function Requests(): ReactNode {
  const { common, refund: texts } = useTexts()
  const { data, error, refetch } = useQuery({
    queryKey: ['refunds', 'requests'],
    queryFn: () =>
      request<List<RefundRequest>>('GET', '/v1/refund_requests', { query: { limit: 100 } }),
  })
  if (error !== null) return <Problem error={error} again={() => void refetch()} />
  if (data?.data.length === 0)
    return (
      <Card>
        <span className="quiet">{texts.noRequests}</span>
      </Card>
    )
  return (
    <div className="grid">
      {data?.data.map((one) => (
        <Card key={one.id} size="small">
          <RefundRequestLine request={one} linked />
        </Card>
      ))}
      {data === undefined && <Card loading>{common.loading}</Card>}
    </div>
  )
}
