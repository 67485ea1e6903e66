/**
 * Today at a glance.
 *
 * @module
 */
import { useQuery } from '@tanstack/react-query'
import { Alert, Card, Segmented, Skeleton } from 'antd'
import { useState, type ReactNode } from 'react'
import { Link } from 'react-router'
import type { Attention, Figures, List, Payment } from '../api/objects.ts'
import { request } from '../api/request.ts'
import { midnight, today } from '../beijing.ts'
import { useTexts } from '../language/language.tsx'
import { BarChart } from '../parts/bar-chart.tsx'
import { Foreign, Moment, Money, yuanText } from '../parts/money.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { Problem } from '../parts/problem.tsx'
import { PaymentState } from '../parts/states.tsx'

const RANGES = [0, 1, 6, 29] as const
const MINUTE_MS = 60_000

/** The first page. */
export default function Overview(): ReactNode {
  const { common, overview: texts, menu } = useTexts()
  const [back, setBack] = useState<number>(0)
  const figures = useFigures(back)
  const attention = useQuery({
    queryKey: ['attention'],
    queryFn: () => request<List<Attention>>('GET', '/v1/attention'),
  })
  const waiting = attention.data?.data.length ?? 0
  return (
    <>
      <PageHead title={menu.overview}>
        <Segmented<number>
          value={back}
          onChange={setBack}
          options={RANGES.map((value, index) => ({ value, label: common.days[index] ?? '' }))}
        />
      </PageHead>
      {waiting > 0 && (
        <Alert
          type="warning"
          showIcon
          style={{ marginBottom: 16 }}
          title={texts.attention(waiting)}
          action={<Link to="/attention">{texts.attentionLink}</Link>}
        />
      )}
      {figures.error !== null && (
        <Problem error={figures.error} again={() => void figures.refetch()} />
      )}
      <div className="grid">
        {figures.error === null && <Numbers figures={figures.data} />}
        {figures.error === null && (
          <Card title={texts.chartTitle} extra={back < 2 ? texts.byHour : texts.byDay}>
            {figures.data === undefined ? (
              <Skeleton active />
            ) : (
              <BarChart series={figures.data.series} interval={back < 2 ? 'hour' : 'day'} />
            )}
          </Card>
        )}
        <Latest />
      </div>
    </>
  )
}

function useFigures(back: number) {
  const day = (offset: number): string => midnight(today().add(offset, 'day'))
  const query = {
    from: day(-back),
    to: day(back === 1 ? 0 : 1),
    interval: back < 2 ? 'hour' : 'day',
  }
  return useQuery({
    queryKey: ['figures', query],
    queryFn: () => request<Figures>('GET', '/v1/figures', { query }),
    refetchInterval: MINUTE_MS,
    placeholderData: (last) => last,
  })
}

// Alipay tells the second alone: what was paid at once may seem paid before its code was shown.
function Numbers({ figures }: { readonly figures: Figures | undefined }): ReactNode {
  const { overview: texts } = useTexts()
  const totals = figures?.totals
  const numbers: [string, string | null, string | null][] = [
    [texts.amount, totals ? yuanText(totals.amount) : null, null],
    [
      texts.succeeded,
      totals ? String(totals.succeeded) : null,
      totals ? `${texts.count} ${totals.count}` : null,
    ],
    [
      texts.rate,
      totals
        ? totals.success_rate === null
          ? '—'
          : `${(totals.success_rate * 100).toFixed(1)}%`
        : null,
      null,
    ],
    [
      texts.median,
      totals
        ? totals.median_seconds_to_pay === null
          ? '—'
          : texts.seconds(totals.median_seconds_to_pay)
        : null,
      null,
    ],
    [
      texts.refunds,
      totals ? yuanText(totals.refunded_amount) : null,
      totals ? texts.refundsCount(totals.refunds) : null,
    ],
  ]
  return (
    <div className="grid figures">
      {numbers.map(([label, value, note]) => (
        <Card key={label} size="small">
          <div className="quiet">{label}</div>
          <div className="figure-value">{value ?? <Skeleton.Button size="small" />}</div>
          <div className="quiet" style={{ fontSize: 12, minHeight: 18 }}>
            {note}
          </div>
        </Card>
      ))}
    </div>
  )
}

function Latest(): ReactNode {
  const { overview: texts, payment } = useTexts()
  const { data, error } = useQuery({
    queryKey: ['payments', 'latest'],
    queryFn: () => request<List<Payment>>('GET', '/v1/payments', { query: { limit: 8 } }),
  })
  if (error !== null) return <Problem error={error} />
  return (
    <Card
      title={texts.latest}
      extra={<Link to="/payments">{texts.viewAll}</Link>}
      loading={data === undefined}
    >
      {data?.data.length === 0 && <span className="quiet">{payment.noneYet}</span>}
      <div className="grid" style={{ gap: 14 }}>
        {data?.data.map((one) => (
          <div key={one.id} className="card-row" style={{ alignItems: 'center' }}>
            <Link to={`/payments/${one.id}`} style={{ flex: 1, minWidth: 0 }}>
              <Foreign oneLine>{one.subject}</Foreign>
            </Link>
            <PaymentState payment={one} />
            <strong style={{ minWidth: 96, textAlign: 'right' }}>
              <Money fen={one.amount} />
            </strong>
            <span className="quiet wide-only">
              <Moment at={one.created_at} short />
            </span>
          </div>
        ))}
      </div>
    </Card>
  )
}
