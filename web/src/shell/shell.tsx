/**
 * The frame around the pages: menu by what the role may see, and who is signed in.
 *
 * @module
 */
import {
  AccountBookOutlined,
  AlertOutlined,
  ApiOutlined,
  AppstoreOutlined,
  AuditOutlined,
  BellOutlined,
  CalendarOutlined,
  DashboardOutlined,
  DownloadOutlined,
  KeyOutlined,
  MenuOutlined,
  RollbackOutlined,
  SafetyCertificateOutlined,
  SettingOutlined,
  ShopOutlined,
  TeamOutlined,
  TransactionOutlined,
  UserOutlined,
} from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import {
  Alert,
  Badge,
  Button,
  Drawer,
  Dropdown,
  Grid,
  Layout,
  Menu,
  Result,
  Spin,
  Tag,
  Tooltip,
} from 'antd'
import { lazy, Suspense, useEffect, useState, type ComponentType, type ReactNode } from 'react'
import { Link, Route, Routes, useLocation, useNavigate } from 'react-router'
import type { Scope } from '../../../src/access/scopes.ts'
import { BASE } from '../api/base.ts'
import { useLive } from '../api/live.tsx'
import { signOut, useMay, useSession } from '../api/session.tsx'
import { useTexts } from '../language/language.tsx'
import { useAttention } from '../parts/attention-list.ts'
import { useComplain } from '../parts/problem.tsx'
import { PreferencesMenu } from '../parts/preferences-menu.tsx'
import Overview from '../pages/overview.tsx'
import { AppSwitch } from './app-switch.tsx'

type Group = 'business' | 'books' | 'development' | 'administration'

interface Entry {
  readonly key:
    | 'overview'
    | 'payments'
    | 'refunds'
    | 'attention'
    | 'dayEnds'
    | 'reconciliations'
    | 'exports'
    | 'webhooks'
    | 'alarms'
    | 'keys'
    | 'credentials'
    | 'audit'
    | 'users'
    | 'apps'
    | 'settings'
  readonly group: Group
  readonly scope: Scope
  readonly icon: ReactNode
  readonly page: ComponentType
}

const Payments = lazy(() => import('../pages/payments.tsx'))
const PaymentPage = lazy(() => import('../pages/payment.tsx'))
const Refunds = lazy(() => import('../pages/refunds.tsx'))
const AttentionPage = lazy(() => import('../pages/attention.tsx'))
const Reconciliations = lazy(() => import('../pages/reconciliations.tsx'))
const ReconciliationPage = lazy(() => import('../pages/reconciliation.tsx'))
const Exports = lazy(() => import('../pages/exports.tsx'))
const Webhooks = lazy(() => import('../pages/webhooks.tsx'))
const WebhookPage = lazy(() => import('../pages/webhook.tsx'))
const Keys = lazy(() => import('../pages/keys.tsx'))
const Credentials = lazy(() => import('../pages/credentials.tsx'))
const DayEnds = lazy(() => import('../pages/day-ends.tsx'))
const Alarms = lazy(() => import('../pages/alarms.tsx'))
const Audit = lazy(() => import('../pages/audit.tsx'))
const Users = lazy(() => import('../pages/users.tsx'))
const Settings = lazy(() => import('../pages/settings.tsx'))
const Apps = lazy(() => import('../pages/apps.tsx'))
const Account = lazy(() => import('../pages/account.tsx'))

