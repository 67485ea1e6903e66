/**
 * A person before a browser: signs in to the back office of a server under test, and asks with the
 * cookie and the second secret of the session, as the front end does.
 *
 * @module
 */
import type { Reach, Role, Users } from '../../src/access/index.ts'
import { ONE_APP_ID } from '../../src/server/index.ts'

/** The password of every user here. */
export const PASSWORD = '正确的马 电池 订书钉'

/** Whatever answers requests. */
export type Fetch = (path: string, init?: RequestInit) => Promise<Response>

/** Makes a user who has chosen his password. */
export async function hire(users: Users, role: Role, reach: Reach = '*') {
  const email = `${role}-${Math.random().toString(36).slice(2)}@shop.example`
  const invited = await users.invite({
    appId: ONE_APP_ID,
    email,
    name: `${role} 小王`,
    role,
    reach,
  })
  if (invited.status !== 'invited') throw new Error('He is there already')
  const accepted = await users.acceptInvitation(invited.token, PASSWORD)
  if (accepted.status !== 'signed_in') throw new Error(accepted.status)
  return { email, user: invited.user }
}

/** A browser. */
export class Browser {
  readonly #fetch: Fetch
  cookie = ''
  csrf = ''

  constructor(fetch: Fetch) {
    this.#fetch = fetch
  }

  /** Asks as a page of the server's own does; headers that are given win. */
  async ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    const all = new Headers({
      ...(this.cookie !== '' && { cookie: this.cookie }),
      ...(method !== 'GET' && { 'x-csrf-token': this.csrf, 'sec-fetch-site': 'same-origin' }),
      ...(method !== 'GET' && { origin: 'https://pay.example.com' }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    })
    const answer = await this.#fetch(path, {
      method,
      headers: all,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    for (const set of answer.headers.getSetCookie()) this.cookie = set.split(';')[0] ?? ''
    const type = answer.headers.get('content-type') ?? ''
    const json = type.startsWith('application/json') ? ((await answer.json()) as Answered) : {}
    if (json.csrf !== undefined) this.csrf = json.csrf
    return { status: answer.status, headers: answer.headers, json, code: json.error?.code, answer }
  }

  /** Signs in, with the password of every user here unless another is given. */
  signIn(email: string, password = PASSWORD, more: object = {}) {
    return this.ask('POST', '/console/api/session', { email, password, ...more })
  }
}

interface Answered {
  readonly [field: string]: unknown
  readonly csrf?: string
  readonly error?: { readonly code: string; readonly message: string }
  readonly data?: readonly Record<string, unknown>[]
}

/** A browser in which somebody of a role is signed in. */
export async function signedIn(fetch: Fetch, users: Users, role: Role, reach: Reach = '*') {
  const { email, user } = await hire(users, role, reach)
  const browser = new Browser(fetch)
  const { status } = await browser.signIn(email)
  if (status !== 200) throw new Error(`${email} could not sign in: ${status}`)
  return Object.assign(browser, { email, user })
}
