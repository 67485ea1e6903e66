/**
 * Signing in to the back office over HTTP: who gets in, what the session opens, and what pages of
 * others cannot have it do.
 *
 * @module
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { Hono } from 'hono'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { MovableClock, toInstant } from '../../src/alipay/index.ts'
import type { Users } from '../../src/access/index.ts'
import { consolePages } from '../../src/server/console/pages.ts'
import type { RouteEnvironment, ServerContext } from '../../src/server/options.ts'
import { ONE_APP_ID } from '../../src/server/index.ts'
import { Browser, hire, PASSWORD, signedIn } from './back-office.ts'
import { openUsers, startServer } from './server-under-test.ts'

let clock: MovableClock
let users: Users
let under: ReturnType<typeof startServer>

beforeEach(async () => {
  clock = new MovableClock(toInstant(1_795_400_000_000))
  users = await openUsers(clock)
  under = startServer({ users, clock, version: '9.9.9' })
})

describe('the first owner', () => {
  const owner = { email: 'Boss@Shop.example', name: '老板', password: PASSWORD }

  test('is made by the one-time code, which works once', async () => {
    const browser = new Browser(under.get)
    const before = await browser.ask('GET', '/console/api/session')
    expect(before).toMatchObject({ status: 401, code: 'not_signed_in' })
    expect(before.json).toMatchObject({ needs_owner: true })
    const code = await users.ownerCode(ONE_APP_ID)
    expect(await users.ownerCode(ONE_APP_ID)).toBe(code)
    expect(code).toMatch(/^[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}$/)

    const typed = code?.toLowerCase().replaceAll('-', ' ')
    const both = await Promise.all(
      [new Browser(under.get), new Browser(under.get)].map((one, index) =>
        one.ask('POST', '/console/api/owner', {
          ...owner,
          email: `boss${index}@shop.example`,
          code: typed,
        }),
      ),
    )
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 401])
    expect(await users.list(ONE_APP_ID)).toMatchObject([{ role: 'owner', status: 'active' }])
    expect(await users.ownerCode(ONE_APP_ID)).toBeUndefined()
    const after = await browser.ask('GET', '/console/api/session')
    expect(after.json).toMatchObject({ needs_owner: false })
  })

  test('is not made by a guess, nor by many', async () => {
    await users.ownerCode(ONE_APP_ID)
    const browser = new Browser(under.get)
    const codes: (string | undefined)[] = []
    for (let count = 0; count < 12; count++) {
      const body = { ...owner, code: 'AAAA-BBBB-CCCC' }
      codes.push((await browser.ask('POST', '/console/api/owner', body)).code)
    }
    expect(codes.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 'code_wrong'))
    expect(codes.slice(10)).toEqual(['too_many_attempts', 'too_many_attempts'])
    expect(await users.list(ONE_APP_ID)).toEqual([])
  })
})

describe('a session', () => {
  test('tells who is signed in, in a cookie that no script and no other host can read', async () => {
    const { email } = await hire(users, 'finance')
    const browser = new Browser(under.get)
    const { headers, json } = await browser.signIn(` ${email.toUpperCase()} `)
    const cookie = headers.getSetCookie().join()
    expect(cookie).toMatch(/^__Host-saoma_session=[\w-]{43};/)
    for (const attribute of ['HttpOnly', 'Secure', 'SameSite=Strict', 'Path=/']) {
      expect(cookie).toContain(attribute)
    }
    expect(cookie).not.toContain('Domain')
    expect(json).toMatchObject({
      user: { email, role: 'finance', totp_enabled: false, locale: null },
      livemode: false,
      app: { id: ONE_APP_ID, name: '清晨咖啡' },
      version: '9.9.9',
    })
    expect(json['scopes']).toContain('refunds:approve')
    expect((await browser.ask('GET', '/console/api/session')).json).toEqual(json)
    const again = await browser.ask('PATCH', '/console/api/profile', { locale: 'en' })
    expect(again.json).toMatchObject({ user: { locale: 'en' } })
  })

  test('is a new one at each signing in, whatever cookie the browser had', async () => {
    const { email } = await hire(users, 'owner')
    const browser = new Browser(under.get)
    const planted = `__Host-saoma_session=${'A'.repeat(43)}`
    browser.cookie = planted
    await browser.signIn(email)
    const first = browser.cookie
    expect(first).not.toBe(planted)
    await browser.signIn(email)
    expect(browser.cookie).not.toBe(first)
    const old = new Browser(under.get)
    old.cookie = first
    expect((await old.ask('GET', '/console/api/session')).status).toBe(401)
    old.cookie = planted
    expect((await old.ask('GET', '/v1/payments')).code).toBe('not_signed_in')
  })

  test('ends when it is not used, and after a long day in any case', async () => {
    const browser = await signedIn(under.get, users, 'owner')
    for (let hours = 0; hours < 11; hours++) {
      clock.advance(3_600_000)
      expect((await browser.ask('GET', '/console/api/session')).status).toBe(200)
    }
    clock.advance(3_600_000)
    expect((await browser.ask('GET', '/console/api/session')).status).toBe(401)

    const idle = await signedIn(under.get, users, 'owner')
    clock.advance(2 * 3_600_000)
    expect((await idle.ask('GET', '/v1/payments')).status).toBe(401)
  })

  test('ends by signing out, also for who copied the cookie', async () => {
    const browser = await signedIn(under.get, users, 'owner')
    const copy = new Browser(under.get)
    copy.cookie = browser.cookie
    expect((await copy.ask('GET', '/v1/payments')).status).toBe(200)
    expect((await browser.ask('DELETE', '/console/api/session')).status).toBe(204)
    expect((await copy.ask('GET', '/v1/payments')).status).toBe(401)
  })

  test('ends with a change of password, and the one who changed it goes on', async () => {
    const browser = await signedIn(under.get, users, 'owner')
    const elsewhere = new Browser(under.get)
    await elsewhere.signIn(browser.email)
    const copied = browser.cookie
    const wrong = { current: 'not it at all', new: '另一个够长的密码就是它' }
    expect((await browser.ask('POST', '/console/api/password', wrong)).code).toBe(
      'credentials_wrong',
    )
    const changed = await browser.ask('POST', '/console/api/password', {
      current: PASSWORD,
      new: '另一个够长的密码没错了',
    })
    expect(changed.status).toBe(200)
    expect((await browser.ask('GET', '/v1/payments')).status).toBe(200)
    expect((await elsewhere.ask('GET', '/v1/payments')).status).toBe(401)
    elsewhere.cookie = copied
    expect((await elsewhere.ask('GET', '/v1/payments')).status).toBe(401)
    expect((await elsewhere.signIn(browser.email)).code).toBe('credentials_wrong')
  })

  test('of a user who is disabled or removed is out at once, also of what it follows', async () => {
    const owner = await signedIn(under.get, users, 'owner')
    for (const [method, body] of [
      ['PATCH', { disabled: true }],
      ['DELETE', undefined],
    ] as const) {
      const other = await signedIn(under.get, users, 'support')
      expect((await other.ask('GET', '/v1/payments')).status).toBe(200)
      expect((await owner.ask(method, `/v1/users/${other.user.id}`, body)).status).toBe(200)
      expect((await other.ask('GET', '/v1/payments')).status).toBe(401)
      expect((await new Browser(under.get).signIn(other.email)).code).toBe('credentials_wrong')
    }
  })
})

describe('a page of others', () => {
  const forged: [string, Record<string, string>][] = [
    ['without the second secret', { 'x-csrf-token': '' }],
    ['with a guessed one', { 'x-csrf-token': 'A'.repeat(43) }],
    ['from another site', { 'sec-fetch-site': 'cross-site' }],
    ['from a neighbour of the same site', { 'sec-fetch-site': 'same-site' }],
    ['from another origin', { origin: 'https://evil.example' }],
    ['from a page without origin', { origin: 'null' }],
  ]

  test.each(forged)('changes nothing %s', async (_, headers) => {
    const browser = await signedIn(under.get, users, 'owner')
    const { payment } = await under.order()
    for (const [method, path, body] of [
      ['POST', '/v1/payments', { amount: 1, subject: 'x' }],
      ['POST', `/v1/payments/${payment.id}/cancel`, {}],
      ['DELETE', `/v1/users/${browser.user.id}`, undefined],
      ['POST', '/console/api/totp', {}],
      ['DELETE', '/console/api/session', undefined],
    ] as const) {
      const { status, code } = await browser.ask(method, path, body, headers)
      expect({ status, code }).toEqual({ status: 403, code: 'request_forged' })
    }
    expect((await under.payments.find(payment.id))?.payment.status).toBe('pending')
    expect((await browser.ask('POST', '/v1/payments', { amount: 1, subject: 'x' })).status).toBe(
      201,
    )
  })

  test('cannot sign a browser in as somebody else', async () => {
    const { email } = await hire(users, 'owner')
    const body = { email, password: PASSWORD }
    const headers = { 'sec-fetch-site': 'cross-site' }
    const answer = await new Browser(under.get).ask('POST', '/console/api/session', body, headers)
    expect(answer.code).toBe('request_forged')
    expect(answer.headers.getSetCookie()).toEqual([])
  })

  test('does not frame the back office', async () => {
    const { headers } = await under.get('/console/payments')
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(headers.get('content-security-policy')).not.toMatch(/script-src[^;]*unsafe/)
  })
})

describe('signing in', () => {
  test('is refused alike for a wrong password, an unknown address and one who is invited', async () => {
    const { email } = await hire(users, 'cashier')
    const invited = { appId: ONE_APP_ID, email: 'new@shop.example', name: '新人' } as const
    await users.invite({ ...invited, role: 'cashier' })
    const browser = new Browser(under.get)
    const answers = []
    for (const [who, password] of [
      [email, 'wrong password'],
      ['nobody@shop.example', PASSWORD],
      ['new@shop.example', ''],
    ] as const) {
      const { status, json } = await browser.signIn(who, password)
      const { request_id: _, ...error } = json.error as unknown as Record<string, unknown>
      answers.push({ status, error })
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(answers[0]).toMatchObject({ status: 401, error: { code: 'credentials_wrong' } })
  })

  test('is throttled by account, also for the right password, until the time is over', async () => {
    const { email } = await hire(users, 'owner')
    const browser = new Browser(under.get)
    const guesses = await Promise.all(
      Array.from({ length: 12 }, (_, n) => browser.signIn(email, `wrong password ${n}`)),
    )
    expect(guesses.filter(({ code }) => code === 'too_many_attempts')).toHaveLength(2)
    const refused = await browser.signIn(email)
    expect(refused).toMatchObject({ status: 429, code: 'too_many_attempts' })
    expect(Number(refused.headers.get('retry-after'))).toBe(900)
    clock.advance(900_000)
    expect((await browser.signIn(email)).status).toBe(200)
  })

  test('with a code of an authenticator takes each code once', async () => {
    const { totpCode } = await import('../../src/access/totp.ts')
    const browser = await signedIn(under.get, users, 'owner')
    const { json } = await browser.ask('POST', '/console/api/totp', {})
    const secret = String(json['secret'])
    expect(json['uri']).toContain(`secret=${secret}`)
    const codeNow = () => totpCode(secret, Math.floor(clock.now() / 30_000))
    const confirm = (code: string) => browser.ask('POST', '/console/api/totp/confirm', { code })
    expect((await new Browser(under.get).signIn(browser.email)).status).toBe(200)
    expect((await confirm('000000')).code).toBe('code_wrong')
    expect((await confirm(codeNow())).json).toMatchObject({ user: { totp_enabled: true } })

    const other = new Browser(under.get)
    expect((await other.signIn(browser.email)).code).toBe('totp_required')
    expect(other.cookie).toBe('')
    // The one that was confirmed with.
    const replayed = await other.signIn(browser.email, PASSWORD, { code: codeNow() })
    expect(replayed.code).toBe('totp_wrong')
    clock.advance(30_000)
    const both = await Promise.all(
      [1, 2].map(() => new Browser(under.get).signIn(browser.email, PASSWORD, { code: codeNow() })),
    )
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 401])
    const off = await browser.ask('DELETE', '/console/api/totp', { password: PASSWORD })
    expect(off.json).toMatchObject({ user: { totp_enabled: false } })
    expect((await new Browser(under.get).signIn(browser.email)).status).toBe(200)
  })
})

describe('users', () => {
  test('choose a password by a link that works once and tells no server its secret', async () => {
    const owner = await signedIn(under.get, users, 'owner')
    const body = { email: 'xin@shop.example', name: '小新', role: 'cashier' }
    const { status, json } = await owner.ask('POST', '/v1/users', body)
    expect(status).toBe(201)
    const url = new URL(String(json['invitation']))
    expect(url.pathname).toBe('/console/invitation')
    expect((await owner.ask('POST', '/v1/users', body)).code).toBe('user_exists')
    const token = url.hash.slice(1)
    const browser = new Browser(under.get)
    const accept = (password: string) =>
      browser.ask('POST', '/console/api/invitation', { token, password })
    expect((await accept('short')).code).toBe('password_unfit')
    expect((await accept('xin@shop.example')).code).toBe('password_unfit')
    expect((await accept(PASSWORD)).json).toMatchObject({ user: { role: 'cashier' } })
    expect((await accept(PASSWORD)).code).toBe('invitation_invalid')
    expect((await browser.ask('GET', '/v1/users')).code).toBe('scope_missing')
  })

  test('who are reset lose password, authenticator and sessions', async () => {
    const owner = await signedIn(under.get, users, 'owner')
    const other = await signedIn(under.get, users, 'finance')
    const { json } = await owner.ask('POST', `/v1/users/${other.user.id}/reset`, {})
    expect((await other.ask('GET', '/v1/payments')).status).toBe(401)
    expect((await other.signIn(other.email)).code).toBe('credentials_wrong')
    clock.advance(3 * 86_400_000)
    const token = new URL(String(json['invitation'])).hash.slice(1)
    const late = await other.ask('POST', '/console/api/invitation', { token, password: PASSWORD })
    expect(late.code).toBe('invitation_invalid')
  })

  test('who are no owners make none, change none, and give nobody more than they may', async () => {
    const owner = await signedIn(under.get, users, 'owner')
    const admin = await signedIn(under.get, users, 'admin')
    const developer = await signedIn(under.get, users, 'developer')
    const boss = `/v1/users/${owner.user.id}`
    const own = `/v1/users/${admin.user.id}`
    const newOwner = { email: 'a@b.example', name: 'x', role: 'owner' }
    expect((await admin.ask('POST', '/v1/users', newOwner)).code).toBe('owner_required')
    expect((await admin.ask('PATCH', own, { role: 'owner' })).code).toBe('owner_required')
    expect((await admin.ask('PATCH', boss, { role: 'support' })).code).toBe('owner_required')
    expect((await admin.ask('POST', `${boss}/reset`, {})).code).toBe('owner_required')
    expect((await admin.ask('DELETE', boss)).code).toBe('owner_required')
    const key = (scopes: unknown) => ({ name: 'x', scopes })
    expect((await admin.ask('POST', '/v1/api_keys', key('*'))).code).toBe('scopes_exceeded')
    const more = await developer.ask('POST', '/v1/api_keys', key(['refunds:write']))
    expect(more.code).toBe('scopes_exceeded')
    expect((await developer.ask('POST', '/v1/api_keys', key(['webhooks:write']))).status).toBe(201)
    const { json } = await owner.ask('POST', '/v1/api_keys', key('*'))
    const path = `/v1/api_keys/${String(json['id'])}`
    const anew = await developer.ask('PATCH', path, { expires_at: null })
    expect(anew.code).toBe('scopes_exceeded')
    expect((await developer.ask('PATCH', path, { name: 'y' })).status).toBe(200)
  })

  test('are made and managed by a key within what it may do itself', async () => {
    const { key: text } = await under.access.createKey({
      appId: ONE_APP_ID,
      mode: 'test',
      name: 'staff sync',
      scopes: ['users:write', 'payments:read', 'payments:sync', 'refunds:read', 'events:read'],
    })
    const admin = await signedIn(under.get, users, 'admin')
    const authorization = { authorization: `Bearer ${text}` }
    const ask = async (method: string, path: string, body: object) => {
      const answer = await under.api(method, path, body, authorization)
      const json = (await answer.json()) as { id: string; error?: { code: string } }
      return { ...json, code: json.error?.code }
    }
    const someone = (role: string) => ({ email: `${role}@key.example`, name: 'x', role })
    const boss = `/v1/users/${admin.user.id}`
    expect((await ask('POST', '/v1/users', someone('admin'))).code).toBe('scopes_exceeded')
    expect((await ask('POST', `${boss}/reset`, {})).code).toBe('scopes_exceeded')
    expect((await ask('PATCH', boss, { disabled: true })).code).toBe('scopes_exceeded')
    expect((await ask('DELETE', boss, {})).code).toBe('scopes_exceeded')
    const { id, code } = await ask('POST', '/v1/users', someone('support'))
    expect(code).toBeUndefined()
    expect((await ask('PATCH', `/v1/users/${id}`, { role: 'finance' })).code).toBe(
      'scopes_exceeded',
    )
    expect((await ask('PATCH', `/v1/users/${id}`, { name: 'y' })).code).toBeUndefined()
  })

  test('never take away their own access, nor the last owner', async () => {
    const owner = await signedIn(under.get, users, 'owner')
    const path = `/v1/users/${owner.user.id}`
    expect((await owner.ask('PATCH', path, { disabled: true })).code).toBe('user_is_you')
    expect((await owner.ask('PATCH', path, { role: 'admin' })).code).toBe('user_is_you')
    expect((await owner.ask('DELETE', path)).code).toBe('user_is_you')
    for (const answer of [
      await under.api('PATCH', path, { disabled: true }),
      await under.api('PATCH', path, { role: 'support' }),
      await under.api('DELETE', path),
    ]) {
      const { error } = (await answer.json()) as { error: { code: string } }
      expect(error.code).toBe('last_owner')
    }
    expect((await owner.ask('GET', '/v1/users')).status).toBe(200)
  })

  test('are named in the audit log by what they did, and with no secret', async () => {
    const owner = await signedIn(under.get, users, 'owner')
    const { payment } = await under.order()
    await owner.ask('POST', `/v1/payments/${payment.id}/cancel`, {})
    const { json } = await owner.ask('GET', '/v1/audit_entries?limit=100')
    const mine = json.data?.filter(({ actor }) => actor === owner.user.id) ?? []
    expect(mine.map(({ action }) => action)).toEqual(['payment.cancel', 'user.sign_in'])
    expect(mine[0]).toMatchObject({ actor_name: 'owner 小王', object_id: payment.id })
    expect(JSON.stringify(json)).not.toContain(PASSWORD)
    const told = async (filter: string) => {
      const found = await owner.ask('GET', `/v1/audit_entries?${filter}`)
      return found.json.data?.map(({ action }) => action)
    }
    expect(await told(`actor=${owner.user.id}`)).toEqual(['payment.cancel', 'user.sign_in'])
    expect(await told(`actor=${owner.user.id}&action=user.sign_in`)).toEqual(['user.sign_in'])
    const wrong = await owner.ask('GET', '/v1/audit_entries?action=payment.stolen')
    expect([wrong.status, wrong.code]).toEqual([400, 'parameter_invalid'])
  })
})

test('what a person follows ends with his session', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  onTestFinished(() => void vi.useRealTimers())
  const owner = await signedIn(under.get, users, 'owner')
  const other = await signedIn(under.get, users, 'support')
  const followed = await under.get('/v1/events/stream', { headers: { cookie: other.cookie } })
  const reader = (followed.body as ReadableStream<Uint8Array>).getReader()
  await reader.read()
  await vi.advanceTimersByTimeAsync(5_000)
  const broken = expect(reader.read()).rejects.toThrow()
  await owner.ask('PATCH', `/v1/users/${other.user.id}`, { disabled: true })
  await vi.advanceTimersByTimeAsync(5_000)
  await broken
})

describe('the pages', () => {
  test('are the built ones, with a nonce of their own, packed, and nothing from beside them', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'saoma-console-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    mkdirSync(join(folder, 'web', 'assets'), { recursive: true })
    writeFileSync(join(folder, 'secret.js'), 'secret')
    writeFileSync(
      join(folder, 'web', 'index.html'),
      '<meta nonce="CSP_NONCE"><script src="/console/assets/a.js">',
    )
    writeFileSync(join(folder, 'web', 'assets', 'a.js'), 'alert(1)')
    const context = { users, basePath: '/pay' } as unknown as ServerContext
    const app = new Hono<RouteEnvironment>()
    app.route('/console', consolePages(context, join(folder, 'web')))
    const pages = await Promise.all(
      ['/console', '/console/payments/pay_1'].map(async (path) => app.request(path)),
    )
    const nonces = await Promise.all(
      pages.map(async (page) => {
        const policy = page.headers.get('content-security-policy') ?? ''
        const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? ''
        expect(await page.text()).toBe(
          `<meta nonce="${nonce}"><script src="/pay/console/assets/a.js">`,
        )
        return nonce
      }),
    )
    expect(new Set(nonces).size).toBe(2)
    const asset = await app.request('/console/assets/a.js', {
      headers: { 'accept-encoding': 'gzip' },
    })
    expect(asset.headers.get('cache-control')).toContain('immutable')
    expect(gunzipSync(await asset.arrayBuffer()).toString()).toBe('alert(1)')
    expect(await (await app.request('/console/assets/a.js')).text()).toBe('alert(1)')
    for (const path of [
      'assets/b.js',
      'assets/..%2f..%2fsecret.js',
      'assets/%2e%2e/%2e%2e/secret.js',
    ]) {
      const { status } = await app.request(`/console/${path}`)
      expect(status).toBe(404)
    }
  })

  test('say what is missing', async () => {
    const closed = await startServer().get('/console', { headers: { 'accept-language': 'en' } })
    expect(closed.status).toBe(503)
    expect(await closed.text()).toContain('The back office is closed')
  })
})
