/**
 * Each day against Alipay's bill.
 *
 * @module
 */
import { App, Button, DatePicker, Progress, Space, Tag } from 'antd'
import type dayjs from 'dayjs'
import { useState, type ReactNode } from 'react'
import { Link, useNavigate } from 'react-router'
import type { Reconciliation } from '../api/objects.ts'
import { request } from '../api/request.ts'
import { useMay } from '../api/session.tsx'
import { today } from '../beijing.ts'
import { useTexts } from '../language/language.tsx'
import { useAct } from '../parts/act.ts'
import { LongList } from '../parts/long-list.tsx'
import { Moment, Money } from '../parts/money.tsx'
import { PageHead } from '../parts/page-head.tsx'

const COLOURS = {
  awaiting_bill: 'default',
  running: 'processing',
  balanced: 'success',
  differences: 'warning',
  failed: 'error',
} as const

/** The days that were compared. */
export default function Reconciliations(): ReactNode {
  const { reconciliations: texts } = useTexts()
  const may = useMay()
  return (
    <>
      <PageHead title={texts.title} lead={texts.lead}>
        {may('reconciliations:write') && <Start />}
      </PageHead>
      <LongList<Reconciliation>
        name="reconciliations"
        path="/v1/reconciliations"
        empty={texts.none}
        columns={[
          { title: texts.date, key: 'date', width: 140, render: (_, one) => <Day one={one} /> },
          {
            title: texts.status,
            key: 'status',
            width: 150,
            render: (_, one) => <ReconciliationState one={one} />,
          },
          {
            title: texts.open,
            key: 'open',
            width: 100,
            align: 'right',
            render: (_, one) => one.differences.open,
          },
          {
            title: texts.healed,
            key: 'healed',
            width: 120,
            align: 'right',
            render: (_, one) => one.differences.healed,
          },
          {
            title: texts.gross,
            key: 'gross',
            width: 150,
            align: 'right',
            render: (_, one) => (one.bill === null ? '—' : <Money fen={one.bill.gross} />),
          },
          {
            title: texts.finished,
            key: 'at',
            width: 170,
            render: (_, one) => <Moment at={one.finished_at} />,
          },
        ]}
        card={(one) => (
          <div>
            <div className="card-row">
              <Day one={one} />
              <ReconciliationState one={one} />
            </div>
            <div className="card-row quiet">
              <span>
                {texts.open} {one.differences.open}
              </span>
              {one.bill !== null && <Money fen={one.bill.gross} />}
            </div>
          </div>
        )}
      />
    </>
  )
}

/** Where a comparison stands, and while it runs how far it is. */
export function ReconciliationState({ one }: { readonly one: Reconciliation }): ReactNode {
  const { reconciliations: texts } = useTexts()
  if (one.status === 'running' && one.rows !== null && one.rows > 0) {
    return (
      <Progress
        percent={Math.floor((one.rows_read / one.rows) * 100)}
        size="small"
        aria-label={texts.states.running}
      />
    )
  }
  return (
    <Tag color={COLOURS[one.status]} style={{ margin: 0 }}>
      {texts.states[one.status]}
    </Tag>
  )
}

function Day({ one }: { readonly one: Reconciliation }): ReactNode {
  return (
    <Link to={`/reconciliations/${one.id}`} className="num">
      {one.date}
    </Link>
  )
}

function Start(): ReactNode {
  const { reconciliations: texts } = useTexts()
  const { message } = App.useApp()
  const act = useAct('reconciliations')
  const navigate = useNavigate()
  const [day, setDay] = useState(() => today().subtract(1, 'day'))
  const [isBusy, setBusy] = useState(false)
  const start = async (): Promise<void> => {
    setBusy(true)
    const begun = await act(() =>
      request<Reconciliation>('POST', '/v1/reconciliations', {
        body: { date: day.format('YYYY-MM-DD') },
      }),
    )
    setBusy(false)
    if (begun === undefined) return
    if (begun.status === 'awaiting_bill') void message.info(texts.states.awaiting_bill)
    await navigate(`/reconciliations/${begun.id}`)
  }
  return (
    <Space wrap>
      <DatePicker
        allowClear={false}
        value={day}
        onChange={(chosen: dayjs.Dayjs | null) => chosen !== null && setDay(chosen)}
        disabledDate={(one) => !one.isBefore(today(), 'day')}
        aria-label={texts.date}
      />
      <Button type="primary" loading={isBusy} onClick={() => void start()}>
        {texts.start}
      </Button>
    </Space>
  )
}
