/**
 * How people are told of what cannot wait.
 *
 * @module
 */
import { BellOutlined, PlusOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Alert, Button, Card, Empty, Form, Input, Select, Skeleton, Space, Tag } from 'antd'
import { useContext, useState, type ReactNode } from 'react'
import { ALARM_KINDS, type AlarmKind } from '../../../src/alarms/alarm-kinds.ts'
import type { AlarmChannel, AlarmTest, List } from '../api/objects.ts'
import { request } from '../api/request.ts'
import { LanguageContext, useTexts } from '../language/language.tsx'
import { useAct, useConfirm } from '../parts/act.ts'
import { ChannelFields, settingsOf, type ChannelAnswers } from '../parts/channel-fields.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Foreign } from '../parts/money.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { Problem } from '../parts/problem.tsx'

const PATH = '/v1/alarm_channels'

/** The page of channels. */
export default function Alarms(): ReactNode {
  const { alarms: texts } = useTexts()
  const [edited, setEdited] = useState<AlarmChannel | 'new' | null>(null)
  const { data, error, refetch } = useQuery({
    queryKey: ['alarms'],
    queryFn: () => request<List<AlarmChannel>>('GET', PATH),
  })
  const add = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setEdited('new')}>
      {texts.add}
    </Button>
  )
  const isEmpty = data?.data.length === 0
  return (
    <>
      <PageHead title={texts.title} lead={texts.lead}>
        {!isEmpty && add}
      </PageHead>
      {error !== null && <Problem error={error} again={() => void refetch()} />}
      {data === undefined && error === null && <Skeleton active />}
      {isEmpty && (
        <Card>
          <Empty image={<BellOutlined style={{ fontSize: 48 }} />} description={texts.none}>
            {add}
          </Empty>
        </Card>
      )}
      <div className="grid">
        {data?.data.map((one) => (
          <Channel key={one.id} channel={one} edit={() => setEdited(one)} />
        ))}
      </div>
      {edited !== null && <Editing channel={edited} close={() => setEdited(null)} />}
    </>
  )
}

function Channel({
  channel,
  edit,
}: {
  readonly channel: AlarmChannel
  readonly edit: () => void
}): ReactNode {
  const { common, alarms: texts } = useTexts()
  const titleOf = useTitles()
  const act = useAct('alarms')
  const confirm = useConfirm()
  const [test, setTest] = useState<AlarmTest | 'running' | null>(null)
  const path = `${PATH}/${channel.id}`
  const isEnabled = channel.status === 'enabled'
  const tryOut = async (): Promise<void> => {
    setTest('running')
    setTest((await act(() => request<AlarmTest>('POST', `${path}/test`))) ?? null)
  }
  const change = (status: AlarmChannel['status']): void =>
    void act(() => request('PATCH', path, { body: { status } }), common.saved)
  return (
    <Card size="small">
      <div style={{ display: 'flex', flexWrap: 'wrap', gap: 12, alignItems: 'center' }}>
        <div style={{ flex: '1 1 260px', minWidth: 0 }}>
          <strong>
            <Foreign>{channel.name}</Foreign>
          </strong>{' '}
          <Tag color="blue">{texts.types[channel.type]}</Tag>
          <Tag color={isEnabled ? 'success' : 'default'}>{texts.status[channel.status]}</Tag>
          <div className="quiet">
            {channel.kinds === '*'
              ? texts.allKinds
              : channel.kinds.map((kind) => titleOf(kind)).join(' · ')}
          </div>
          <bdi className="mono quiet">{channel.hint}</bdi>
        </div>
        <Space wrap>
          <Button size="small" loading={test === 'running'} onClick={() => void tryOut()}>
            {texts.test}
          </Button>
          <Button size="small" onClick={edit}>
            {common.edit}
          </Button>
          <Button size="small" onClick={() => change(isEnabled ? 'disabled' : 'enabled')}>
            {isEnabled ? texts.disable : texts.enable}
          </Button>
          <Button
            size="small"
            danger
            onClick={() =>
              confirm(`${texts.remove}?`, texts.removeText, texts.remove, () =>
                act(() => request('DELETE', path), common.saved),
              )
            }
          >
            {common.remove}
          </Button>
        </Space>
      </div>
      <div role="status">
        {test === 'running' && <span className="quiet">{texts.testing}</span>}
        {test !== null && test !== 'running' && <Tested test={test} type={channel.type} />}
      </div>
    </Card>
  )
}