const ENTRIES: readonly Entry[] = [
  {
    key: 'overview',
    group: 'business',
    scope: 'payments:read',
    icon: <DashboardOutlined />,
    page: Overview,
  },
  {
    key: 'payments',
    group: 'business',
    scope: 'payments:read',
    icon: <TransactionOutlined />,
    page: Payments,
  },
  {
    key: 'refunds',
    group: 'business',
    scope: 'refunds:read',
    icon: <RollbackOutlined />,
    page: Refunds,
  },
  {
    key: 'attention',
    group: 'business',
    scope: 'payments:read',
    icon: <BellOutlined />,
    page: AttentionPage,
  },
  {
    key: 'dayEnds',
    group: 'books',
    scope: 'reconciliations:read',
    icon: <CalendarOutlined />,
    page: DayEnds,
  },
  {
    key: 'reconciliations',
    group: 'books',
    scope: 'reconciliations:read',
    icon: <AccountBookOutlined />,
    page: Reconciliations,
  },
  {
    key: 'exports',
    group: 'books',
    scope: 'exports:create',
    icon: <DownloadOutlined />,
    page: Exports,
  },
  {
    key: 'webhooks',
    group: 'development',
    scope: 'webhooks:read',
    icon: <ApiOutlined />,
    page: Webhooks,
  },
  { key: 'keys', group: 'development', scope: 'api_keys:read', icon: <KeyOutlined />, page: Keys },
  {
    key: 'credentials',
    group: 'development',
    scope: 'credentials:read',
    icon: <SafetyCertificateOutlined />,
    page: Credentials,
  },
  {
    key: 'apps',
    group: 'administration',
    scope: 'payments:read',
    icon: <ShopOutlined />,
    page: Apps,
  },
  {
    key: 'users',
    group: 'administration',
    scope: 'users:read',
    icon: <TeamOutlined />,
    page: Users,
  },
  {
    key: 'alarms',
    group: 'administration',
    scope: 'admin',
    icon: <AlertOutlined />,
    page: Alarms,
  },
  {
    key: 'audit',
    group: 'administration',
    scope: 'audit:read',
    icon: <AuditOutlined />,
    page: Audit,
  },
  {
    key: 'settings',
    group: 'administration',
    scope: 'settings:read',
    icon: <SettingOutlined />,
    page: Settings,
  },
]
const GROUPS: readonly Group[] = ['business', 'books', 'development', 'administration']

/** Everything behind the sign-in. */
export default function Shell(): ReactNode {
  const texts = useTexts()
  const may = useMay()
  const isWide = Grid.useBreakpoint().lg !== false
  const [isOpen, setOpen] = useState(false)
  const { pathname } = useLocation()
  useLive(may('events:read'))
  useEffect(() => setOpen(false), [pathname])
  return (
    <Layout style={{ minHeight: '100dvh' }}>
      <a className="skip" href="#main">
        {texts.common.skip}
      </a>
      {isWide ? (
        <Layout.Sider
          width={220}
          style={{
            position: 'sticky',
            top: 0,
            height: '100vh',
            overflow: 'auto',
            borderInlineEnd: '1px solid rgba(127,127,127,.16)',
          }}
        >
          <Brand />
          <Navigation />
        </Layout.Sider>
      ) : (
        <Drawer
          open={isOpen}
          onClose={() => setOpen(false)}
          placement="left"
          size={260}
          title={<Brand />}
          styles={{ body: { padding: 0 }, header: { padding: '0 12px' } }}
        >
          <Navigation />
        </Drawer>
      )}
      <Layout style={{ minWidth: 0 }}>
        <Layout.Header
          style={{
            display: 'flex',
            alignItems: 'center',
            gap: 6,
            padding: '0 16px',
            borderBottom: '1px solid rgba(127,127,127,.16)',
            position: 'sticky',
            top: 0,
            zIndex: 10,
          }}
        >
          {!isWide && (
            <Button
              type="text"
              icon={<MenuOutlined />}
              aria-label={texts.common.menu}
              onClick={() => setOpen(true)}
            />
          )}
          <AppSwitch />
          <TestMode />
          <div style={{ flex: 1 }} />
          <PreferencesMenu />
          <Person />
        </Layout.Header>
        <main id="main" className="main" tabIndex={-1} style={{ outline: 'none' }}>
          <Closed />
          <Suspense
            fallback={
              <div style={{ padding: 80, textAlign: 'center' }}>
                <Spin size="large" />
              </div>
            }
          >
            <Pages />
          </Suspense>
        </main>
      </Layout>
    </Layout>
  )
}

function Pages(): ReactNode {
  const { common } = useTexts()
  const navigate = useNavigate()
  const home = (
    <Button type="primary" onClick={() => void navigate('/')}>
      {common.home}
    </Button>
  )
  return (
    <Routes>
      {ENTRIES.map(({ key, scope, page: Page }) => (
        <Route
          key={key}
          path={pathOf(key)}
          element={
            <Behind scope={scope}>
              <Page />
            </Behind>
          }
        />
      ))}
      <Route
        path="/payments/:id"
        element={
          <Behind scope="payments:read">
            <PaymentPage />
          </Behind>
        }
      />
      <Route
        path="/webhooks/:id"
        element={
          <Behind scope="webhooks:read">
            <WebhookPage />
          </Behind>
        }
      />
      <Route
        path="/reconciliations/:id"
        element={
          <Behind scope="reconciliations:read">
            <ReconciliationPage />
          </Behind>
        }
      />
      <Route path="/account" element={<Account />} />
      <Route path="*" element={<Result status="404" title={common.notFound} extra={home} />} />
    </Routes>
  )
}

