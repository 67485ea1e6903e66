/**
 * One's own account: password and second step.
 *
 * @module
 */
import { useQueryClient } from '@tanstack/react-query'
import { App, Button, Card, Descriptions, Form, Input, QRCode, Tag } from 'antd'
import { useState, type ReactNode } from 'react'
import { request } from '../api/request.ts'
import { useSession } from '../api/session.tsx'
import { useTexts } from '../language/language.tsx'
import { useAct } from '../parts/act.ts'
import { Copyable } from '../parts/copyable.tsx'
import { Foreign } from '../parts/money.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { useComplain } from '../parts/problem.tsx'

const PASSWORD_MIN = 10

/** The page of the account. */
export default function Account(): ReactNode {
  const { account: texts, roles, signIn, users } = useTexts()
  const { user } = useSession()
  return (
    <>
      <PageHead title={texts.title} />
      <div className="grid" style={{ maxWidth: 640 }}>
        <Card title={texts.profile}>
          <Descriptions
            column={1}
            size="small"
            items={[
              { key: 'name', label: signIn.name, children: <Foreign>{user.name}</Foreign> },
              { key: 'email', label: signIn.email, children: <Foreign>{user.email}</Foreign> },
              { key: 'role', label: users.role, children: roles[user.role] ?? user.role },
            ]}
          />
        </Card>
        <Password />
        <SecondStep />
        <Elsewhere />
      </div>
    </>
  )
}

function Password(): ReactNode {
  const { account: texts, signIn } = useTexts()
  const { message } = App.useApp()
  const complain = useComplain()
  const [form] = Form.useForm<{ current: string; fresh: string }>()
  const required = { required: true, message: signIn.required }
  const save = async ({ current, fresh }: { current: string; fresh: string }): Promise<void> => {
    try {
      await request('POST', '/console/api/password', { body: { current, new: fresh } })
      void message.success(texts.changed)
      form.resetFields()
    } catch (error) {
      complain(error)
    }
  }
  return (
    <Card title={texts.password}>
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        onFinish={(fields) => void save(fields)}
      >
        <Form.Item name="current" label={texts.current} rules={[required]}>
          <Input.Password autoComplete="current-password" />
        </Form.Item>
        <Form.Item
          name="fresh"
          label={texts.fresh}
          rules={[required, { min: PASSWORD_MIN, message: signIn.passwordShort }]}
        >
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        <Form.Item
          name="repeat"
          label={texts.repeat}
          dependencies={['fresh']}
          rules={[
            required,
            ({ getFieldValue }) => ({
              validator: (_, value: string) =>
                value === getFieldValue('fresh')
                  ? Promise.resolve()
                  : Promise.reject(new Error(texts.repeatWrong)),
            }),
          ]}
        >
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        <Button type="primary" htmlType="submit">
          {texts.password}
        </Button>
      </Form>
    </Card>
  )
}

function Elsewhere(): ReactNode {
  const { account: texts } = useTexts()
  const act = useAct('session')
  const signOut = () => request('DELETE', '/console/api/other_sessions')
  return (
    <Card title={texts.elsewhere}>
      <p className="quiet" style={{ marginTop: 0 }}>
        {texts.elsewhereText}
      </p>
      <Button onClick={() => void act(signOut, texts.signedOutElsewhere)}>
        {texts.signOutElsewhere}
      </Button>
    </Card>
  )
}

function SecondStep(): ReactNode {
  const { account: texts, common } = useTexts()
  const { user } = useSession()
  const client = useQueryClient()
  const complain = useComplain()
  const [offer, setOffer] = useState<{ readonly secret: string; readonly uri: string } | null>(null)
  const [typed, setTyped] = useState('')
  const run = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      complain(error)
    }
  }
  const end = async (): Promise<void> => {
    setOffer(null)
    setTyped('')
    await client.invalidateQueries({ queryKey: ['session'] })
  }
  const begin = () => run(async () => setOffer(await request('POST', '/console/api/totp')))
  const confirm = () =>
    run(async () => {
      await request('POST', '/console/api/totp/confirm', { body: { code: typed.trim() } })
      await end()
    })
  const stop = () =>
    run(async () => {
      await request('DELETE', '/console/api/totp', { body: { password: typed } })
      await end()
    })
  return (
    <Card title={texts.totp} extra={user.totp_enabled && <Tag color="success">{texts.totpOn}</Tag>}>
      <p className="quiet" style={{ marginTop: 0 }}>
        {texts.totpText}
      </p>
      {user.totp_enabled ? (
        <Form layout="inline" onFinish={() => void stop()}>
          <Input.Password
            value={typed}
            autoComplete="current-password"
            placeholder={texts.totpStopText}
            aria-label={texts.totpStopText}
            onChange={({ target }) => setTyped(target.value)}
            style={{ maxWidth: 260, marginInlineEnd: 8 }}
          />
          <Button danger htmlType="submit" disabled={typed === ''}>
            {texts.totpStop}
          </Button>
        </Form>
      ) : offer === null ? (
        <Button type="primary" onClick={() => void begin()}>
          {texts.totpStart}
        </Button>
      ) : (
        <Form className="grid" onFinish={() => void confirm()}>
          <span>{texts.totpScan}</span>
          <QRCode value={offer.uri} type="svg" color="#000" bgColor="#fff" />
          <Copyable text={offer.secret} />
          <span>
            <Input
              value={typed}
              inputMode="numeric"
              autoComplete="one-time-code"
              maxLength={7}
              aria-label={texts.totpConfirm}
              placeholder={texts.totpConfirm}
              onChange={({ target }) => setTyped(target.value)}
              style={{ width: 260, marginInlineEnd: 8 }}
            />
            <Button type="primary" htmlType="submit" disabled={typed.trim().length < 6}>
              {common.confirm}
            </Button>
          </span>
        </Form>
      )}
    </Card>
  )
}
