/**
 * That refunds are held after a restored backup: which bills are still missing, and the way to end
 * it.
 *
 * @module
 */
import { useQuery } from '@tanstack/react-query'
import { Button, Input, Modal, Space, Tag } from 'antd'
import { useState, type ReactNode } from 'react'
import type { RefundHold } from '../api/objects.ts'
import { request } from '../api/request.ts'
import { useMay } from '../api/session.tsx'
import { useTexts } from '../language/language.tsx'
import { useAct } from './act.ts'

/** The days of the gap, and who may lift the hold. */
export function HoldLine(): ReactNode {
  const { common, review: texts } = useTexts()
  const may = useMay()
  const act = useAct('attention')
  const [isOpen, setOpen] = useState(false)
  const [reason, setReason] = useState('')
  const { data } = useQuery({
    queryKey: ['attention', 'hold'],
    queryFn: () => request<RefundHold>('GET', '/v1/refund_hold'),
    enabled: may('refunds:read'),
  })
  const lift = async (): Promise<void> => {
    await act(
      () =>
        request<RefundHold>('POST', '/v1/refund_hold/lift', { body: { reason: reason.trim() } }),
      texts.done,
    )
    setOpen(false)
  }
  return (
    <Space wrap>
      {data?.days.map(({ date, covered }) => (
        <Tag key={date} color={covered ? 'success' : 'warning'}>
          {date} {covered ? texts.covered : texts.uncovered}
        </Tag>
      ))}
      {may('settings:write') && (
        <Button size="small" danger onClick={() => setOpen(true)}>
          {texts.lift}
        </Button>
      )}
      <Modal
        open={isOpen}
        title={`${texts.lift}?`}
        okText={texts.lift}
        cancelText={common.cancel}
        okButtonProps={{ danger: true, disabled: reason.trim() === '' }}
        onOk={() => void lift()}
        onCancel={() => setOpen(false)}
      >
        <p>{texts.liftText}</p>
        <Input
          value={reason}
          maxLength={500}
          aria-label={texts.liftReason}
          placeholder={texts.liftReason}
          onChange={({ target }) => setReason(target.value)}
        />
      </Modal>
    </Space>
  )
}
