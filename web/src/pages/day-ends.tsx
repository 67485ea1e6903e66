/**
 * A day's end: what it adds up to, on a page that can be printed and kept.
 *
 * @module
 */
import { DownloadOutlined, LeftOutlined, PrinterOutlined, RightOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Alert, Button, Card, DatePicker, Skeleton, Space } from 'antd'
import dayjs from 'dayjs'
import { useContext, type ReactNode } from 'react'
import { Link, useSearchParams } from 'react-router'
import type { DaySummary } from '../api/objects.ts'
import { request } from '../api/request.ts'
import { useSession } from '../api/session.tsx'
import { dayEndCsv, FIGURES, type Figure } from '../day-end-csv.ts'
import { LanguageContext, useTexts } from '../language/language.tsx'
import { saveFile } from '../parts/save-file.ts'
import { Foreign, momentText, yuanText } from '../parts/money.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { useVerdict } from '../parts/verdict.ts'
import { Problem } from '../parts/problem.tsx'

/** The page of day's ends. */
export default function DayEnds(): ReactNode {
  const { common, dayEnds: texts } = useTexts()
  const [params, setParams] = useSearchParams()
  const today = beijingToday()
  const date = params.get('date') ?? dayBefore(today, 1)
  const show = (day: string): void => setParams({ date: day }, { replace: true })
  const { data, error, refetch } = useQuery({
    queryKey: ['reconciliations', 'day', date],
    queryFn: () => request<DaySummary>('GET', '/v1/day_summaries', { query: { date } }),
  })
  const reasonOf = useReason()
  return (
    <>
      <PageHead title={texts.title} lead={texts.lead}>
        <Space.Compact className="no-print">
          <Button
            icon={<LeftOutlined />}
            aria-label={texts.before}
            onClick={() => show(dayBefore(date, 1))}
          />
          <DatePicker
            allowClear={false}
            value={dayjs(date)}
            onChange={(day: dayjs.Dayjs | null) => day !== null && show(day.format('YYYY-MM-DD'))}
            disabledDate={(one) => one.format('YYYY-MM-DD') > today}
            aria-label={`${texts.date} (${common.beijing})`}
          />
          <Button
            icon={<RightOutlined />}
            aria-label={texts.after}
            disabled={date >= today}
            onClick={() => show(dayBefore(date, -1))}
          />
        </Space.Compact>
        <Button
          className="no-print"
          icon={<DownloadOutlined />}
          disabled={data === undefined}
          onClick={() => {
            if (data === undefined) return
            const file = new Blob([dayEndCsv(data, texts, reasonOf)], { type: 'text/csv' })
            saveFile(file, `${texts.title}-${date}.csv`)
          }}
        >
          {texts.export}
        </Button>
        <Button
          className="no-print"
          type="primary"
          icon={<PrinterOutlined />}
          disabled={data === undefined}
          onClick={() => print()}
        >
          {texts.print}
        </Button>
      </PageHead>
      {error !== null && <Problem error={error} again={() => void refetch()} />}
      {data === undefined && error === null && <Skeleton active />}
      {data !== undefined && <DayEnd summary={data} isToday={date === today} />}
    </>
  )
}

function DayEnd({
  summary,
  isToday,
}: {
  readonly summary: DaySummary
  readonly isToday: boolean
}): ReactNode {
  const { dayEnds: texts } = useTexts()
  const { app } = useSession()
  const { date, bill, books, groups } = summary
  return (
    <div className="grid day-end">
      <h2 className="only-print">
        {app.name ?? 'saoma'} · {texts.title} · {date}
      </h2>
      {isToday && <Alert type="info" showIcon title={texts.today} />}
      <Card title={date} extra={<Verdict summary={summary} />}>
        {bill === null && !isToday && <p className="quiet">{texts.noBill}</p>}
        <Sums books={books} bill={bill} />
      </Card>
      <Card title={texts.groups}>
        {groups.length === 0 ? (
          <span className="quiet">{texts.nothing}</span>
        ) : (
          <Groups groups={groups} total={books} />
        )}
      </Card>
      {bill !== null && (
        <Card title={texts.reasons}>
          <Reasons summary={summary} />
        </Card>
      )}
      <Signatures />
    </div>
  )
}

type Totals = DaySummary['books']

