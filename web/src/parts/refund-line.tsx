/**
 * A refund in a list, with what can be done about one that waits.
 *
 * @module
 */
import { useQueryClient } from '@tanstack/react-query'
import { App, Button, Space } from 'antd'
import type { ReactNode } from 'react'
import type { Refund } from '../api/objects.ts'
import { request } from '../api/request.ts'
import { useMay } from '../api/session.tsx'
import { useTexts } from '../language/language.tsx'
import { Foreign, Moment, Money } from './money.tsx'
import { useComplain } from './problem.tsx'
import { RefundState } from './states.tsx'

/** A refund. */
export function RefundLine({ refund }: { readonly refund: Refund }): ReactNode {
  const { refund: texts } = useTexts()
  return (
    <div>
      <div className="card-row">
        <Space wrap>
          <strong>
            <Money fen={refund.amount} />
          </strong>
          <RefundState refund={refund} />
          <span className="quiet">{texts.source[refund.source]}</span>
        </Space>
        <span className="quiet">
          <Moment at={refund.created_at} short />
        </span>
      </div>
      {refund.reason !== null && (
        <div>
          {texts.reason}: <Foreign>{refund.reason}</Foreign>
        </div>
      )}
      {refund.failure !== null && (
        <div>
          <Foreign>{`${refund.failure.message} ${refund.failure.alipay.sub_msg}`}</Foreign>
        </div>
      )}
      <div className="quiet">
        {texts.number}: <bdi className="mono">{refund.alipay.out_request_no}</bdi>
      </div>
      <RefundActions refund={refund} />
    </div>
  )
}

/** Tries again, or gives up, where a refund waits for a person. */
export function RefundActions({ refund }: { readonly refund: Refund }): ReactNode {
  const { review, common, payment } = useTexts()
  const may = useMay()
  const client = useQueryClient()
  const { modal, message } = App.useApp()
  const complain = useComplain()
  if (refund.status !== 'requires_action') return null
  if (!may('refunds:write')) return <span className="quiet">{payment.byFinance}</span>
  const act = async (action: 'retry' | 'cancel'): Promise<void> => {
    try {
      await request<Refund>('POST', `/v1/refunds/${refund.id}/${action}`)
      void message.success(review.done)
    } catch (error) {
      complain(error)
    }
    await Promise.all([
      client.invalidateQueries({ queryKey: ['payment', refund.payment] }),
      client.invalidateQueries({ queryKey: ['attention'] }),
      client.invalidateQueries({ queryKey: ['refunds'] }),
    ])
  }
  return (
    <Space style={{ marginTop: 8 }}>
      <Button size="small" type="primary" onClick={() => void act('retry')}>
        {review.retry}
      </Button>
      <Button
        size="small"
        danger
        onClick={() =>
          void modal.confirm({
            title: `${review.giveUp}?`,
            content: review.giveUpText,
            okButtonProps: { danger: true },
            okText: review.giveUp,
            cancelText: common.close,
            onOk: () => act('cancel'),
          })
        }
      >
        {review.giveUp}
      </Button>
    </Space>
  )
}
