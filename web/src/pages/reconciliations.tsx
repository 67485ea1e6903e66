/**
 * Each day against Alipay's bill.
 *
 * @module
 */
import { UploadOutlined } from '@ant-design/icons'
import { Button, DatePicker, Progress, Tag } from 'antd'
import dayjs from 'dayjs'
import { useState, type ReactNode } from 'react'
import { Link, useSearchParams } from 'react-router'
import type { Reconciliation } from '../api/objects.ts'
import { useMay } from '../api/session.tsx'
import { useTexts } from '../language/language.tsx'
import { LongList } from '../parts/long-list.tsx'
import { Moment, Money } from '../parts/money.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { RunReconciliation } from '../parts/run-reconciliation.tsx'
import { UploadBill } from '../parts/upload-bill.tsx'

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
  const [asked, setAsked] = useState<'run' | 'upload' | null>(null)
  const [params, setParams] = useSearchParams()
  const date = params.get('date') ?? undefined
  return (
    <>
      <PageHead title={texts.title} lead={texts.lead}>
        {may('reconciliations:write') && (
          <>
            <Button icon={<UploadOutlined />} onClick={() => setAsked('upload')}>
              {texts.upload}
            </Button>
            <Button type="primary" onClick={() => setAsked('run')}>
              {texts.start}
            </Button>
          </>
        )}
      </PageHead>
      {asked === 'run' && <RunReconciliation date={date} close={() => setAsked(null)} />}
      {asked === 'upload' && <UploadBill close={() => setAsked(null)} />}
      <div className="toolbar">
        <DatePicker
          value={date === undefined ? null : dayjs(date)}
          onChange={(day: dayjs.Dayjs | null) =>
            setParams(day === null ? {} : { date: day.format('YYYY-MM-DD') })
          }
          placeholder={texts.date}
          aria-label={texts.date}
        />
      </div>
      <LongList<Reconciliation>
        name="reconciliations"
        path="/v1/reconciliations"
        query={{ date }}
        empty={texts.none}
        columns={[
          { title: texts.date, key: 'date', width: 140, render: (_, one) => <Day one={one} /> },
          {
            title: texts.type,
            key: 'type',
            width: 110,
            render: (_, one) => texts.types[one.bill_type],
          },
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
                {texts.types[one.bill_type]} · {texts.open} {one.differences.open}
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
