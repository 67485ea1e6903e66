/**
 * The whole: language, look, session, and behind the sign-in the pages.
 *
 * @module
 */
import { QueryClient, QueryClientProvider, useQuery, useQueryClient } from '@tanstack/react-query'
import { App as Ant, ConfigProvider, Spin } from 'antd'
import enUS from 'antd/locale/en_US'
import zhCN from 'antd/locale/zh_CN'
import dayjs from 'dayjs'
import 'dayjs/locale/zh-cn'
import { useEffect, useMemo, useState, type ReactNode } from 'react'
import { BrowserRouter } from 'react-router'
import { BASE } from './api/base.ts'
import { SaomaError, whenSignedOut } from './api/request.ts'
import { readSession, SessionContext } from './api/session.tsx'
import { LanguageContext } from './language/language.tsx'
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
              <BrowserRouter basename={`${BASE}/console`}>
                <Gate />
              </BrowserRouter>
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
  if (!('user' in data)) return <SignIn needsOwner={data.needsOwner} />
  return (
    <SessionContext value={data}>
      <Shell />
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
