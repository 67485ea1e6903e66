/**
 * All applications that one reaches, with today's figures; for who runs the server also adding,
 * changing and retiring them.
 *
 * @module
 */
import { PlusOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, Card, Form, Input, Select, Space, Statistic, Tag } from 'antd'
import { useState, type ReactNode } from 'react'
import type { Figures, List, ServedApp } from '../api/objects.ts'
import { request } from '../api/request.ts'
import { useMay, useSession, type ShownApp } from '../api/session.tsx'
import { switchApp } from '../api/shown-app.ts'
import { midnight, today } from '../beijing.ts'
import { useTexts } from '../language/language.tsx'
import { useAct, useConfirm } from '../parts/act.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Foreign, yuanText } from '../parts/money.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { Problem } from '../parts/problem.tsx'

const MINUTE_MS = 60_000
const PRODUCTS = ['FACE_TO_FACE_PAYMENT', 'QR_CODE_OFFLINE'] as const

/** The page of all applications. */
export default function Apps(): ReactNode {
  const { apps: texts } = useTexts()
  const { apps } = useSession()
  const mayRun = useMay()('operator')
  const [edited, setEdited] = useState<ServedApp | 'new' | null>(null)
  const { data, error, refetch } = useQuery({
    queryKey: ['apps'],
    queryFn: () => request<List<ServedApp>>('GET', '/v1/apps'),
    enabled: mayRun,
  })
  return (
    <>
      <PageHead title={texts.title} lead={texts.lead}>
        {mayRun && (
          <Button type="primary" icon={<PlusOutlined />} onClick={() => setEdited('new')}>
            {texts.add}
          </Button>
        )}
      </PageHead>
      {error !== null && <Problem error={error} again={() => void refetch()} />}
      <div className="grid">
        {apps.map((one) => (
          <OneApp
            key={one.id}
            app={one}
            served={data?.data.find(({ id }) => id === one.id)}
            edit={setEdited}
          />
        ))}
      </div>
      {edited !== null && <Editing app={edited} close={() => setEdited(null)} />}
    </>
  )
}

function OneApp({
  app,
  served,
  edit,
}: {
  readonly app: ShownApp
  /** For who runs the server. */
  readonly served: ServedApp | undefined
  readonly edit: (app: ServedApp) => void
}): ReactNode {
  const { common, apps: texts } = useTexts()
  const session = useSession()
  const run = useChange()
  const confirm = useConfirm()
  const isShown = app.id === session.app.id
  const path = `/v1/apps/${app.id}`
  const name = app.name ?? app.app_id ?? app.id
  return (
    <Card size="small" data-app={app.app_id}>
      <div style={{ display: 'flex', flexWrap: 'wrap', gap: 16, alignItems: 'center' }}>
        <span style={{ flex: '1 1 220px', minWidth: 0 }}>
          <strong>
            <Foreign>{name}</Foreign>
          </strong>{' '}
          <AppState app={app} />
          <div className="quiet mono">{app.app_id}</div>
        </span>
        <Today app={app} />
        <Space wrap>
          {!isShown && (
            <Button size="small" type="primary" onClick={() => switchApp(app.id)}>
              {texts.show}
            </Button>
          )}
          {served?.source === 'configuration' && <span className="quiet">{texts.configured}</span>}
          {served?.source === 'api' && (
            <>
              <Button size="small" onClick={() => edit(served)}>
                {common.edit}
              </Button>
              {served.status === 'active' ? (
                <Button
                  size="small"
                  danger
                  onClick={() =>
                    confirm(`${texts.retire}: ${name}?`, texts.retireText, texts.retire, () =>
                      run(() => request('POST', `${path}/retire`)),
                    )
                  }
                >
                  {texts.retire}
                </Button>
              ) : (
                <Button
                  size="small"
                  onClick={() => void run(() => request('POST', `${path}/restore`))}
                >
                  {texts.restore}
                </Button>
              )}
              {served.status === 'retired' && !isShown && (
                <Button
                  size="small"
                  danger
                  onClick={() =>
                    confirm(`${common.remove}: ${name}?`, texts.removeText, common.remove, () =>
                      run(() => request('DELETE', path)),
                    )
                  }
                >
                  {common.remove}
                </Button>
              )}
            </>
          )}
        </Space>
      </div>
    </Card>
  )
}

