/**
 * Who may sign in, and as what.
 *
 * @module
 */
import { PlusOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Button, Card, Form, Input, Select, Skeleton, Space, Tag } from 'antd'
import { useState, type ReactNode } from 'react'
import type { List, User } from '../api/objects.ts'
import { request } from '../api/request.ts'
import { useMay, useSession, type ShownApp } from '../api/session.tsx'
import { useTexts } from '../language/language.tsx'
import { useAct, useConfirm } from '../parts/act.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Foreign, Moment } from '../parts/money.tsx'
import { OnceShown } from '../parts/once-shown.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { Problem } from '../parts/problem.tsx'

/** The page of the team. */
export default function Users(): ReactNode {
  const { users: texts } = useTexts()
  const may = useMay()
  const [edited, setEdited] = useState<User | 'new' | null>(null)
  const [invitation, setInvitation] = useState<string | null>(null)
  const { data, error, refetch } = useQuery({
    queryKey: ['users'],
    queryFn: () => request<List<User>>('GET', '/v1/users'),
  })
  return (
    <>
      <PageHead title={texts.title} lead={texts.lead}>
        {may('users:write') && (
          <Button type="primary" icon={<PlusOutlined />} onClick={() => setEdited('new')}>
            {texts.add}
          </Button>
        )}
      </PageHead>
      {error !== null && <Problem error={error} again={() => void refetch()} />}
      {data === undefined && error === null && <Skeleton active />}
      <div className="grid">
        {data?.data.map((one) => (
          <Member key={one.id} user={one} edit={() => setEdited(one)} invite={setInvitation} />
        ))}
      </div>
      {edited !== null && (
        <Editing user={edited} close={() => setEdited(null)} invite={setInvitation} />
      )}
      {invitation !== null && (
        <OnceShown
          title={texts.invitation}
          hint={texts.invitationHint}
          secret={invitation}
          close={() => setInvitation(null)}
        />
      )}
    </>
  )
}

function Member({
  user,
  edit,
  invite,
}: {
  readonly user: User
  readonly edit: () => void
  readonly invite: (link: string) => void
}): ReactNode {
  const { common, roles, users: texts } = useTexts()
  const session = useSession()
  const may = useMay()
  const act = useAct('users')
  const confirm = useConfirm()
  const isMe = user.id === session.user.id
  const path = `/v1/users/${user.id}`
  const reset = async (): Promise<void> => {
    const made = await act(() => request<{ readonly invitation: string }>('POST', `${path}/reset`))
    if (made !== undefined) invite(made.invitation)
  }
  return (
    <Card size="small">
      <div style={{ display: 'flex', flexWrap: 'wrap', gap: 12, alignItems: 'center' }}>
        <span style={{ flex: '1 1 240px', minWidth: 0 }}>
          <strong>
            <Foreign>{user.name}</Foreign>
          </strong>{' '}
          {isMe && <Tag>{texts.you}</Tag>}{' '}
          <span className="quiet">
            <Foreign>{user.email}</Foreign>
          </span>
          <div className="quiet">
            {texts.totp}: {user.totp_enabled ? texts.on : texts.off} · {texts.lastSignIn}:{' '}
            {user.last_sign_in_at === null ? common.never : <Moment at={user.last_sign_in_at} />}
          </div>
        </span>
        <Tag color="blue">{roles[user.role] ?? user.role}</Tag>
        {session.apps.length > 1 && (
          <Tag style={{ whiteSpace: 'normal' }}>
            {user.apps === null
              ? texts.allApps
              : user.apps.map(nameIn(session.apps)).join(texts.and)}
          </Tag>
        )}
        <Tag color={user.status === 'active' ? 'success' : 'default'}>
          {texts.status[user.status] ?? user.status}
        </Tag>
        {may('users:write') && !isMe && (
          <Space wrap>
            <Button size="small" onClick={edit}>
              {common.edit}
            </Button>
            <Button
              size="small"
              onClick={() => confirm(`${texts.reset}?`, texts.resetText, texts.reset, reset)}
            >
              {texts.reset}
            </Button>
            <Button
              size="small"
              onClick={() =>
                void act(
                  () =>
                    request('PATCH', path, {
                      body: { disabled: user.status !== 'disabled' },
                    }),
                  common.saved,
                )
              }
            >
              {user.status === 'disabled' ? texts.enable : texts.disable}
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
        )}
      </div>
    </Card>
  )
}

function Editing({
  user,
  close,
  invite,
}: {
  readonly user: User | 'new'
  readonly close: () => void
  readonly invite: (link: string) => void
}): ReactNode {
  const { common, roles, roleHints, signIn, users: texts } = useTexts()
  const session = useSession()
  const act = useAct('users')
  const [form] = Form.useForm<{
    email: string
    name: string
    role: string
    apps: string[] | null
  }>()
  const isNew = user === 'new'
  // Owners are made by owners.
  const offered = Object.keys(roles).filter(
    (role) => role !== 'owner' || session.user.role === 'owner',
  )
  const save = async (): Promise<void> => {
    const { email, name, role, ...reach } = await form.validateFields()
    // None is chosen: all are meant.
    const apps = reach.apps?.length ? reach.apps : null
    const reached = session.apps.length > 1 && { apps }
    const saved = await act(
      () =>
        isNew
          ? request<User & { readonly invitation?: string }>('POST', '/v1/users', {
              body: { email: email.trim(), name: name.trim(), role, ...reached },
            })
          : request<User & { readonly invitation?: string }>('PATCH', `/v1/users/${user.id}`, {
              body: { name: name.trim(), role, ...reached },
            }),
      common.saved,
    )
    if (saved === undefined) return
    close()
    if (saved.invitation !== undefined) invite(saved.invitation)
  }
  return (
    <Dialog
      title={isNew ? texts.add : common.edit}
      onCancel={close}
      okText={isNew ? texts.add : common.save}
      cancelText={common.cancel}
      onOk={() => void save().catch(() => {})}
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={isNew ? { role: 'cashier' } : { ...user, apps: user.apps ?? [] }}
      >
        {isNew && (
          <Form.Item
            name="email"
            label={texts.email}
            rules={[{ required: true, type: 'email', message: signIn.emailWrong }]}
          >
            <Input autoFocus inputMode="email" />
          </Form.Item>
        )}
        <Form.Item
          name="name"
          label={texts.name}
          rules={[{ required: true, whitespace: true, message: signIn.required }]}
        >
          <Input maxLength={100} />
        </Form.Item>
        <Form.Item name="role" label={texts.role}>
          <Select
            options={offered.map((value) => ({
              value,
              label: `${roles[value]} · ${roleHints[value]}`,
            }))}
          />
        </Form.Item>
        {session.apps.length > 1 && (
          <Form.Item name="apps" label={texts.apps} extra={texts.appsHint}>
            <Select
              mode="multiple"
              allowClear
              placeholder={texts.allApps}
              options={session.apps.map(({ id }) => ({
                value: id,
                label: nameIn(session.apps)(id),
              }))}
            />
          </Form.Item>
        )}
      </Form>
    </Dialog>
  )
}

/** What an application is called, by its id; the id itself where it is none of these. */
function nameIn(apps: readonly ShownApp[]): (id: string) => string {
  return (id) => {
    const app = apps.find((one) => one.id === id)
    return app?.name ?? app?.app_id ?? id
  }
}
