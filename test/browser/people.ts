/**
 * The people of a shop, signed in without a browser: a password takes a third of a second to check,
 * and each is checked once for all tests of a file.
 *
 * @module
 */
import type { Dev } from '../saoma-program.ts'

/** What somebody is to the shop. */
export type Role = 'admin' | 'finance' | 'cashier' | 'support' | 'developer'

/** Somebody who is signed in. */
export interface Person {
  readonly email: string
  readonly name: string
  readonly password: string
  /** What the server wants to see with every change. */
  readonly csrf: string
  /** What the browser of this person keeps. */
  readonly state: {
    cookies: {
      name: string
      value: string
      domain: string
      path: string
      expires: number
      httpOnly: boolean
      secure: boolean
      sameSite: 'Strict'
    }[]
    origins: []
  }
}

/** The first owner, before there is one. */
export const OWNER = {
  email: 'owner@example.com',
  name: '王掌柜',
  password: 'a long pass phrase 1',
} as const

/** A server that runs, and what its terminal says. */
export type AtWork = Pick<Dev, 'server' | 'stdout' | 'stderr'>

/** The code by which the first owner is made, as the terminal says it. */
export function ownerCode(dev: AtWork): string {
  return /code 一次性开通码: (\S+)/.exec(dev.stdout() + dev.stderr())?.[1] ?? ''
}

/** The owner, who is made where there is none. */
export async function becomeOwner(dev: AtWork): Promise<Person> {
  const session = await fetch(`${dev.server}/console/api/session`)
  const { needs_owner: needsOwner } = (await session.json()) as { needs_owner: boolean }
  return needsOwner
    ? enter(dev, '/owner', OWNER, { ...OWNER, code: ownerCode(dev) })
    : enter(dev, '/session', OWNER, { email: OWNER.email, password: OWNER.password })
}

/** Takes somebody on, who chooses a password. */
export async function hire(
  dev: Dev,
  owner: Person,
  role: Role,
  email = `${role}@example.com`,
): Promise<Person> {
  const person = { email, name: '小李', password: 'another long phrase 2' }
  const { invitation } = await act<{ invitation: string }>(dev, owner, '/users', {
    email: person.email,
    name: person.name,
    role,
  })
  return enterByInvitation(dev, invitation, person)
}

/** Chooses a password by a link, and signs in. */
export function enterByInvitation(
  dev: Dev,
  invitation: string,
  person = { email: '', name: '小李', password: 'another long phrase 2' },
): Promise<Person> {
  const token = /[\w-]{20,}$/.exec(invitation)?.[0]
  return enter(dev, '/invitation', person, { token, password: person.password })
}

/** Does something by the merchant API, below `/v1`, as that person. */
export async function act<T = object>(
  dev: Dev,
  { state, csrf }: Person,
  path: string,
  body: object,
): Promise<T> {
  const cookie = state.cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
  const { answer } = await post(`${dev.server}/v1${path}`, body, {
    cookie,
    'x-csrf-token': csrf,
    origin: dev.server,
  })
  return answer as T
}

async function enter(
  dev: AtWork,
  path: string,
  { email, name, password }: Pick<Person, 'email' | 'name' | 'password'>,
  body: object,
): Promise<Person> {
  const { answer, cookie } = await post(`${dev.server}/console/api${path}`, body)
  const [, key = '', value = ''] = /^([^=]+)=([^;]+)/.exec(cookie) ?? []
  return {
    email,
    name,
    password,
    csrf: (answer as { csrf: string }).csrf,
    state: {
      cookies: [
        {
          name: key,
          value,
          domain: new URL(dev.server).hostname,
          path: '/',
          expires: -1,
          httpOnly: true,
          secure: false,
          sameSite: 'Strict',
        },
      ],
      origins: [],
    },
  }
}

async function post(url: string, body: object, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  const answer: unknown = await response.json()
  if (!response.ok) throw new Error(`POST ${url}: ${JSON.stringify(answer)}`)
  return { answer, cookie: response.headers.get('set-cookie') ?? '' }
}
