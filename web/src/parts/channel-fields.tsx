/**
 * What a channel of alarms is reached by: the address of a robot, a mail server, or a program.
 *
 * @module
 */
import { Form, Input, InputNumber, Select, type FormInstance } from 'antd'
import type { ReactNode } from 'react'
import { CHANNEL_TYPES, type ChannelType } from '../../../src/alarms/channel.ts'
import { useTexts } from '../language/language.tsx'

/** What the fields hold. */
export interface ChannelAnswers {
  readonly type: ChannelType
  readonly url?: string
  readonly secret?: string
  readonly encryption?: 'smtp' | 'smtps'
  readonly host?: string
  readonly port?: number
  readonly username?: string
  readonly password?: string
  readonly from?: string
  readonly to?: readonly string[]
}

/** The settings, as the API takes them. */
export function settingsOf(answers: ChannelAnswers): object {
  const { type, url = '', secret = '', from = '', to = [] } = answers
  if (type !== 'email') {
    return { type, url: url.trim(), ...(secret.trim() !== '' && { secret: secret.trim() }) }
  }
  const { encryption = 'smtps', host = '', port, username = '', password = '' } = answers
  const who =
    username === '' ? '' : `${encodeURIComponent(username)}:${encodeURIComponent(password)}@`
  const at = `${host.trim()}:${port ?? (encryption === 'smtps' ? 465 : 587)}`
  return { type, url: `${encryption}://${who}${at}`, from: from.trim(), to }
}

/** The fields of the type that is chosen. */
export function ChannelFields({
  form,
}: {
  readonly form: FormInstance<ChannelAnswers & { name: string }>
}): ReactNode {
  const { alarms: texts } = useTexts()
  const type: ChannelType = Form.useWatch('type', form) ?? 'dingtalk'
  return (
    <>
      <Form.Item name="type" label={texts.type} extra={texts.typeHints[type]}>
        <Select
          options={CHANNEL_TYPES.map((value) => ({ value, label: texts.types[value] }))}
          onChange={() => form.resetFields(['url', 'secret'])}
        />
      </Form.Item>
      {type === 'email' ? <MailFields /> : <RobotFields type={type} />}
    </>
  )
}

function RobotFields({ type }: { readonly type: Exclude<ChannelType, 'email'> }): ReactNode {
  const { common, alarms: texts } = useTexts()
  return (
    <>
      <Form.Item
        name="url"
        label={texts.url}
        rules={[{ required: true, pattern: /^https?:\/\/\S+$/, message: texts.urlWrong }]}
      >
        <Input placeholder={PLACEHOLDERS[type]} autoComplete="off" />
      </Form.Item>
      {type !== 'wecom' && (
        <Form.Item
          name="secret"
          label={`${texts.secret} (${common.optional})`}
          extra={texts.secretHints[type]}
        >
          <Input.Password autoComplete="off" />
        </Form.Item>
      )}
    </>
  )
}

const PLACEHOLDERS = {
  dingtalk: 'https://oapi.dingtalk.com/robot/send?access_token=…',
  wecom: 'https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…',
  feishu: 'https://open.feishu.cn/open-apis/bot/v2/hook/…',
  webhook: 'https://example.com/alarms',
} as const

function MailFields(): ReactNode {
  const { common, alarms: texts } = useTexts()
  const isRequired = [{ required: true, message: texts.required }]
  const isMail = [{ required: true, type: 'email' as const, message: texts.mailWrong }]
  return (
    <>
      <Form.Item name="host" label={texts.host} rules={isRequired}>
        <Input placeholder="smtp.exmail.qq.com" autoComplete="off" />
      </Form.Item>
      <div className="fields">
        <Form.Item name="encryption" label={texts.encryption}>
          <Select
            options={(['smtps', 'smtp'] as const).map((value) => ({
              value,
              label: texts.encryptions[value],
            }))}
          />
        </Form.Item>
        <Form.Item name="port" label={`${texts.port} (${common.optional})`}>
          <InputNumber min={1} max={65_535} controls={false} style={{ width: '100%' }} />
        </Form.Item>
      </div>
      <div className="fields">
        <Form.Item name="username" label={texts.username}>
          <Input autoComplete="off" />
        </Form.Item>
        <Form.Item name="password" label={texts.password}>
          <Input.Password autoComplete="new-password" />
        </Form.Item>
      </div>
      <Form.Item name="from" label={texts.from} rules={isMail}>
        <Input placeholder="saoma@example.com" />
      </Form.Item>
      <Form.Item
        name="to"
        label={texts.to}
        extra={texts.toHint}
        rules={[
          {
            required: true,
            type: 'array',
            defaultField: { type: 'email' },
            message: texts.mailWrong,
          },
        ]}
      >
        <Select mode="tags" open={false} suffixIcon={null} tokenSeparators={[',', ';', ' ']} />
      </Form.Item>
    </>
  )
}