function AppState({ app: { retired, ready } }: { readonly app: ShownApp }): ReactNode {
  const { apps: texts } = useTexts()
  if (retired) return <Tag>{texts.status.retired}</Tag>
  return ready ? (
    <Tag color="success">{texts.status.active}</Tag>
  ) : (
    <Tag color="warning">{texts.status.keyless}</Tag>
  )
}

function Today({ app }: { readonly app: ShownApp }): ReactNode {
  const { apps: texts } = useTexts()
  const query = {
    from: midnight(today()),
    to: midnight(today().add(1, 'day')),
    interval: 'hour',
  }
  const { data } = useQuery({
    queryKey: ['figures', 'of', app.id, query],
    queryFn: () => request<Figures>('GET', '/v1/figures', { query, app: app.id }),
    refetchInterval: MINUTE_MS,
  })
  const totals = data?.totals
  const numbers = [
    [texts.amount, totals && yuanText(totals.amount)],
    [texts.count, totals && String(totals.succeeded)],
    [texts.refunded, totals && yuanText(totals.refunded_amount)],
  ] as const
  return (
    <div style={{ display: 'flex', flexWrap: 'wrap', gap: 24 }}>
      {numbers.map(([title, value]) => (
        <Statistic
          key={title}
          title={title}
          value={value ?? '…'}
          styles={{ content: { fontSize: 18 } }}
        />
      ))}
    </div>
  )
}

function Editing({
  app,
  close,
}: {
  readonly app: ServedApp | 'new'
  readonly close: () => void
}): ReactNode {
  const { common, signIn, apps: texts } = useTexts()
  const run = useChange()
  const [form] = Form.useForm<{
    app_id: string
    name: string | null
    product_code: string
    seller_id: string | null
  }>()
  const isNew = app === 'new'
  const save = async (): Promise<void> => {
    const { app_id, seller_id, product_code, ...rest } = await form.validateFields()
    const name = rest.name?.trim() || null
    if (!isNew) {
      const body = { name, product_code }
      const saved = await run(() => request('PATCH', `/v1/apps/${app.id}`, { body }))
      if (saved !== undefined) close()
      return
    }
    const body = {
      app_id: app_id.trim(),
      name,
      product_code,
      ...(seller_id?.trim() && { seller_id: seller_id.trim() }),
    }
    const added = await run(() => request<ServedApp>('POST', '/v1/apps', { body }))
    // Its keys come next: they are given in the application itself.
    if (added !== undefined) switchApp(added.id, '/credentials?guide')
  }
  return (
    <Dialog
      title={isNew ? texts.add : common.edit}
      onCancel={close}
      okText={isNew ? common.next : common.save}
      cancelText={common.cancel}
      onOk={() => void save().catch(() => {})}
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={isNew ? { product_code: PRODUCTS[0] } : app}
      >
        {isNew && (
          <Form.Item
            name="app_id"
            label="APPID"
            rules={[
              { required: true, message: signIn.required },
              { pattern: /^\s*(?!2088)\d{16}\s*$/, message: texts.appIdWrong },
            ]}
          >
            <Input autoFocus inputMode="numeric" maxLength={20} />
          </Form.Item>
        )}
        <Form.Item name="name" label={texts.name}>
          <Input maxLength={100} />
        </Form.Item>
        <Form.Item name="product_code" label={texts.product}>
          <Select options={PRODUCTS.map((value) => ({ value, label: texts.products[value] }))} />
        </Form.Item>
        {isNew && (
          <Form.Item
            name="seller_id"
            label={texts.seller}
            rules={[{ pattern: /^\s*(?:2088\d{12})?\s*$/, message: texts.sellerWrong }]}
          >
            <Input inputMode="numeric" maxLength={20} />
          </Form.Item>
        )}
      </Form>
      {isNew && <p className="quiet">{texts.keysNext}</p>}
    </Dialog>
  )
}

/** Whatever changes here changes also what can be chosen. */
function useChange() {
  const { common } = useTexts()
  const act = useAct('apps')
  const client = useQueryClient()
  return async <Answer,>(work: () => Promise<Answer>): Promise<Answer | undefined> => {
    const answer = await act(work, common.saved)
    await client.invalidateQueries({ queryKey: ['session'] })
    return answer
  }
}
