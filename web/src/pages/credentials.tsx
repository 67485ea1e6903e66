/**
 * The application at Alipay and its keys, changed step by step without closing the shop.
 *
 * @module
 */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Alert, Button, Card, Descriptions, Input, Segmented, Space, Steps, Tag } from 'antd'
import { useState, type ReactNode } from 'react'
import { useSearchParams } from 'react-router'
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
  const [search, setSearch] = useSearchParams()
  const [chosen, setGuided] = useState<string | null>(null)
  const { data, error, refetch } = useQuery({
    queryKey: ['credentials'],
    queryFn: () => request<List<Credential>>('GET', '/v1/credentials'),
  })
  const all = data?.data ?? []
  const mayChange = may('credentials:write')
  // Whoever comes to give it keys goes on where somebody has begun.
  const begun = all.findLast(({ status }) => status === 'staged' || status === 'verified')?.id
  const isSent = search.has('guide') && mayChange && data !== undefined
  const guided = chosen ?? (isSent ? (begun ?? 'new') : null)
  const close = (): void => {
    setGuided(null)
    setSearch({}, { replace: true })
  }
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
          <Alert
            type="info"
            showIcon
            title={app.ready ? texts.none : texts.keyless}
            description={app.ready ? texts.noneHint : texts.keylessHint}
          />
        )}
        {all.toReversed().map((one) => (
          <Card key={one.id} size="small">
            <div style={{ display: 'flex', flexWrap: 'wrap', gap: 12, alignItems: 'center' }}>
              <span style={{ flex: '1 1 240px', minWidth: 0 }}>
                <bdi className="mono">{one.id}</bdi>
                <div className="quiet">
                  {one.sign_type}
                  {one.trust !== null && ` · ${texts.trust[one.trust]}`}
                  {one.encrypted && ` · ${texts.encrypted}`} · {common.created}{' '}
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
        <Guide credential={all.find(({ id }) => id === guided)} go={setGuided} close={close} />
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
  const { common, apps, credentials: texts } = useTexts()
  const { app } = useSession()
  const act = useAct('credentials')
  const [isUploaded, setUploaded] = useState(false)
  const client = useQueryClient()
  const [ownKey, setOwnKey] = useState<string | null>(null)
  const [trust, setTrust] = useState<Trust>({ alipay_public_key: '' })
  const [encryptKey, setEncryptKey] = useState('')
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
    // Whether it takes payments now.
    if (next?.status === 'active') await client.invalidateQueries({ queryKey: ['session'] })
  }
  const steps: readonly [text: ReactNode, button: string, work: () => void][] = [
    [
      <PrivateKey key="private" value={ownKey} set={setOwnKey} />,
      ownKey === null ? texts.generate : texts.save,
      () =>
        void run(() =>
          request('POST', '/v1/credentials', {
            body: ownKey === null ? {} : { private_key: ownKey.trim() },
          }),
        ),
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
        <AlipayTrust value={trust} set={setTrust} />
        <label htmlFor="encrypt-key">{texts.encryptKey}</label>
        <Input
          id="encrypt-key"
          value={encryptKey}
          onChange={({ target }) => setEncryptKey(target.value)}
          className="mono"
          autoComplete="off"
        />
      </div>,
      common.next,
      () =>
        void run(() =>
          request('PATCH', path, {
            body: {
              ...trimmed(trust),
              ...(encryptKey.trim() && { encrypt_key: encryptKey.trim() }),
            },
          }),
        ),
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
      title={app.ready ? texts.start : apps.giveKeys}
      onCancel={close}
      mask={{ closable: false }}
      footer={
        <Space>
          {step === 2 && <Button onClick={() => setUploaded(false)}>{common.previous}</Button>}
          <Button
            type="primary"
            loading={isBusy}
            disabled={(step === 0 && ownKey?.trim() === '') || (step === 2 && !isWhole(trust))}
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

/** Made here, or brought along. */
function PrivateKey({
  value,
  set,
}: {
  /** `null`: a pair is made. */
  readonly value: string | null
  readonly set: (value: string | null) => void
}): ReactNode {
  const { credentials: texts } = useTexts()
  return (
    <div className="grid">
      <Segmented
        aria-label={texts.source}
        value={value === null ? 'generated' : 'own'}
        options={(['generated', 'own'] as const).map((key) => ({
          value: key,
          label: texts.sources[key],
        }))}
        onChange={(key) => set(key === 'own' ? '' : null)}
      />
      {value === null ? (
        <span>{texts.generateText}</span>
      ) : (
        <>
          <label htmlFor="private-key">{texts.ownKey}</label>
          <Input.TextArea
            id="private-key"
            rows={6}
            value={value}
            onChange={({ target }) => set(target.value)}
            className="mono"
            autoComplete="off"
          />
        </>
      )}
    </div>
  )
}

const CERTIFICATES = ['app', 'alipay', 'root'] as const

/** What Alipay is known by, in the words of the API. */
type Trust =
  | { readonly alipay_public_key: string }
  | { readonly certificates: Readonly<Record<(typeof CERTIFICATES)[number], string>> }

function isWhole(trust: Trust): boolean {
  if ('alipay_public_key' in trust) return trust.alipay_public_key.trim() !== ''
  return CERTIFICATES.every((name) => trust.certificates[name] !== '')
}

function trimmed(trust: Trust): Trust {
  if ('certificates' in trust) return trust
  return { alipay_public_key: trust.alipay_public_key.trim() }
}

function AlipayTrust({
  value,
  set,
}: {
  readonly value: Trust
  readonly set: (value: Trust) => void
}): ReactNode {
  const { credentials: texts } = useTexts()
  const isKey = 'alipay_public_key' in value
  return (
    <>
      <Segmented
        value={isKey ? 'key' : 'certificates'}
        options={(['key', 'certificates'] as const).map((key) => ({
          value: key,
          label: texts.trusts[key],
        }))}
        onChange={(key) =>
          set(
            key === 'key'
              ? { alipay_public_key: '' }
              : { certificates: { app: '', alipay: '', root: '' } },
          )
        }
      />
      {isKey ? (
        <>
          <label htmlFor="alipay-key">{texts.paste}</label>
          <Input.TextArea
            id="alipay-key"
            rows={6}
            value={value.alipay_public_key}
            onChange={({ target }) => set({ alipay_public_key: target.value })}
            className="mono"
          />
        </>
      ) : (
        CERTIFICATES.map((name) => (
          <label key={name} className="grid">
            {texts.certificates[name]}
            <input
              type="file"
              accept=".crt,.cer,.pem"
              onChange={({ target: { files } }) => {
                const [file] = files ?? []
                void (file?.text() ?? Promise.resolve('')).then((text) =>
                  set({ certificates: { ...value.certificates, [name]: text } }),
                )
              }}
            />
          </label>
        ))
      )}
    </>
  )
}
