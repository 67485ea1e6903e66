/**
 * Decides about money that came late or twice: keep it, or give it back.
 *
 * @module
 */
import { useQueryClient } from '@tanstack/react-query'
import { App, Button, Space } from 'antd'
import type { ReactNode } from 'react'
import type { Payment } from '../api/objects.ts'
import { request } from '../api/request.ts'
import { useMay } from '../api/session.tsx'
import { useTexts } from '../language/language.tsx'
import { yuanText } from './money.tsx'
import { useComplain } from './problem.tsx'

/** The two decisions. */
export function Resolve({ payment }: { readonly payment: Payment }): ReactNode {
  const { common, payment: words, review: texts } = useTexts()
  const may = useMay()
  const client = useQueryClient()
  const { modal, message } = App.useApp()
  const complain = useComplain()
  if (!may('payments:write')) return <span className="quiet">{words.byFinance}</span>
  const decide = (action: 'accept' | 'refund'): void => {
    const isAccept = action === 'accept'
    void modal.confirm({
      title: isAccept ? texts.acceptTitle : texts.refundTitle,
      content: isAccept ? texts.acceptText : texts.refundText(yuanText(payment.amount_refundable)),
      okText: isAccept ? texts.accept : texts.refund,
      cancelText: common.close,
      okButtonProps: { danger: !isAccept },
      onOk: async () => {
        try {
          await request<Payment>('POST', `/v1/payments/${payment.id}/resolve`, { body: { action } })
          void message.success(texts.done)
        } catch (error) {
          complain(error)
        }
        await Promise.all([
          client.invalidateQueries({ queryKey: ['payment', payment.id] }),
          client.invalidateQueries({ queryKey: ['attention'] }),
        ])
      },
    })
  }
  const holdsMoney = payment.amount_refundable > 0
  return (
    <Space wrap>
      <Button size="small" onClick={() => decide('accept')}>
        {holdsMoney ? texts.accept : texts.acknowledge}
      </Button>
      {holdsMoney && (
        <Button size="small" danger onClick={() => decide('refund')}>
          {texts.refund}
        </Button>
      )}
    </Space>
  )
}