function pathOf(key: Entry['key']): string {
  if (key === 'overview') return '/'
  return key === 'dayEnds' ? '/day-ends' : `/${key}`
}

/** Whether a page is an entry's, or one below it. */
function isAt(pathname: string, key: Entry['key']): boolean {
  return `/${pathname.split('/')[1]}` === pathOf(key)
}

function Behind({
  scope,
  children,
}: {
  readonly scope: Scope
  readonly children: ReactNode
}): ReactNode {
  const { common } = useTexts()
  return useMay()(scope) ? children : <Result status="403" title={common.forbidden} />
}

function Brand(): ReactNode {
  const { product } = useTexts()
  return (
    <div className="brand">
      <img src={`${BASE}/console/icon.svg`} alt="" />
      <span>saoma {product}</span>
    </div>
  )
}

function Navigation(): ReactNode {
  const { menu } = useTexts()
  const may = useMay()
  const { apps } = useSession()
  const { pathname } = useLocation()
  const waiting = useAttention().data?.data.length ?? 0
  const groups = GROUPS.map((group) => ({
    key: group,
    type: 'group' as const,
    label: menu.groups[group],
    children: ENTRIES.filter(
      ({ key, group: its, scope }) =>
        its === group && may(scope) && (key !== 'apps' || apps.length > 1 || may('operator')),
    ).map(({ key, icon }) => ({
      key,
      icon,
      label: (
        <Link to={pathOf(key)}>
          {menu[key]}
          {key === 'attention' && waiting > 0 && (
            <Badge count={waiting} size="small" color="#cf1322" style={{ marginInlineStart: 8 }} />
          )}
        </Link>
      ),
    })),
  })).filter(({ children }) => children.length > 0)
  return (
    <nav aria-label={menu.groups.business}>
      <Menu
        mode="inline"
        selectedKeys={ENTRIES.filter(({ key }) => isAt(pathname, key)).map(({ key }) => key)}
        items={groups}
        style={{ borderInlineEnd: 0, padding: '0 8px' }}
      />
    </nav>
  )
}

function TestMode(): ReactNode {
  const { common } = useTexts()
  if (useSession().livemode) return null
  return (
    <Tooltip title={common.testHint}>
      <Tag color="warning" style={{ margin: 0 }}>
        {common.test}
      </Tag>
    </Tooltip>
  )
}

/** Why the application takes no payments. */
function Closed(): ReactNode {
  const { apps: texts } = useTexts()
  const { app } = useSession()
  const may = useMay()
  if (!app.retired && app.ready) return null
  const isKeyless = !app.retired && may('credentials:write')
  return (
    <Alert
      type="warning"
      showIcon
      style={{ marginBottom: 16 }}
      title={app.retired ? texts.isRetired : texts.isKeyless}
      action={isKeyless && <Link to="/credentials?guide">{texts.giveKeys}</Link>}
    />
  )
}

function Person(): ReactNode {
  const { menu, roles } = useTexts()
  const { user } = useSession()
  const client = useQueryClient()
  const complain = useComplain()
  const navigate = useNavigate()
  const isWide = Grid.useBreakpoint().md !== false
  const leave = async (): Promise<void> => {
    try {
      await signOut()
      client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' })
      client.setQueryData(['session'], { needsOwner: false })
    } catch (error) {
      complain(error)
    }
  }
  return (
    <Dropdown
      autoFocus
      trigger={['click']}
      menu={{
        items: [
          {
            key: 'who',
            disabled: true,
            label: (
              <span>
                <bdi>{user.name}</bdi> · {roles[user.role] ?? user.role}
              </span>
            ),
          },
          { key: 'account', icon: <UserOutlined />, label: menu.account },
          { key: 'out', icon: <AppstoreOutlined />, label: menu.signOut },
        ],
        onClick: ({ key }) => void (key === 'out' ? leave() : navigate('/account')),
      }}
    >
      <Button type="text" icon={<UserOutlined />} {...(!isWide && { 'aria-label': menu.account })}>
        {isWide && (
          <bdi className="one-line" style={{ maxWidth: 140 }}>
            {user.name}
          </bdi>
        )}
      </Button>
    </Dropdown>
  )
}
