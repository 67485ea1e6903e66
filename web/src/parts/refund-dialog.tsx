/**
 * Gives money back: all, or a part. A repeat in the same dialog is the same refund.
 *
 * @module
 */
import { useQuery } from '@tanstack/react-query'
import { Alert, App, AutoComplete, Button, Form, InputNumber, Segmented } from 'antd'
import { useState, type ReactNode } from 'react'
import { fen, yuan } from '../../../src/client/money.ts'
import type { Payment, Refund, RefundRequest, ShopSettings } from '../api/objects.ts'
import { newIntent, request } from '../api/request.ts'
import { useMay } from '../api/session.tsx'
import { useTexts } from '../language/language.tsx'
import { Dialog } from './dialog.tsx'
import { yuanText } from './money.tsx'
import { Problem } from './problem.tsx'

/** The dialog. */
export function RefundDialog({
  payment,
  close,
}: {
  readonly payment: Payment
  readonly close: () => void
}): ReactNode {
  const { common, refund: texts } = useTexts()
  const { message } = App.useApp()
  const may = useMay()
  const [intent, setIntent] = useState(newIntent)
  const [part, setPart] = useState<'full' | 'part'>('full')
  const [typed, setTyped] = useState(yuan(payment.amount_refundable))
  const [reason, setReason] = useState('')
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const settings = useQuery({
    queryKey: ['settings'],
    queryFn: () => request<ShopSettings>('GET', '/v1/settings'),
    enabled: may('settings:read'),
    retry: false,
  })
  const amount = part === 'full' ? payment.amount_refundable : fenOf(typed)
  const isAmount = amount !== null && amount >= 1 && amount <= payment.amount_refundable
  const limit = settings.data?.refund_approval_above ?? null
  // Another amount or reason is another refund, not a repeat.
  const change = (): void => {
    setIntent(newIntent())
    setError(null)
  }
  const submit = async (): Promise<void> => {
    if (!isAmount) return
    setBusy(true)
    setError(null)
    try {
      const made = await request<Refund | RefundRequest>('POST', '/v1/refunds', {
        body: {
          payment: payment.id,
          amount,
          ...(reason.trim() !== '' && { reason: reason.trim() }),
        },
        idempotencyKey: intent,
      })
      if (made.object === 'refund_request') void message.info(texts.requested)
      else if (made.status === 'succeeded') void message.success(texts.done)
      else
        void (made.status === 'requires_action'
          ? message.warning(texts.action)
          : message.info(texts.processing))
      close()
    } catch (problem) {
      setError(problem)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog
      title={texts.title}
      onCancel={close}
      mask={{ closable: false }}
      footer={[
        <Button key="close" onClick={close}>
          {common.cancel}
        </Button>,
        <Button
          key="submit"
          type="primary"
          danger
          loading={isBusy}
          disabled={!isAmount}
          onClick={() => void submit()}
        >
          {texts.submit(isAmount ? yuanText(amount) : '')}
        </Button>,
      ]}
    >
      <Form layout="vertical" onFinish={() => void submit()}>
        <Form.Item>
          <Segmented<'full' | 'part'>
            block
            value={part}
            onChange={(value) => {
              setPart(value)
              change()
            }}
            options={[
              { value: 'full', label: `${texts.full} ${yuanText(payment.amount_refundable)}` },
              { value: 'part', label: texts.part },
            ]}
          />
        </Form.Item>
        {part === 'part' && (
          <Form.Item
            label={texts.amount}
            htmlFor="refund-amount"
            extra={texts.most(yuanText(payment.amount_refundable))}
            {...(!isAmount && {
              validateStatus: 'error' as const,
              help: `${texts.amountWrong} · ${texts.most(yuanText(payment.amount_refundable))}`,
            })}
          >
            <InputNumber<string>
              id="refund-amount"
              stringMode
              autoFocus
              prefix="¥"
              controls={false}
              value={typed}
              onChange={(value) => {
                setTyped(value ?? '')
                change()
              }}
              style={{ width: '100%' }}
              size="large"
            />
          </Form.Item>
        )}
        <Form.Item
          label={`${texts.reason} (${common.optional})`}
          htmlFor="refund-reason"
          extra={texts.reasonHint}
        >
          <AutoComplete
            id="refund-reason"
            value={reason}
            onChange={(value: string) => {
              setReason(value.slice(0, 256))
              change()
            }}
            options={texts.reasons.map((value) => ({ value }))}
          />
        </Form.Item>
        {limit !== null && isAmount && amount > limit && (
          <Alert
            type="warning"
            showIcon
            title={texts.approval(yuanText(limit))}
            style={{ marginBottom: 12 }}
          />
        )}
        {error !== null && <Problem error={error} />}
        <p className="quiet" style={{ margin: 0 }}>
          {texts.warn}
        </p>
      </Form>
    </Dialog>
  )
}

function fenOf(text: string): number | null {
  try {
    return fen(text)
  } catch {
    return null
  }
}
