/**
 * The decision about a refund that somebody else has asked for.
 *
 * @module
 */
import { useQueryClient } from '@tanstack/react-query'
import { App, Button, Space, Tooltip } from 'antd'
import type { ReactNode } from 'react'
import type { RefundRequest } from '../api/objects.ts'
import { request } from '../api/request.ts'
import { useMay, useSession } from '../api/session.tsx'
import { useTexts } from '../language/language.tsx'
import { yuanText } from './money.tsx'
import { useComplain } from './problem.tsx'

/** Approves or declines it; nobody his own. */
export function RefundDecision({ request: one }: { readonly request: RefundRequest }): ReactNode {
  const { common, payment: words, refund: texts } = useTexts()
  const { user } = useSession()
  const may = useMay()
  const client = useQueryClient()
  const complain = useComplain()
  const { modal, message } = App.useApp()
  if (!may('refunds:approve')) return <span className="quiet">{words.byFinance}</span>
  const isOwn = one.requested_by.id === user.id
  const decide = (action: 'approve' | 'decline'): void => {
    void modal.confirm({
      title: action === 'approve' ? texts.approveTitle : texts.declineTitle,
      content: `${yuanText(one.amount)} · ${one.requested_by.name}`,
      okText: action === 'approve' ? texts.approve : texts.decline,
      cancelText: common.close,
      okButtonProps: { danger: true },
      onOk: async () => {
        try {
          await request('POST', `/v1/refund_requests/${one.id}/${action}`)
          void message.success(action === 'approve' ? texts.approved : texts.declined)
        } catch (error) {
          complain(error)
        }
        await Promise.all([
          client.invalidateQueries({ queryKey: ['refunds'] }),
          client.invalidateQueries({ queryKey: ['attention'] }),
          client.invalidateQueries({ queryKey: ['payment', one.payment] }),
        ])
      },
    })
  }
  return (
    <Tooltip title={isOwn ? texts.own : undefined}>
      <Space>
        <Button type="primary" disabled={isOwn} onClick={() => decide('approve')}>
          {texts.approve}
        </Button>
        <Button disabled={isOwn} onClick={() => decide('decline')}>
          {texts.decline}
        </Button>
      </Space>
    </Tooltip>
  )
}
