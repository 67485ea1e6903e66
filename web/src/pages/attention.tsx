/**
 * What a person has to look at.
 *
 * @module
 */
import { useQuery } from '@tanstack/react-query'
import { Card, Empty, Skeleton } from 'antd'
import type { ReactNode } from 'react'
import { Link } from 'react-router'
import type { Attention, List } from '../api/objects.ts'
import { request } from '../api/request.ts'
import { useTexts } from '../language/language.tsx'
import { HoldLine } from '../parts/hold-line.tsx'
import { Foreign, Moment, Money } from '../parts/money.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { Problem } from '../parts/problem.tsx'
import { RefundActions } from '../parts/refund-line.tsx'
import { Resolve } from '../parts/resolve.tsx'

/** The list. */
export default function AttentionPage(): ReactNode {
  const { menu, review: texts } = useTexts()
  const { data, error, refetch } = useQuery({
    queryKey: ['attention'],
    queryFn: () => request<List<Attention>>('GET', '/v1/attention'),
  })
  return (
    <>
      <PageHead title={menu.attention} />
      {error !== null && <Problem error={error} again={() => void refetch()} />}
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
        {data?.data.map((one, key) => (
          <Matter key={key} matter={one} />
        ))}
      </div>
    </>
  )
}

function Matter({ matter }: { readonly matter: Attention }): ReactNode {
  const { payment: texts, reconciliations, review } = useTexts()
  const { payment: told } = matter
  const payment = typeof told === 'string' ? null : told
  const refund = matter.refund
  const id = payment?.id ?? refund?.payment ?? (typeof told === 'string' ? told : null)
  const isDifference = matter.options.some((option) => option.includes('/v1/differences/'))
  const kind = isDifference
    ? (reconciliations.codes as Record<string, string>)[matter.kind]
    : (review as unknown as Record<string, string>)[matter.kind]
  return (
    <Card
      size="small"
      title={kind ?? matter.kind}
      extra={<Moment at={payment?.updated_at ?? refund?.updated_at ?? null} short />}
    >
      <p className="quiet" style={{ marginTop: 0 }}>
        {isDifference ? (
          <Link to="/reconciliations">{reconciliations.title}</Link>
        ) : (
          review.hints[matter.kind]
        )}
      </p>
      <div style={{ display: 'flex', flexWrap: 'wrap', gap: 12, alignItems: 'center' }}>
        {(refund ?? payment) !== null && (
          <strong style={{ fontSize: 18 }}>
            <Money fen={refund?.amount ?? payment?.amount ?? 0} />
          </strong>
        )}
        {id !== null && (
          <Link to={`/payments/${id}`} style={{ flex: '1 1 160px', minWidth: 0 }}>
            {payment === null ? `${texts.one} ${id}` : <Foreign oneLine>{payment.subject}</Foreign>}
          </Link>
        )}
        {matter.kind === 'refund_hold' && <HoldLine />}
        {refund === null ? (
          payment && <Resolve payment={payment} />
        ) : (
          <RefundActions refund={refund} />
        )}
      </div>
    </Card>
  )
}
