/**
 * Which of several applications is shown, and the way to the others.
 *
 * @module
 */
import { ShopOutlined, DownOutlined } from '@ant-design/icons'
import { Button, Dropdown } from 'antd'
import type { ReactNode } from 'react'
import { useNavigate } from 'react-router'
import { useSession } from '../api/session.tsx'
import { switchApp } from '../api/shown-app.ts'
import { useTexts } from '../language/language.tsx'
import { Foreign } from '../parts/money.tsx'

const OVERVIEW = 'overview'

/** Where there is one application, its name alone. */
export function AppSwitch(): ReactNode {
  const { apps: texts } = useTexts()
  const { app, apps } = useSession()
  const navigate = useNavigate()
  const name = (
    <bdi style={{ fontWeight: 500, minWidth: 0 }} className="one-line">
      {app.name ?? app.app_id ?? 'saoma'}
    </bdi>
  )
  if (apps.length === 1) return name
  const items = [
    ...apps.map((one) => ({
      key: one.id,
      label: (
        <span>
          <Foreign>{one.name ?? one.app_id ?? one.id}</Foreign>
          <div className="quiet mono">{one.app_id}</div>
        </span>
      ),
    })),
    { type: 'divider' as const },
    { key: OVERVIEW, icon: <ShopOutlined />, label: texts.all },
  ]
  return (
    <Dropdown
      trigger={['click']}
      menu={{
        items,
        selectable: true,
        selectedKeys: [app.id],
        style: { maxHeight: '70vh', overflow: 'auto' },
        onClick: ({ key }) => {
          if (key === OVERVIEW) void navigate('/apps')
          else if (key !== app.id) switchApp(key)
        },
      }}
    >
      <Button
        type="text"
        aria-label={`${texts.switch}: ${app.name ?? app.app_id ?? app.id}`}
        style={{ minWidth: 0, paddingInline: 8 }}
      >
        {name}
        <DownOutlined style={{ fontSize: 11 }} />
      </Button>
    </Dropdown>
  )
}
