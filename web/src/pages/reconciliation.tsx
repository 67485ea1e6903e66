/**
 * One day's end: what bill and books add up to, and what they do not agree about.
 *
 * @module
 */
import { ArrowLeftOutlined, DownloadOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Alert, Button, Card, Input, Select, Skeleton, Tag } from 'antd'
import { useEffect, useState, type ReactNode } from 'react'
import { Link, useParams } from 'react-router'
import type { DaySummary, Difference, Reconciliation } from '../api/objects.ts'
import { request, requestFile } from '../api/request.ts'
import { useMay } from '../api/session.tsx'
import { useTexts } from '../language/language.tsx'
import { useAct } from '../parts/act.ts'
import { Dialog } from '../parts/dialog.tsx'
import { LongList } from '../parts/long-list.tsx'
import { Foreign, Money, yuanText } from '../parts/money.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { Problem, useComplain } from '../parts/problem.tsx'
import { saveFile } from '../parts/save-file.ts'
import { useVerdict } from '../parts/verdict.ts'
import { ReconciliationState } from './reconciliations.tsx'

const COLOURS = {
  open: 'warning',
  waiting: 'processing',
  healed: 'success',
  resolved: 'default',
} as const
/** While it runs, how far it is is asked again after so long. */
const AGAIN_MS = 700

/** The page of a day. */
export default function ReconciliationPage(): ReactNode {
  const { id = '' } = useParams()
  const { common, reconciliations: texts } = useTexts()
  const may = useMay()
  const complain = useComplain()
  const path = `/v1/reconciliations/${encodeURIComponent(id)}`
  const [status, setStatus] = useState<string | null>(null)
  const [resolving, setResolving] = useState<Difference | null>(null)
  const {
    data: one,
    error,
    refetch,
  } = useQuery({
    queryKey: ['reconciliations', id],
    queryFn: () => request<Reconciliation>('GET', path),
    refetchInterval: ({ state }) => (state.data?.status === 'running' ? AGAIN_MS : false),
  })
  const client = useQueryClient()
  const isRunning = one?.status === 'running'
  useEffect(() => {
    // What it has found is shown as soon as it is over.
    if (!isRunning) void client.invalidateQueries({ queryKey: ['reconciliations'] })
  }, [client, isRunning])
  if (error !== null && one === undefined)
    return <Problem error={error} again={() => void refetch()} />
  if (one === undefined) return <Skeleton active />
  const download = async (): Promise<void> => {
    try {
      const name = `differences-${one.bill_type}-${one.date}.csv`
      saveFile(await requestFile('GET', `${path}/report`), name)
    } catch (cause) {
      complain(cause)
    }
  }
  const resolve = (difference: Difference): ReactNode =>
    difference.status === 'open' && may('reconciliations:write') ? (
      <Button size="small" onClick={() => setResolving(difference)}>
        {texts.resolve}
      </Button>
    ) : null
  return (
    <>
      <Link to="/reconciliations" style={{ display: 'inline-block', marginBottom: 8 }}>
        <ArrowLeftOutlined /> {texts.title}
      </Link>
      <PageHead
        title={one.date}
        lead={[
          texts.types[one.bill_type],
          texts.source[one.source],
          ...(one.rows === null ? [] : [`${texts.rows} ${one.rows}`]),
          `${texts.runs} ${one.runs}`,
        ].join(' · ')}
      >
        <ReconciliationState one={one} />
        <Button icon={<DownloadOutlined />} onClick={() => void download()}>
          {texts.csv}
        </Button>
      </PageHead>
      {one.failure !== null && (
        <Alert
          type="error"
          showIcon
          style={{ marginBottom: 16 }}
          title={<Foreign>{one.failure.message}</Foreign>}
        />
      )}
      {one.status === 'awaiting_bill' && (
        <Alert type="info" showIcon style={{ marginBottom: 16 }} title={texts.noBillYet} />
      )}
      {one.status === 'running' && (
        <p role="status">{one.rows_read === 0 ? texts.checking : texts.comparing(one.rows_read)}</p>
      )}
      <Sums date={one.date} />
      <div className="toolbar" style={{ marginTop: 16 }}>
        <Select<string | null>
          allowClear
          aria-label={texts.status}
          placeholder={texts.status}
          value={status}
          onChange={(value) => setStatus(value ?? null)}
          options={(['open', 'waiting', 'healed', 'resolved'] as const).map((value) => ({
            value,
            label: `${texts[value]} ${one.differences[value]}`,
          }))}
          style={{ width: 170 }}
        />
      </div>
      <LongList<Difference>
        name="reconciliations"
        path={`${path}/differences`}
        query={{ status: status ?? undefined }}
        empty={texts.noDifferences}
        columns={[
          {
            title: texts.differences,
            key: 'code',
            width: 190,
            render: (_, row) => texts.codes[row.code],
          },
          {
            title: texts.status,
            key: 'status',
            width: 110,
            render: (_, row) => <Tag color={COLOURS[row.status]}>{texts[row.status]}</Tag>,
          },
          {
            title: texts.bill,
            key: 'bill',
            width: 120,
            align: 'right',
            render: (_, row) => <Sum fen={row.bill_amount} />,
          },
          {
            title: texts.books,
            key: 'books',
            width: 120,
            align: 'right',
            render: (_, row) => <Sum fen={row.books_amount} />,
          },
          {
            title: texts.number,
            key: 'number',
            width: 230,
            render: (_, row) => <Numbered row={row} />,
          },
          {
            title: common.actions,
            key: 'actions',
            width: 110,
            render: (_, row) => resolve(row) ?? <Foreign oneLine>{row.note ?? ''}</Foreign>,
          },
        ]}
        card={(row) => (
          <div>
            <div className="card-row">
              <strong>{texts.codes[row.code]}</strong>
              <Tag color={COLOURS[row.status]} style={{ margin: 0 }}>
                {texts[row.status]}
              </Tag>
            </div>
            <div className="card-row quiet">
              <span>
                {texts.bill} <Sum fen={row.bill_amount} />
              </span>
              <span>
                {texts.books} <Sum fen={row.books_amount} />
              </span>
            </div>
            <div className="card-row">
              <Numbered row={row} />
              {resolve(row)}
            </div>
          </div>
        )}
      />
      {resolving !== null && <Resolving difference={resolving} close={() => setResolving(null)} />}
    </>
  )
}

