/**
 * Has a day compared with Alipay's bill, now.
 *
 * @module
 */
import { App, DatePicker, Form, Radio } from 'antd'
import dayjs from 'dayjs'
import { useState, type ReactNode } from 'react'
import { useNavigate } from 'react-router'
import type { Reconciliation } from '../api/objects.ts'
import { request } from '../api/request.ts'
import { today } from '../beijing.ts'
import { useTexts } from '../language/language.tsx'
import { useAct } from './act.ts'
import { Comparing } from './comparing.tsx'
import { Dialog } from './dialog.tsx'

/** Both kinds of bills. */
export const BILL_TYPES = ['trade', 'signcustomer'] as const

/** The dialog. */
export function RunReconciliation({
  date,
  close,
}: {
  /** The day that is proposed, `yyyy-MM-dd`. Default: yesterday. */
  readonly date?: string | undefined
  readonly close: () => void
}): ReactNode {
  const { common, reconciliations: texts } = useTexts()
  const { message } = App.useApp()
  const act = useAct('reconciliations')
  const navigate = useNavigate()
  const [day, setDay] = useState(() => (date ? dayjs(date) : today().subtract(1, 'day')))
  const [type, setType] = useState<Reconciliation['bill_type']>('trade')
  const [isBusy, setBusy] = useState(false)
  const start = async (): Promise<void> => {
    setBusy(true)
    const body = { date: day.format('YYYY-MM-DD'), bill_type: type }
    const begun = await act(() => request<Reconciliation>('POST', '/v1/reconciliations', { body }))
    setBusy(false)
    if (begun === undefined) return
    if (begun.status === 'awaiting_bill') void message.info(texts.noBillYet, 6)
    close()
    await navigate(`/reconciliations/${begun.id}`)
  }
  return (
    <Dialog
      title={texts.start}
      onCancel={close}
      okText={texts.start}
      cancelText={isBusy ? common.close : common.cancel}
      confirmLoading={isBusy}
      onOk={() => void start()}
    >
      <p className="quiet">{texts.choose}</p>
      <Form layout="vertical">
        <Form.Item label={texts.date} htmlFor="bill-date" extra={common.beijing}>
          <DatePicker
            id="bill-date"
            allowClear={false}
            disabled={isBusy}
            value={day}
            onChange={(chosen: dayjs.Dayjs | null) => chosen !== null && setDay(chosen)}
            disabledDate={(one) => !one.isBefore(today(), 'day')}
          />
        </Form.Item>
        <Form.Item label={texts.type}>
          <Radio.Group
            value={type}
            disabled={isBusy}
            onChange={({ target }) => setType(target.value as Reconciliation['bill_type'])}
            options={BILL_TYPES.map((value) => ({ value, label: texts.types[value] }))}
          />
          <div className="quiet">{texts.typeHints[type]}</div>
        </Form.Item>
      </Form>
      {isBusy && <Comparing before={texts.fetching} />}
    </Dialog>
  )
}
