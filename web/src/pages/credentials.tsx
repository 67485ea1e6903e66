/**
 * The application at Alipay and its keys, changed step by step without closing the shop.
 *
 * @module
 */
import { useQuery } from '@tanstack/react-query'
import { Alert, Button, Card, Descriptions, Input, Space, Steps, Tag } from 'antd'
import { useState, type ReactNode } from 'react'
import type { Credential, List } from '../api/objects.ts'
import { request } from '../api/request.ts'
import { useMay, useSession } from '../api/session.tsx'
import { useTexts } from '../language/language.tsx'
import { useAct, useConfirm } from '../parts/act.ts'
import { Copyable } from '../parts/copyable.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Foreign, Moment } from '../parts/money.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { Problem } from '../parts/problem.tsx'

const COLOURS = {
  staged: 'default',
  verified: 'processing',
  active: 'success',
  retired: 'default',
} as const

/** The page of the application. */
export default function Credentials(): ReactNode {
  const { common, credentials: texts } = useTexts()
  const { app, livemode } = useSession()
  const may = useMay()
  const act = useAct('credentials')
  const confirm = useConfirm()
  const [guided, setGuided] = useState<string | null>(null)
  const { data, error, refetch } = useQuery({
    queryKey: ['credentials'],
    queryFn: () => request<List<Credential>>('GET', '/v1/credentials'),
  })
  const all = data?.data ?? []
  const mayChange = may('credentials:write')
  return (
    <>
      <PageHead title={texts.title} lead={texts.lead}>
        {mayChange && (
          <Button type="primary" onClick={() => setGuided('new')}>
            {texts.start}
          </Button>
        )}
      </PageHead>
      <div className="grid">
        <Card title={texts.app}>
          <Descriptions
            column={{ xs: 1, md: 3 }}
            items={[
              { key: 'name', label: common.name, children: <Foreign>{app.name ?? '—'}</Foreign> },
              {
                key: 'id',
                label: texts.appId,
                children: app.app_id === null ? '—' : <Copyable text={app.app_id} />,
              },
              {
                key: 'mode',
                label: texts.mode,
                children: (
                  <Tag color={livemode ? 'success' : 'warning'}>
                    {livemode ? texts.live : texts.test}
                  </Tag>
                ),
              },
            ]}
          />
        </Card>
        {error !== null && <Problem error={error} again={() => void refetch()} />}
        {data !== undefined && !all.some(({ status }) => status === 'active') && (
          <Alert type="info" showIcon title={texts.none} description={texts.noneHint} />
        )}
        {all.toReversed().map((one) => (
          <Card key={one.id} size="small">
            <div style={{ display: 'flex', flexWrap: 'wrap', gap: 12, alignItems: 'center' }}>
              <span style={{ flex: '1 1 240px', minWidth: 0 }}>
                <bdi className="mono">{one.id}</bdi>
                <div className="quiet">
                  {one.sign_type}
                  {one.trust !== null && ` · ${texts.trust[one.trust]}`} · {common.created}{' '}
                  <Moment at={one.created_at} />
                </div>
              </span>
              <Tag color={COLOURS[one.status]}>{texts.status[one.status]}</Tag>
              {mayChange && (one.status === 'staged' || one.status === 'verified') && (
                <Button type="primary" onClick={() => setGuided(one.id)}>
                  {texts.continue}
                </Button>
              )}
              {mayChange && one.status !== 'retired' && (
                <Button
                  danger
                  onClick={() =>
                    confirm(`${texts.retire}?`, texts.retireText, texts.retire, () =>
                      act(() => request('POST', `/v1/credentials/${one.id}/retire`), common.saved),
                    )
                  }
                >
                  {texts.retire}
                </Button>
              )}
            </div>
          </Card>
        ))}
      </div>
      {guided !== null && (
        <Guide
          credential={all.find(({ id }) => id === guided)}
          go={setGuided}
          close={() => setGuided(null)}
        />
      )}
    </>
  )
}

function Guide({
  credential,
  go,
  close,
}: {
  readonly credential: Credential | undefined
  readonly go: (id: string) => void
  readonly close: () => void
}): ReactNode {
  const { common, credentials: texts } = useTexts()
  const act = useAct('credentials')
  const [isUploaded, setUploaded] = useState(false)
  const [key, setKey] = useState('')
  const [isBusy, setBusy] = useState(false)
  const step =
    credential === undefined
      ? 0
      : credential.status === 'active'
        ? 5
        : credential.status === 'verified'
          ? 4
          : credential.trust !== null
            ? 3
            : isUploaded
              ? 2
              : 1
  const path = `/v1/credentials/${credential?.id ?? ''}`
  const run = async (work: () => Promise<Credential>, done?: string): Promise<void> => {
    setBusy(true)
    const next = await act(work, done)
    setBusy(false)
    if (next !== undefined) go(next.id)
  }
  const steps: readonly [text: ReactNode, button: string, work: () => void][] = [
    [
      texts.generateText,
      texts.generate,
      () => void run(() => request('POST', '/v1/credentials', { body: {} })),
    ],
    [
      <div key="upload" className="grid">
        <span>{texts.upload}</span>
        <Copyable text={credential?.application_public_key ?? ''} />
        <Alert type="warning" showIcon title={texts.uploadWarn} />
      </div>,
      common.next,
      () => setUploaded(true),
    ],
    [
      <div key="paste" className="grid">
        <label htmlFor="alipay-key">{texts.paste}</label>
        <Input.TextArea
          id="alipay-key"
          rows={6}
          value={key}
          onChange={({ target }) => setKey(target.value)}
          className="mono"
        />
      </div>,
      common.next,
      () => void run(() => request('PATCH', path, { body: { alipay_public_key: key.trim() } })),
    ],
    [
      texts.verifyText,
      texts.verify,
      () => void run(() => request('POST', `${path}/verify`), texts.verified),
    ],
    [
      texts.activateText,
      texts.activate,
      () => void run(() => request('POST', `${path}/activate`), texts.activated),
    ],
  ]
  const [text, button, work] = steps[step] ?? [texts.activated, common.done, close]
  return (
    <Dialog
      width={640}
      title={texts.start}
      onCancel={close}
      mask={{ closable: false }}
      footer={
        <Space>
          {step === 2 && <Button onClick={() => setUploaded(false)}>{common.previous}</Button>}
          <Button
            type="primary"
            loading={isBusy}
            disabled={step === 2 && key.trim() === ''}
            onClick={work}
          >
            {button}
          </Button>
        </Space>
      }
    >
      <Steps
        size="small"
        current={step}
        items={texts.steps.map((title) => ({ title }))}
        style={{ margin: '16px 0 24px' }}
      />
      <div style={{ minHeight: 120 }}>{text}</div>
    </Dialog>
  )
}
