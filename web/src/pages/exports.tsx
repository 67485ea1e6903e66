/**
 * Files for the books.
 *
 * @module
 */
import { DownloadOutlined } from '@ant-design/icons'
import { Alert, App, Button, Card, DatePicker, Form, Radio } from 'antd'
import type dayjs from 'dayjs'
import { useContext, useState, type ReactNode } from 'react'
import { requestFile } from '../api/request.ts'
import { midnight, today } from '../beijing.ts'
import { LanguageContext, useTexts } from '../language/language.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { saveFile } from '../parts/save-file.ts'
import { useComplain } from '../parts/problem.tsx'

interface Fields {
  readonly kind: 'payments' | 'refunds'
  readonly format: 'csv' | 'xlsx'
  readonly range: [dayjs.Dayjs, dayjs.Dayjs]
}

/** The page of exports. */
export default function Exports(): ReactNode {
  const { common, exports: texts } = useTexts()
  const { message } = App.useApp()
  const complain = useComplain()
  const language = useContext(LanguageContext)
  const [isBusy, setBusy] = useState(false)
  const take = async ({ kind, format, range: [from, to] }: Fields): Promise<void> => {
    setBusy(true)
    try {
      const file = await requestFile('POST', '/v1/exports', {
        language,
        kind,
        format,
        from: midnight(from),
        to: midnight(to.add(1, 'day')),
      })
      saveFile(file, `saoma-${kind}-${from.format('YYYYMMDD')}-${to.format('YYYYMMDD')}.${format}`)
      void message.success(texts.ready)
    } catch (error) {
      complain(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <PageHead title={texts.title} lead={texts.lead} />
      <Card style={{ maxWidth: 640 }}>
        <Form<Fields>
          layout="vertical"
          requiredMark={false}
          initialValues={{
            kind: 'payments',
            format: 'xlsx',
            range: [today().startOf('month'), today()],
          }}
          onFinish={(fields) => void take(fields)}
        >
          <Form.Item name="kind" label={texts.kind}>
            <Radio.Group
              options={[
                { value: 'payments', label: texts.payments },
                { value: 'refunds', label: texts.refunds },
              ]}
            />
          </Form.Item>
          <Form.Item
            name="range"
            label={texts.range}
            extra={common.beijing}
            rules={[{ required: true, message: texts.rangeRequired }]}
          >
            <DatePicker.RangePicker id={{ start: 'range', end: 'range-end' }} />
          </Form.Item>
          <label className="unseen" htmlFor="range-end">
            {common.to}
          </label>
          <Form.Item name="format" label={texts.format}>
            <Radio.Group
              options={[
                { value: 'xlsx', label: texts.xlsx },
                { value: 'csv', label: texts.csv },
              ]}
            />
          </Form.Item>
          {isBusy && (
            <Alert
              type="info"
              showIcon
              title={texts.working}
              style={{ marginBottom: 16 }}
              role="status"
            />
          )}
          <Button type="primary" htmlType="submit" icon={<DownloadOutlined />} loading={isBusy}>
            {texts.start}
          </Button>
        </Form>
      </Card>
    </>
  )
}
