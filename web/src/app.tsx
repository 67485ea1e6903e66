/**
 * The whole: language, look, session, and behind the sign-in the pages.
 *
 * @module
 */
import { QueryClient, QueryClientProvider, useQuery, useQueryClient } from '@tanstack/react-query'
import { App as Ant, Button, ConfigProvider, Result, Spin } from 'antd'
import enUS from 'antd/locale/en_US'
import zhCN from 'antd/locale/zh_CN'
import dayjs from 'dayjs'
import 'dayjs/locale/zh-cn'
import { useEffect, useMemo, useState, type ReactNode } from 'react'
import { BrowserRouter } from 'react-router'
import { SaomaError, whenSignedOut } from './api/request.ts'
import { readSession, SessionContext, type Session } from './api/session.tsx'
import { leaveApp, OUTSIDE, showApp } from './api/shown-app.ts'
import { LanguageContext, useTexts } from './language/language.tsx'
import { Problem } from './parts/problem.tsx'
import { PreferencesContext } from './parts/preferences-menu.tsx'
import { usePreferences } from './preferences.ts'
import { SignIn } from './pages/sign-in.tsx'
import Shell from './shell/shell.tsx'
import { nonce } from './style-nonce.ts'
import { lookOf } from './theme.ts'

const CSP = { nonce }

/** The back office. */
export function App(): ReactNode {
  const preferences = usePreferences()
  const { language, isDark } = preferences
  const [client] = useState(newClient)
  const look = useMemo(() => lookOf(isDark), [isDark])
  dayjs.locale(language === 'zh' ? 'zh-cn' : 'en')
  return (
    <ConfigProvider
      theme={look}
      locale={language === 'zh' ? zhCN : enUS}
      csp={CSP}
      button={{ autoInsertSpace: false }}
    >
      <LanguageContext value={language}>
        <PreferencesContext value={preferences}>
          <QueryClientProvider client={client}>
            <Ant>
              <Gate />
            </Ant>
          </QueryClientProvider>
        </PreferencesContext>
      </LanguageContext>
    </ConfigProvider>
  )
}

/** Nobody gets behind it without a session. */
function Gate(): ReactNode {
  const client = useQueryClient()
  const { data, error, refetch } = useQuery({
    queryKey: ['session'],
    queryFn: readSession,
    staleTime: Infinity,
  })
  useEffect(() => {
    whenSignedOut(() => {
      client.setQueryData(['session'], { needsOwner: false })
    })
  }, [client])
  if (error !== null) return <Problem error={error} again={() => void refetch()} />
  if (data === undefined) return <Waiting />
  if ('user' in data) return <Inside session={data} />
  return (
    <BrowserRouter basename={OUTSIDE}>
      <SignIn needsOwner={data.needsOwner} />
    </BrowserRouter>
  )
}

/** The pages of one application. */
function Inside({ session }: { readonly session: Session }): ReactNode {
  const { apps: texts, common } = useTexts()
  const [shown] = useState(() => showApp(session.apps))
  const app = session.apps.find(({ id }) => id === shown?.id)
  const here = useMemo(() => app && { ...session, app }, [session, app])
  if (here === undefined) {
    const home = (
      <Button type="primary" onClick={leaveApp}>
        {common.home}
      </Button>
    )
    return <Result status="403" title={texts.unreachable} extra={home} />
  }
  return (
    <SessionContext value={here}>
      <BrowserRouter basename={shown?.base ?? OUTSIDE}>
        <Shell />
      </BrowserRouter>
    </SessionContext>
  )
}

function Waiting(): ReactNode {
  return (
    <div style={{ height: '100dvh', display: 'grid', placeItems: 'center' }}>
      <Spin size="large" />
    </div>
  )
}

function newClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        // What the server says no to stays no.
        retry: (count, error) =>
          count < 2 &&
          error instanceof SaomaError &&
          (error.status === null || error.status >= 500),
      },
    },
  })
}