function Tested({
  test: { told, error },
  type,
}: {
  readonly test: AlarmTest
  readonly type: AlarmChannel['type']
}): ReactNode {
  const { alarms: texts } = useTexts()
  const explain = useExplain()
  return (
    <Alert
      type={told ? 'success' : 'error'}
      showIcon
      style={{ marginTop: 10 }}
      title={told ? texts.testOk : texts.testBad}
      {...(error !== null && { description: <Foreign>{explain(error, type)}</Foreign> })}
    />
  )
}

/** What the server says of a failure, in the language of the page. */
function useExplain(): (error: string, type: AlarmChannel['type']) => string {
  const { errors } = useTexts().alarms
  return (error, type) => {
    const refused = /^refused it with code (-?\d+)/.exec(error)?.[1]
    if (refused !== undefined)
      return errors.refused(refused, errors.codes[`${type} ${refused}`] ?? '')
    if (error.startsWith('answered what no robot answers')) return errors.noRobot
    const code = /^could not be reached \((.*)\)$/.exec(error)?.[1]
    if (code !== undefined) return errors.unreachable(code)
    const mail = /^the mail server answered (\d+)$/.exec(error)?.[1]
    if (mail !== undefined) return errors.mail(mail)
    const status = /^answered (\d+)$/.exec(error)?.[1]
    if (status !== undefined) return errors.answered(status)
    return error === 'no answer in time' ? errors.noAnswer : errors.said(error)
  }
}

interface Answers extends ChannelAnswers {
  readonly name: string
  readonly kinds?: readonly AlarmKind[]
}

function Editing({
  channel,
  close,
}: {
  readonly channel: AlarmChannel | 'new'
  readonly close: () => void
}): ReactNode {
  const { common, alarms: texts } = useTexts()
  const titleOf = useTitles()
  const act = useAct('alarms')
  const [form] = Form.useForm<Answers>()
  const isNew = channel === 'new'
  const [isReplacing, setReplacing] = useState(isNew)
  const [isBusy, setBusy] = useState(false)
  const save = async (): Promise<void> => {
    const { name, kinds = [], ...answers } = await form.validateFields()
    const told = { name: name.trim(), kinds: kinds.length === 0 ? '*' : kinds }
    setBusy(true)
    const saved = await act(
      () =>
        isNew
          ? request('POST', PATH, { body: { ...told, ...settingsOf(answers) } })
          : request('PATCH', `${PATH}/${channel.id}`, {
              body: { ...told, ...(isReplacing && { settings: settingsOf(answers) }) },
            }),
      common.saved,
    )
    setBusy(false)
    if (saved !== undefined) close()
  }
  return (
    <Dialog
      title={isNew ? texts.add : texts.edit}
      onCancel={close}
      mask={{ closable: false }}
      okText={isNew ? common.create : common.save}
      cancelText={common.cancel}
      confirmLoading={isBusy}
      onOk={() => void save().catch(() => {})}
    >
      <Form<Answers>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{
          type: isNew ? 'dingtalk' : channel.type,
          encryption: 'smtps',
          ...(!isNew && { name: channel.name, kinds: channel.kinds === '*' ? [] : channel.kinds }),
        }}
      >
        {isReplacing && <ChannelFields form={form} />}
        <Form.Item
          name="name"
          label={texts.name}
          rules={[{ required: true, whitespace: true, message: texts.required }]}
        >
          <Input maxLength={100} placeholder={texts.namePlaceholder} />
        </Form.Item>
        <Form.Item name="kinds" label={texts.kinds}>
          <Select
            mode="multiple"
            allowClear
            placeholder={texts.allKinds}
            options={(Object.keys(ALARM_KINDS) as AlarmKind[]).map((value) => ({
              value,
              label: titleOf(value),
            }))}
          />
        </Form.Item>
        {!isReplacing && (
          <>
            <p className="quiet">{texts.secretKept}</p>
            <Button onClick={() => setReplacing(true)}>{texts.change}</Button>
          </>
        )}
      </Form>
    </Dialog>
  )
}

/** What a kind is called in the language of the page. */
function useTitles(): (kind: AlarmKind) => string {
  const language = useContext(LanguageContext)
  return (kind) => ALARM_KINDS[kind][language === 'zh' ? 0 : 1]
}
