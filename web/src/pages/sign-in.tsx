/**
 * The door: signing in, the first owner, and invitations.
 *
 * @module
 */
import { useQueryClient } from '@tanstack/react-query'
import { Alert, Button, Form, Input } from 'antd'
import { useEffect, useState, type ReactNode } from 'react'
import { useLocation, useNavigate } from 'react-router'
import { BASE } from '../api/base.ts'
import { SaomaError } from '../api/request.ts'
import { acceptInvitation, makeOwner, signIn, type Session } from '../api/session.tsx'
import { useTexts } from '../language/language.tsx'
import { useExplain } from '../parts/problem.tsx'
import { PreferencesMenu } from '../parts/preferences-menu.tsx'

interface Fields {
  readonly email: string
  readonly password: string
  readonly code: string
  readonly name: string
}

const PASSWORD_MIN = 10

/** The page in front of all others. */
export function SignIn({ needsOwner }: { readonly needsOwner: boolean }): ReactNode {
  const { product, signIn: texts } = useTexts()
  const { pathname } = useLocation()
  const kind = pathname === '/invitation' ? 'invitation' : needsOwner ? 'owner' : 'signIn'
  useEffect(() => {
    document.title = `${product} · saoma`
  }, [product])
  return (
    <div className="sign-in">
      <aside className="sign-in-side">
        <img src={`${BASE}/console/icon.svg`} alt="" width={52} height={52} />
        <h2>{texts.lead}</h2>
        <ul>
          {texts.points.map((point) => (
            <li key={point}>{point}</li>
          ))}
        </ul>
      </aside>
      <main className="sign-in-main">
        <div style={{ textAlign: 'right' }}>
          <PreferencesMenu />
        </div>
        <div className="sign-in-box">
          <Entrance kind={kind} />
        </div>
      </main>
    </div>
  )
}

function Entrance({ kind }: { readonly kind: 'signIn' | 'owner' | 'invitation' }): ReactNode {
  const { signIn: texts } = useTexts()
  const explain = useExplain()
  const client = useQueryClient()
  const [form] = Form.useForm<Fields>()
  const [error, setError] = useState<unknown>(null)
  const [isBusy, setBusy] = useState(false)
  const [needsCode, setNeedsCode] = useState(false)
  const { hash } = useLocation()
  const navigate = useNavigate()

  const enter = async ({ email, password, code, name }: Fields): Promise<Session> => {
    if (kind === 'owner') return makeOwner({ code: code.trim(), email, name, password })
    if (kind === 'invitation') return acceptInvitation({ token: hash.slice(1), password })
    return signIn({ email, password, ...(needsCode && { code: code.replaceAll(/\s/g, '') }) })
  }
  const submit = async (fields: Fields): Promise<void> => {
    setBusy(true)
    setError(null)
    try {
      const session = await enter(fields)
      // The token has done its work and stays out of the history.
      if (kind === 'invitation') void navigate('/', { replace: true })
      client.setQueryData(['session'], session)
    } catch (problem) {
      const asksForCode = problem instanceof SaomaError && problem.code === 'totp_required'
      if (asksForCode && !needsCode) setNeedsCode(true)
      else setError(problem)
    } finally {
      setBusy(false)
    }
  }
  const title = { signIn: texts.title, owner: texts.ownerTitle, invitation: texts.invitationTitle }[
    kind
  ]
  const lead = { signIn: undefined, owner: texts.ownerLead, invitation: texts.invitationLead }[kind]
  const button = {
    signIn: texts.submit,
    owner: texts.ownerSubmit,
    invitation: texts.invitationSubmit,
  }[kind]
  const isFresh = kind !== 'signIn'
  const required = { required: true, message: texts.required }
  if (kind === 'invitation' && hash.length < 2)
    return <Alert type="warning" showIcon title={texts.invitationMissing} />
  return (
    <>
      <h1 style={{ fontSize: 26, margin: '0 0 6px' }}>{title}</h1>
      <p className="quiet" style={{ margin: '0 0 24px', minHeight: 22 }}>
        {lead}
      </p>
      <Form<Fields>
        form={form}
        layout="vertical"
        size="large"
        requiredMark={false}
        onFinish={(fields) => void submit(fields)}
      >
        {kind === 'owner' && (
          <Form.Item name="code" label={texts.ownerCode} rules={[required]}>
            <Input autoComplete="one-time-code" autoFocus />
          </Form.Item>
        )}
        {kind === 'owner' && (
          <Form.Item name="name" label={texts.name} rules={[required]}>
            <Input autoComplete="name" maxLength={100} />
          </Form.Item>
        )}
        {kind !== 'invitation' && (
          <Form.Item
            name="email"
            label={texts.email}
            rules={[required, { type: 'email', message: texts.emailWrong }]}
            hidden={needsCode}
          >
            <Input autoComplete="username" inputMode="email" autoFocus={kind === 'signIn'} />
          </Form.Item>
        )}
        <Form.Item
          name="password"
          label={texts.password}
          hidden={needsCode}
          rules={[
            required,
            ...(isFresh ? [{ min: PASSWORD_MIN, message: texts.passwordShort }] : []),
          ]}
          extra={isFresh ? texts.passwordHint : undefined}
        >
          <Input.Password autoComplete={isFresh ? 'new-password' : 'current-password'} />
        </Form.Item>
        {needsCode && (
          <Form.Item name="code" label={texts.code} rules={[required]} extra={texts.codeHint}>
            <Input autoComplete="one-time-code" inputMode="numeric" maxLength={7} autoFocus />
          </Form.Item>
        )}
        {error !== null && (
          <Alert
            type="error"
            showIcon
            title={explain(error)}
            style={{ marginBottom: 16 }}
            role="alert"
          />
        )}
        <Button type="primary" htmlType="submit" block loading={isBusy}>
          {button}
        </Button>
        {needsCode && (
          <Button
            type="link"
            block
            onClick={() => {
              setNeedsCode(false)
              setError(null)
            }}
          >
            {texts.again}
          </Button>
        )}
      </Form>
    </>
  )
}