function Sum({ fen }: { readonly fen: number | null }): ReactNode {
  return fen === null ? <span className="quiet">—</span> : <Money fen={fen} />
}

function Numbered({ row }: { readonly row: Difference }): ReactNode {
  const number = <bdi className="mono one-line">{row.alipay.out_trade_no}</bdi>
  return row.payment === null ? (
    number
  ) : (
    <Link to={`/payments/${row.payment}`} style={{ minWidth: 0, display: 'block' }}>
      {number}
    </Link>
  )
}

/** What the day adds up to, on both sides. */
function Sums({ date }: { readonly date: string }): ReactNode {
  const { dayEnds, reconciliations: texts } = useTexts()
  const { data, error } = useQuery({
    queryKey: ['reconciliations', 'day', date],
    queryFn: () => request<DaySummary>('GET', '/v1/day_summaries', { query: { date } }),
  })
  const judge = useVerdict()
  if (error !== null) return <Problem error={error} />
  const verdict = data === undefined ? null : judge(data)
  const rows = ['gross', 'refunded', 'discount', 'fee', 'net'] as const
  const cell = (
    side: DaySummary['books'] | null | undefined,
    row: (typeof rows)[number],
  ): string => (side ? yuanText(side[row]) : '—')
  return (
    <Card
      title={texts.dayEnd}
      loading={data === undefined}
      extra={<Link to={`/day-ends?date=${date}`}>{dayEnds.title}</Link>}
    >
      <table style={{ width: '100%', borderSpacing: '0 8px', maxWidth: 640 }}>
        <thead>
          <tr>
            <th scope="col" style={{ textAlign: 'start' }}>
              {texts.sum}
            </th>
            <th scope="col" style={{ textAlign: 'end' }}>
              {texts.books}
            </th>
            <th scope="col" style={{ textAlign: 'end' }}>
              {texts.bill}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row}>
              <th scope="row" style={{ textAlign: 'start', fontWeight: 400 }}>
                {texts[row]}
              </th>
              <td className="num" style={{ textAlign: 'end' }}>
                {cell(data?.books, row)}
              </td>
              <td className="num" style={{ textAlign: 'end' }}>
                {cell(data?.bill, row)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {verdict !== null && <Alert type={verdict.kind} showIcon title={verdict.text} />}
    </Card>
  )
}

function Resolving({
  difference,
  close,
}: {
  readonly difference: Difference
  readonly close: () => void
}): ReactNode {
  const { common, reconciliations: texts } = useTexts()
  const act = useAct('reconciliations')
  const [note, setNote] = useState('')
  const save = async (): Promise<void> => {
    const done = await act(
      () =>
        request('POST', `/v1/differences/${difference.id}/resolve`, {
          body: { note: note.trim() },
        }),
      common.saved,
    )
    if (done !== undefined) close()
  }
  return (
    <Dialog
      title={texts.resolve}
      onCancel={close}
      onOk={() => void save()}
      okText={common.save}
      cancelText={common.cancel}
      okButtonProps={{ disabled: note.trim() === '' }}
    >
      <p>{texts.resolveText}</p>
      <Input.TextArea
        rows={3}
        maxLength={500}
        value={note}
        aria-label={texts.note}
        placeholder={texts.note}
        onChange={({ target }) => setNote(target.value)}
        autoFocus
      />
    </Dialog>
  )
}
