/**
 * One endpoint: what was sent to it, and what it answered.
 *
 * @module
 */
import { ArrowLeftOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import {
  App,
  Button,
  Card,
  DatePicker,
  Drawer,
  Modal,
  Radio,
  Select,
  Skeleton,
  Space,
  Tag,
} from 'antd'
import dayjs from 'dayjs'
import { useState, type ReactNode } from 'react'
import { Link, useNavigate, useParams } from 'react-router'
import type { EndpointWithSecret } from '../../../src/client/objects.ts'
import type { Delivery, TestDelivery, WebhookEndpoint } from '../api/objects.ts'
import { request } from '../api/request.ts'
import { useMay } from '../api/session.tsx'
import { useTexts } from '../language/language.tsx'
import { useAct, useConfirm } from '../parts/act.ts'
import { LongList } from '../parts/long-list.tsx'
import { Foreign, Moment } from '../parts/money.tsx'
import { OnceShown } from '../parts/once-shown.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { Problem, useComplain } from '../parts/problem.tsx'
import { EndpointState } from './webhooks.tsx'

const COLOURS = { pending: 'processing', succeeded: 'success', failed: 'error' } as const
const OVERLAPS = [86_400, 3_600, 0] as const

/** The page of an endpoint. */
export default function WebhookPage(): ReactNode {
  const { id = '' } = useParams()
  const { menu, webhooks: texts, common } = useTexts()
  const path = `/v1/webhook_endpoints/${encodeURIComponent(id)}`
  const {
    data: endpoint,
    error,
    refetch,
  } = useQuery({ queryKey: ['webhooks', id], queryFn: () => request<WebhookEndpoint>('GET', path) })
  const [status, setStatus] = useState<string | null>(null)
  const [shown, setShown] = useState<Delivery | null>(null)
  if (error !== null && endpoint === undefined)
    return <Problem error={error} again={() => void refetch()} />
  if (endpoint === undefined) return <Skeleton active />
  return (
    <>
      <Link to="/webhooks" style={{ display: 'inline-block', marginBottom: 8 }}>
        <ArrowLeftOutlined /> {menu.webhooks}
      </Link>
      <PageHead title={texts.deliveries}>
        <Actions endpoint={endpoint} path={path} />
      </PageHead>
      <Card size="small" style={{ marginBottom: 16 }}>
        <div className="card-row">
          <bdi className="mono">{endpoint.url}</bdi>
          <EndpointState endpoint={endpoint} />
        </div>
        {endpoint.description !== '' && <Foreign>{endpoint.description}</Foreign>}
        <div className="quiet">
          {endpoint.types === '*' ? texts.allTypes : endpoint.types.join(', ')}
        </div>
      </Card>
      <div className="toolbar">
        <Select
          allowClear
          aria-label={common.status}
          placeholder={common.status}
          value={status}
          onChange={(value) => setStatus(value ?? null)}
          options={(['pending', 'succeeded', 'failed'] as const).map((value) => ({
            value,
            label: texts.delivery[value],
          }))}
          style={{ width: 140 }}
        />
      </div>
      <LongList<Delivery>
        name="webhooks"
        path={`${path}/deliveries`}
        query={{ status: status ?? undefined }}
        empty={texts.noDeliveries}
        columns={[
          {
            title: texts.types,
            key: 'type',
            width: 220,
            render: (_, one) => (
              <Button type="link" style={{ padding: 0 }} onClick={() => setShown(one)}>
                {one.type ?? one.event}
              </Button>
            ),
          },
          {
            title: common.status,
            key: 'status',
            width: 120,
            render: (_, one) => <Tag color={COLOURS[one.status]}>{texts.delivery[one.status]}</Tag>,
          },
          {
            title: texts.attemptsTitle,
            key: 'attempts',
            width: 100,
            render: (_, one) => texts.attempts(one.attempts),
          },
          {
            title: common.created,
            key: 'at',
            width: 170,
            render: (_, one) => <Moment at={one.created_at} />,
          },
          {
            title: common.actions,
            key: 'actions',
            width: 140,
            render: (_, one) => <Again delivery={one} />,
          },
        ]}
        card={(one) => (
          <div>
            <div className="card-row">
              <Button type="link" style={{ padding: 0 }} onClick={() => setShown(one)}>
                {one.type ?? one.event}
              </Button>
              <Tag color={COLOURS[one.status]} style={{ margin: 0 }}>
                {texts.delivery[one.status]}
              </Tag>
            </div>
            <div className="card-row quiet">
              <Moment at={one.created_at} short />
              <Again delivery={one} />
            </div>
          </div>
        )}
      />
      <Drawer
        open={shown !== null}
        onClose={() => setShown(null)}
        title={<bdi>{shown?.type ?? shown?.event ?? ''}</bdi>}
        size={520}
      >
        <div className="grid">
          {shown?.log.length === 0 && <span className="quiet">{texts.noAnswer}</span>}
          {shown?.log.map((attempt, key) => (
            <Card
              key={key}
              size="small"
              title={<Moment at={attempt.at} />}
              extra={<span className="num">{attempt.duration_ms} ms</span>}
            >
              <Tag color={attempt.status !== null && attempt.status < 300 ? 'success' : 'error'}>
                {attempt.status ?? texts.noAnswer}
              </Tag>
              {attempt.error !== null && <Foreign>{attempt.error}</Foreign>}
              {attempt.answer !== null && attempt.answer !== '' && (
                <pre className="raw mono" tabIndex={0}>
                  {attempt.answer}
                </pre>
              )}
            </Card>
          ))}
        </div>
      </Drawer>
    </>
  )
}

function Again({ delivery }: { readonly delivery: Delivery }): ReactNode {
  const { webhooks: texts } = useTexts()
  const may = useMay()
  const act = useAct('webhooks')
  if (!may('webhooks:write')) return null
  return (
    <Button
      size="small"
      onClick={() =>
        void act(
          () =>
            request('POST', `/v1/webhook_deliveries/${encodeURIComponent(delivery.id)}/redeliver`),
          texts.resent,
        )
      }
    >
      {texts.resend}
    </Button>
  )
}

function Actions({
  endpoint,
  path,
}: {
  readonly endpoint: WebhookEndpoint
  readonly path: string
}): ReactNode {
  const { common, webhooks: texts } = useTexts()
  const may = useMay()
  const act = useAct('webhooks')
  const confirm = useConfirm()
  const navigate = useNavigate()
  const client = useQueryClient()
  const complain = useComplain()
  const { message } = App.useApp()
  const [open, setOpen] = useState<'rotate' | 'recover' | null>(null)
  const [overlap, setOverlap] = useState<number>(OVERLAPS[0])
  const [since, setSince] = useState(() => dayjs().subtract(1, 'day'))
  const [secret, setSecret] = useState<string | null>(null)
  if (!may('webhooks:write')) return null
  const isEnabled = endpoint.status === 'enabled'
  const test = async (): Promise<void> => {
    const result = await act(() => request<TestDelivery>('POST', `${path}/test`))
    if (result === undefined) return
    if (result.delivered) void message.success(texts.testOk(result.duration_ms))
    else void message.error(`${texts.testBad}: ${result.status ?? result.error ?? texts.noAnswer}`)
  }
  const rotate = async (): Promise<void> => {
    const made = await act(() =>
      request<EndpointWithSecret>('POST', `${path}/rotate_secret`, { body: { overlap } }),
    )
    setOpen(null)
    if (made !== undefined) setSecret(made.secret)
  }
  const recover = async (): Promise<void> => {
    const due = await act(() =>
      request<{ readonly count: number }>('POST', `${path}/recover`, {
        body: { since: since.toISOString() },
      }),
    )
    setOpen(null)
    if (due !== undefined) void message.success(texts.recovered(due.count))
  }
  const remove = async (): Promise<void> => {
    try {
      await request('DELETE', path)
      // The list asks again when it is shown; what is gone is not asked for.
      await client.invalidateQueries({ queryKey: ['webhooks'], refetchType: 'none' })
      await navigate('/webhooks')
    } catch (error) {
      complain(error)
    }
  }
  return (
    <Space wrap>
      <Button onClick={() => void test()}>{texts.test}</Button>
      <Button onClick={() => setOpen('rotate')}>{texts.rotate}</Button>
      <Button onClick={() => setOpen('recover')} disabled={!isEnabled}>
        {texts.recover}
      </Button>
      <Button
        onClick={() =>
          void act(
            () => request('PATCH', path, { body: { status: isEnabled ? 'disabled' : 'enabled' } }),
            common.saved,
          )
        }
      >
        {isEnabled ? texts.disable : texts.enable}
      </Button>
      <Button
        danger
        onClick={() => confirm(`${texts.remove}?`, texts.removeText, texts.remove, remove)}
      >
        {common.remove}
      </Button>
      <Modal
        open={open === 'rotate'}
        title={texts.rotate}
        onCancel={() => setOpen(null)}
        onOk={() => void rotate()}
        okText={texts.rotate}
        cancelText={common.cancel}
      >
        <p>{texts.rotateText}</p>
        <Radio.Group
          value={overlap}
          onChange={({ target }) => setOverlap(target.value as number)}
          options={OVERLAPS.map((value) => ({ value, label: texts.overlaps[value] }))}
          aria-label={texts.overlap}
        />
      </Modal>
      <Modal
        open={open === 'recover'}
        title={texts.recover}
        onCancel={() => setOpen(null)}
        onOk={() => void recover()}
        okText={texts.recover}
        cancelText={common.cancel}
      >
        <p>{texts.recoverText}</p>
        <DatePicker
          showTime
          allowClear={false}
          value={since}
          onChange={(at: dayjs.Dayjs | null) => at !== null && setSince(at)}
          aria-label={common.from}
        />
      </Modal>
      {secret !== null && (
        <OnceShown
          title={texts.secret}
          hint={texts.secretHint}
          secret={secret}
          close={() => setSecret(null)}
        />
      )}
    </Space>
  )
}