function Sums({
  books,
  bill,
}: {
  readonly books: Totals
  readonly bill: Totals | null
}): ReactNode {
  const { dayEnds: texts } = useTexts()
  return (
    <table className="sums">
      <thead>
        <tr>
          <td />
          <th scope="col">{texts.books}</th>
          <th scope="col">{texts.bill}</th>
          <th scope="col" className="wide-only">
            {texts.difference}
          </th>
        </tr>
      </thead>
      <tbody>
        {FIGURES.map((name) => (
          <tr key={name}>
            <th scope="row">{texts[name]}</th>
            <td>{bill === null && name === 'fee' ? '—' : figure(name, books[name])}</td>
            <td>{bill === null ? '—' : figure(name, bill[name])}</td>
            <td className="wide-only">
              {bill === null || bill[name] === books[name]
                ? '—'
                : figure(name, bill[name] - books[name])}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Groups({
  groups,
  total,
}: {
  readonly groups: DaySummary['groups']
  readonly total: Totals
}): ReactNode {
  const { dayEnds: texts } = useTexts()
  const named = (text: string | null): ReactNode =>
    text === null ? <span className="quiet">{texts.unnamed}</span> : <Foreign>{text}</Foreign>
  return (
    <div style={{ overflowX: 'auto' }} tabIndex={0} role="region" aria-label={texts.groups}>
      <table className="sums">
        <thead>
          <tr>
            {(['store', 'operator', 'terminal'] as const).map((name) => (
              <th scope="col" key={name}>
                {texts[name]}
              </th>
            ))}
            {FIGURES.map((name) => (
              <th scope="col" key={name} className="figure">
                {texts[name]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {groups.map((group, key) => (
            <tr key={key}>
              <th scope="row">{named(group.store_id)}</th>
              <th scope="row">{named(group.operator_name ?? group.operator_id)}</th>
              <th scope="row">{named(group.terminal_id)}</th>
              {FIGURES.map((name) => (
                <td key={name}>{figure(name, group[name])}</td>
              ))}
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row" colSpan={3}>
              {texts.total}
            </th>
            {FIGURES.map((name) => (
              <td key={name}>{figure(name, total[name])}</td>
            ))}
          </tr>
        </tfoot>
      </table>
    </div>
  )
}

function Reasons({ summary: { reasons } }: { readonly summary: DaySummary }): ReactNode {
  const { dayEnds: texts } = useTexts()
  const reasonOf = useReason()
  if (reasons.length === 0) return <span className="quiet">{texts.noReasons}</span>
  return (
    <table className="sums">
      <thead>
        <tr>
          <th scope="col">{texts.reason}</th>
          <th scope="col" className="figure">
            {texts.count}
          </th>
          <th scope="col" className="figure">
            {texts.difference}
          </th>
        </tr>
      </thead>
      <tbody>
        {reasons.map(({ reason, count, net }) => (
          <tr key={reason}>
            <th scope="row">{reasonOf(reason)}</th>
            <td>{count}</td>
            <td>{yuanText(net)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** Whether all of it is explained, and the way to the single differences. */
function Verdict({ summary }: { readonly summary: DaySummary }): ReactNode {
  const { dayEnds: texts } = useTexts()
  const verdict = useVerdict()(summary)
  const { reconciliation, date } = summary
  return (
    <Space wrap>
      {verdict !== null && (
        <span className={verdict.kind === 'success' ? 'good' : 'bad'}>{verdict.text}</span>
      )}
      <Link
        className="no-print"
        to={
          reconciliation === null
            ? `/reconciliations?date=${date}`
            : `/reconciliations/${reconciliation.id}`
        }
      >
        {reconciliation === null ? texts.notReconciled : texts.reconcile}
      </Link>
    </Space>
  )
}

/** On paper, somebody signs. */
function Signatures(): ReactNode {
  const { dayEnds: texts } = useTexts()
  const { user } = useSession()
  const language = useContext(LanguageContext)
  return (
    <div className="only-print">
      <div className="signatures">
        {texts.signatures.map((name) => (
          <span key={name}>{name}</span>
        ))}
      </div>
      <p className="quiet">
        {texts.made(momentText(new Date().toISOString(), language), user.name)}
      </p>
    </div>
  )
}

/** A reason in words. */
function useReason(): (reason: string) => string {
  const { dayEnds, reconciliations } = useTexts()
  return (reason) =>
    dayEnds.otherReasons[reason] ??
    (reconciliations.codes as Readonly<Record<string, string>>)[reason] ??
    reason
}

function figure(name: Figure, value: number): string {
  return name === 'payments' || name === 'refunds' ? String(value) : yuanText(value)
}

/** Today in Beijing, wherever the browser is. */
function beijingToday(): string {
  return new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10)
}

function dayBefore(date: string, days: number): string {
  return dayjs(date).subtract(days, 'day').format('YYYY-MM-DD')
}
