/**
 * Where events are sent.
 *
 * @module
 */
import { PlusOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Button, Card, Empty, Form, Input, Select, Skeleton, Tag } from 'antd'
import { useState, type ReactNode } from 'react'
import { Link } from 'react-router'
import { EVENT_TYPES } from '../../../src/webhooks/event-types.ts'
import type { EndpointWithSecret } from '../../../src/client/objects.ts'
import type { List, WebhookEndpoint } from '../api/objects.ts'
import { request } from '../api/request.ts'
import { useMay } from '../api/session.tsx'
import { useTexts } from '../language/language.tsx'
import { useAct } from '../parts/act.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Foreign, Moment } from '../parts/money.tsx'
import { OnceShown } from '../parts/once-shown.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { Problem } from '../parts/problem.tsx'

/** The page of endpoints. */
export default function Webhooks(): ReactNode {
  const { common, webhooks: texts } = useTexts()
  const may = useMay()
  const [isAdding, setAdding] = useState(false)
  const [secret, setSecret] = useState<string | null>(null)
  const { data, error, refetch } = useQuery({
    queryKey: ['webhooks'],
    queryFn: () => request<List<WebhookEndpoint>>('GET', '/v1/webhook_endpoints'),
  })
  return (
    <>
      <PageHead title={texts.title} lead={texts.lead}>
        {may('webhooks:write') && (
          <Button type="primary" icon={<PlusOutlined />} onClick={() => setAdding(true)}>
            {texts.add}
          </Button>
        )}
      </PageHead>
      {error !== null && <Problem error={error} again={() => void refetch()} />}
      {data === undefined && error === null && <Skeleton active />}
      {data?.data.length === 0 && (
        <Card>
          <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={texts.none} />
        </Card>
      )}
      <div className="grid">
        {data?.data.map((one) => (
          <Card key={one.id} size="small">
            <div className="card-row">
              <Link to={`/webhooks/${one.id}`} className="mono one-line">
                <bdi>{one.url}</bdi>
              </Link>
              <EndpointState endpoint={one} />
            </div>
            <div className="card-row quiet">
              <span style={{ minWidth: 0 }}>
                <Foreign oneLine>
                  {one.description === ''
                    ? one.types === '*'
                      ? texts.allTypes
                      : one.types.join(', ')
                    : one.description}
                </Foreign>
              </span>
              <span>
                {common.created} <Moment at={one.created_at} short />
              </span>
            </div>
          </Card>
        ))}
      </div>
      {isAdding && <Adding close={() => setAdding(false)} tell={setSecret} />}
      {secret !== null && (
        <OnceShown
          title={texts.secret}
          hint={texts.secretHint}
          secret={secret}
          close={() => setSecret(null)}
        />
      )}
    </>
  )
}

/** Whether it is sent anything. */
export function EndpointState({ endpoint }: { readonly endpoint: WebhookEndpoint }): ReactNode {
  const { webhooks: texts } = useTexts()
  const reason =
    endpoint.disabled_reason === null ? '' : ` · ${texts.disabledReason[endpoint.disabled_reason]}`
  return (
    <span>
      {endpoint.failures > 0 && <Tag color="error">{texts.failing(endpoint.failures)}</Tag>}
      <Tag color={endpoint.status === 'enabled' ? 'success' : 'default'} style={{ margin: 0 }}>
        {texts.status[endpoint.status]}
        {reason}
      </Tag>
    </span>
  )
}

function Adding({
  close,
  tell,
}: {
  readonly close: () => void
  readonly tell: (secret: string) => void
}): ReactNode {
  const { common, webhooks: texts } = useTexts()
  const act = useAct('webhooks')
  const [form] = Form.useForm<{ url: string; description?: string; types?: string[] }>()
  const add = async (): Promise<void> => {
    const { url, description = '', types = [] } = await form.validateFields()
    const body = { url: url.trim(), description, types: types.length === 0 ? '*' : types }
    const made = await act(() =>
      request<EndpointWithSecret>('POST', '/v1/webhook_endpoints', { body }),
    )
    if (made === undefined) return
    close()
    tell(made.secret)
  }
  return (
    <Dialog
      title={texts.add}
      onCancel={close}
      okText={common.create}
      cancelText={common.cancel}
      onOk={() => void add().catch(() => {})}
    >
      <Form form={form} layout="vertical" requiredMark={false}>
        <Form.Item
          name="url"
          label={texts.url}
          rules={[{ required: true, type: 'url', message: texts.urlWrong }]}
        >
          <Input placeholder="https://example.com/webhooks" autoFocus />
        </Form.Item>
        <Form.Item name="types" label={texts.types}>
          <Select
            mode="multiple"
            allowClear
            placeholder={texts.allTypes}
            options={EVENT_TYPES.map((value) => ({ value, label: value }))}
          />
        </Form.Item>
        <Form.Item name="description" label={`${texts.description} (${common.optional})`}>
          <Input maxLength={500} />
        </Form.Item>
      </Form>
    </Dialog>
  )
}
