/**
 * What a person has to look at.
 *
 * @module
 */
import { Button, Card, Empty, Skeleton } from 'antd'
import { useContext, type ReactNode } from 'react'
import { Link } from 'react-router'
import type { Attention, Difference, RefundRequest } from '../api/objects.ts'
import { LanguageContext, useTexts } from '../language/language.tsx'
import { useAttention } from '../parts/attention-list.ts'
import { HoldLine } from '../parts/hold-line.tsx'
import { Foreign, Moment, Money, yuanText } from '../parts/money.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { Problem } from '../parts/problem.tsx'
import { RefundDecision } from '../parts/refund-decision.tsx'
import { RefundActions } from '../parts/refund-line.tsx'
import { Resolve } from '../parts/resolve.tsx'

/** The list. */
export default function AttentionPage(): ReactNode {
  const { menu, review: texts } = useTexts()
  const { data, error, refetch } = useAttention()
  return (
    <>
      <PageHead title={menu.attention} />
      {error !== null && data === undefined && (
        <Problem error={error} again={() => void refetch()} />
      )}
      {data === undefined && error === null && <Skeleton active />}
      {data?.data.length === 0 && (
        <Card>
          <Empty
            description={
              <>
                <div>{texts.none}</div>
                <div className="quiet">{texts.noneHint}</div>
              </>
            }
          />
        </Card>
      )}
      <div className="grid">
        {data?.data.map((one) => (
          <Matter key={keyOf(one)} matter={one} />
        ))}
      </div>
    </>
  )
}

function Matter({ matter }: { readonly matter: Attention }): ReactNode {
  if (matter.difference !== null) return <Differs one={matter.difference} />
  if (matter.refund_request !== null) return <AskedFor one={matter.refund_request} />
  return <Waits matter={matter} />
}

function Waits({ matter }: { readonly matter: Attention }): ReactNode {
  const { payment: texts, review } = useTexts()
  const language = useContext(LanguageContext)
  const { payment: told, refund } = matter
  const payment = typeof told === 'string' ? null : told
  const id = payment?.id ?? refund?.payment ?? null
  return (
    <Card
      size="small"
      title={
        (review as unknown as Record<string, string>)[matter.kind] ??
        matter.title?.[language === 'zh' ? 0 : 1] ??
        matter.kind
      }
      extra={<Moment at={payment?.updated_at ?? refund?.updated_at ?? null} short />}
    >
      <p className="quiet" style={{ marginTop: 0 }}>
        {review.hints[matter.kind] ?? matter.text}
      </p>
      <div className="matter">
        {(refund ?? payment) !== null && (
          <strong>
            <Money fen={refund?.amount ?? payment?.amount ?? 0} />
          </strong>
        )}
        {id !== null && (
          <Link to={`/payments/${id}`} className="matter-about">
            {payment === null ? `${texts.one} ${id}` : <Foreign oneLine>{payment.subject}</Foreign>}
          </Link>
        )}
        {matter.kind === 'refund_hold' && <HoldLine />}
        {refund === null ? (
          payment?.review != null && <Resolve payment={payment} />
        ) : (
          <RefundActions refund={refund} />
        )}
      </div>
    </Card>
  )
}

function AskedFor({ one }: { readonly one: RefundRequest }): ReactNode {
  const { payment: texts, refund, review } = useTexts()
  return (
    <Card size="small" title={review.refund_request} extra={<Moment at={one.created_at} short />}>
      <p className="quiet" style={{ marginTop: 0 }}>
        {review.hints['refund_request']}
      </p>
      <div className="matter">
        <strong>
          <Money fen={one.amount} />
        </strong>
        <span className="matter-about">
          {refund.requestedBy}: <Foreign>{one.requested_by.name}</Foreign>
          {one.reason !== null && (
            <>
              {' · '}
              <Foreign>{one.reason}</Foreign>
            </>
          )}
          <br />
          <Link to={`/payments/${one.payment}`}>
            {texts.one} <span className="mono">{one.payment}</span>
          </Link>
        </span>
        <RefundDecision request={one} />
      </div>
    </Card>
  )
}

function Differs({ one }: { readonly one: Difference }): ReactNode {
  const { reconciliations: texts, review } = useTexts()
  const sum = (fen: number | null): string => (fen === null ? '—' : yuanText(fen))
  return (
    <Card
      size="small"
      title={`${review.difference} · ${texts.codes[one.code]}`}
      extra={<span className="num">{one.date}</span>}
    >
      <p className="quiet" style={{ marginTop: 0 }}>
        {texts.hints[one.code]}
      </p>
      <div className="matter">
        <strong className="num">{sum(one.bill_amount ?? one.books_amount)}</strong>
        <span className="matter-about">
          {review.billAmount} {sum(one.bill_amount)} · {review.booksAmount} {sum(one.books_amount)}
          <br />
          {one.payment === null ? (
            <bdi className="mono">{one.alipay.out_trade_no}</bdi>
          ) : (
            <Link to={`/payments/${one.payment}`}>
              <bdi className="mono">{one.alipay.out_trade_no}</bdi>
            </Link>
          )}
        </span>
        <Link to={`/reconciliations?date=${one.date}&type=${one.bill_type}`}>
          <Button size="small">{review.open}</Button>
        </Link>
      </div>
    </Card>
  )
}

function keyOf({ kind, payment, refund, refund_request: asked, difference }: Attention): string {
  const about = typeof payment === 'string' ? payment : payment?.id
  return [kind, difference?.id ?? asked?.id ?? refund?.id ?? about].join(' ')
}
