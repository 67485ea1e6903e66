/**
 * A refund that waits for somebody's approval, or did.
 *
 * @module
 */
import { Tag } from 'antd'
import type { ReactNode } from 'react'
import { Link } from 'react-router'
import type { RefundRequest } from '../api/objects.ts'
import { useTexts } from '../language/language.tsx'
import { Foreign, Moment, Money } from './money.tsx'
import { RefundDecision } from './refund-decision.tsx'

/** Who asked for it, why, and the decision. */
export function RefundRequestLine({
  request: one,
  linked = false,
}: {
  readonly request: RefundRequest
  /** Whether it leads to its payment. */
  readonly linked?: boolean
}): ReactNode {
  const { payment, refund: texts } = useTexts()
  return (
    <div style={{ display: 'flex', flexWrap: 'wrap', gap: 14, alignItems: 'center' }}>
      <strong style={{ fontSize: 18 }}>
        <Money fen={one.amount} />
      </strong>
      <Tag
        color={
          one.status === 'pending' ? 'warning' : one.status === 'approved' ? 'success' : 'default'
        }
      >
        {texts.requestStatus[one.status]}
      </Tag>
      <span style={{ flex: '1 1 220px', minWidth: 0 }}>
        <span className="quiet">{texts.requestedBy}: </span>
        <Foreign>{one.requested_by.name}</Foreign> · <Moment at={one.created_at} short />
        {one.reason !== null && (
          <div>
            <Foreign>{one.reason}</Foreign>
          </div>
        )}
        {linked && (
          <div>
            <Link to={`/payments/${one.payment}`}>
              {payment.one} <span className="mono">{one.payment}</span>
            </Link>
          </div>
        )}
        {one.decided_by !== null && (
          <div className="quiet">
            {texts.decidedBy}: <Foreign>{one.decided_by.name}</Foreign>
          </div>
        )}
      </span>
      {one.status === 'pending' && <RefundDecision request={one} />}
    </div>
  )
}
