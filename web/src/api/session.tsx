/**
 * Who is signed in, and what he may do.
 *
 * @module
 */
import { createContext, useContext } from 'react'
import { allows, type Scope, type Scopes } from '../../../src/access/scopes.ts'
import { BASE } from './base.ts'
import { keepCsrf, request, SaomaError } from './request.ts'

/** The answer to whoever is signed in. */
export interface Session {
  readonly user: {
    readonly id: string
    readonly email: string
    readonly name: string
    readonly role: string
    readonly totp_enabled: boolean
  }
  readonly scopes: Scopes
  readonly csrf: string
  readonly livemode: boolean
  /** The application that is shown. */
  readonly app: ShownApp
  /** Those that can be chosen. */
  readonly apps: readonly ShownApp[]
  readonly version: string | null
}

/** An application among those that can be chosen. */
export interface ShownApp {
  /** `app_…`. */
  readonly id: string
  readonly name: string | null
  /** APPID. */
  readonly app_id: string | null
  /** Whether it takes no new payments any more. */
  readonly retired: boolean
  /** Whether it has keys in use. */
  readonly ready: boolean
}

/** Nobody is signed in. */
export interface SignedOut {
  readonly needsOwner: boolean
}

/** Asks who is signed in. */
export async function readSession(): Promise<Session | SignedOut> {
  const response = await fetch(`${BASE}/console/api/session`)
  const body = (await response.json()) as Session & { readonly needs_owner?: boolean }
  if (response.status === 401) return { needsOwner: body.needs_owner === true }
  if (!response.ok) {
    throw new SaomaError(
      { type: 'api_error', code: 'api_error', message: '', outcome: 'not_applied' },
      { status: response.status, idempotencyKey: null },
    )
  }
  return begin(body)
}

/** Signs in. `code` is the authenticator's, where the server has asked for it. */
export async function signIn(asked: {
  readonly email: string
  readonly password: string
  readonly code?: string
}): Promise<Session> {
  return begin(await request<Session>('POST', '/console/api/session', { body: asked }))
}

/** Makes the first owner, by the code that the server has printed on its terminal. */
export async function makeOwner(asked: {
  readonly code: string
  readonly email: string
  readonly name: string
  readonly password: string
}): Promise<Session> {
  return begin(await request<Session>('POST', '/console/api/owner', { body: asked }))
}

/** Chooses a password by an invitation, and signs in. */
export async function acceptInvitation(asked: {
  readonly token: string
  readonly password: string
}): Promise<Session> {
  return begin(await request<Session>('POST', '/console/api/invitation', { body: asked }))
}

/** Signs out. */
export async function signOut(): Promise<void> {
  await request('DELETE', '/console/api/session')
  keepCsrf(null)
}

/** The session of the pages behind the sign-in. */
export const SessionContext = createContext<Session | null>(null)

/** Who is signed in. Only for pages behind the sign-in. */
export function useSession(): Session {
  const session = useContext(SessionContext)
  if (session === null) throw new Error('This page is behind the sign-in')
  return session
}

/** Whether whoever is signed in may do something. */
export function useMay(): (scope: Scope) => boolean {
  const { scopes } = useSession()
  return (scope) => allows(scopes, scope)
}

function begin(session: Session): Session {
  keepCsrf(session.csrf)
  return session
}
