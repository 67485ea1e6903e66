/**
 * API keys.
 *
 * @module
 */
import { PlusOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Button, Card, Checkbox, Empty, Form, Input, Radio, Skeleton, Tag } from 'antd'
import { useState, type ReactNode } from 'react'
import { APP_SCOPES } from '../../../src/access/scopes.ts'
import type { ApiKey, List } from '../api/objects.ts'
import { request } from '../api/request.ts'
import { useMay } from '../api/session.tsx'
import { useTexts } from '../language/language.tsx'
import { useAct, useConfirm } from '../parts/act.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Foreign, Moment } from '../parts/money.tsx'
import { OnceShown } from '../parts/once-shown.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { Problem } from '../parts/problem.tsx'

/** The page of API keys. */
export default function Keys(): ReactNode {
  const { common, keys: texts } = useTexts()
  const may = useMay()
  const act = useAct('keys')
  const confirm = useConfirm()
  const [isAdding, setAdding] = useState(false)
  const [made, setMade] = useState<string | null>(null)
  const { data, error, refetch } = useQuery({
    queryKey: ['keys'],
    queryFn: () => request<List<ApiKey>>('GET', '/v1/api_keys'),
  })
  return (
    <>
      <PageHead title={texts.title} lead={texts.lead}>
        {may('api_keys:write') && (
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
            <div style={{ display: 'flex', flexWrap: 'wrap', gap: 12, alignItems: 'center' }}>
              <span style={{ flex: '1 1 240px', minWidth: 0 }}>
                <strong>
                  <Foreign>{one.name}</Foreign>
                </strong>{' '}
                <bdi className="mono quiet">{one.hint}</bdi>
                <div className="quiet">
                  <Foreign>{one.scopes === '*' ? texts.full : one.scopes.join(', ')}</Foreign>
                </div>
                <div className="quiet">
                  {common.created} <Moment at={one.created_at} /> · {texts.lastUsed}{' '}
                  {one.last_used_at === null ? common.never : <Moment at={one.last_used_at} />}
                  {one.expires_at !== null && (
                    <>
                      {' '}
                      · {texts.expires} <Moment at={one.expires_at} />
                    </>
                  )}
                </div>
              </span>
              {one.revoked_at !== null ? (
                <Tag>{texts.revoked}</Tag>
              ) : (
                <Tag color="success">{texts.active}</Tag>
              )}
              {one.revoked_at === null && may('api_keys:write') && (
                <Button
                  danger
                  onClick={() =>
                    confirm(texts.revokeTitle, texts.revokeText, texts.revoke, () =>
                      act(() => request('POST', `/v1/api_keys/${one.id}/revoke`), texts.revoked),
                    )
                  }
                >
                  {texts.revoke}
                </Button>
              )}
            </div>
          </Card>
        ))}
      </div>
      {isAdding && <Adding close={() => setAdding(false)} tell={setMade} />}
      {made !== null && <OnceShown title={texts.made} secret={made} close={() => setMade(null)} />}
    </>
  )
}

function Adding({
  close,
  tell,
}: {
  readonly close: () => void
  readonly tell: (key: string) => void
}): ReactNode {
  const { common, signIn, keys: texts } = useTexts()
  const act = useAct('keys')
  const [form] = Form.useForm<{ name: string; kind: 'full' | 'restricted'; scopes?: string[] }>()
  const kind = Form.useWatch('kind', form)
  const add = async (): Promise<void> => {
    const { name, kind: chosen, scopes = [] } = await form.validateFields()
    const made = await act(() =>
      request<ApiKey & { readonly key: string }>('POST', '/v1/api_keys', {
        body: { name: name.trim(), scopes: chosen === 'full' ? '*' : scopes },
      }),
    )
    if (made === undefined) return
    close()
    tell(made.key)
  }
  return (
    <Dialog
      title={texts.add}
      onCancel={close}
      okText={common.create}
      cancelText={common.cancel}
      onOk={() => void add().catch(() => {})}
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ kind: 'restricted' }}
      >
        <Form.Item
          name="name"
          label={common.name}
          rules={[{ required: true, whitespace: true, message: signIn.required }]}
        >
          <Input maxLength={100} autoFocus />
        </Form.Item>
        <Form.Item name="kind" label={texts.scopes}>
          <Radio.Group
            options={[
              { value: 'restricted', label: texts.restricted },
              { value: 'full', label: texts.full },
            ]}
          />
        </Form.Item>
        {kind === 'restricted' && (
          <Form.Item
            name="scopes"
            // Not as `required`: a group of boxes may not say that of itself.
            rules={[
              {
                validator: async (_, chosen: readonly string[] = []) => {
                  if (chosen.length === 0) throw new Error(signIn.required)
                },
              },
            ]}
          >
            <Checkbox.Group
              style={{ display: 'grid', gap: 6 }}
              options={APP_SCOPES.map((value) => ({
                value,
                label: <span className="mono">{value}</span>,
              }))}
            />
          </Form.Item>
        )}
      </Form>
    </Dialog>
  )
}
