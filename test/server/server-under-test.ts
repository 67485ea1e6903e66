/**
 * A server in front of an engine in memory, with real keys of Alipay's, and the calls that tests
 * make of it.
 *
 * @module
 */
import { createSign } from 'node:crypto'
import {
  createAccess,
  createDesk,
  createUsers,
  MasterKey,
  type Access,
  type Desk,
  type Users,
} from '../../src/access/index.ts'
import {
  encodeForm,
  generateKeyPair,
  MovableClock,
  toFen,
  toInstant,
  verifyNotification,
  type Clock,
} from '../../src/alipay/index.ts'
import type { PaymentRecord } from '../../src/payments/index.ts'
import {
  createServer,
  oneApp,
  ONE_APP_ID,
  type LogEntry,
  type ServedApp,
  type ServerOptions,
} from '../../src/server/index.ts'
import { openSqliteStore } from '../../src/store/index.ts'
import { createFakePayments } from './fake-payments.ts'

/** The merchant's key and the notify token of every server here. */
export const API_KEY = 'sk_test_4fYq8sZkQ2'
export const NOTIFY_TOKEN = 'ntf_7Ks02mXv9QpLw3'

const alipay = generateKeyPair()
const trust = { alipayPublicKeys: [alipay.publicKey], signType: 'RSA2' } as const

/** Keys in a database in memory, the merchant's among them. */
export async function openAccess(): Promise<Access> {
  const { access: store } = await openSqliteStore(':memory:')
  const access = createAccess({ store })
  await access.adoptKey({ appId: ONE_APP_ID, key: API_KEY, name: 'test' })
  return access
}

const shared = await openAccess()

/** Users in a database in memory, who sign in by the clock that is given. */
export async function openUsers(clock: Clock): Promise<Users> {
  const { users: store } = await openSqliteStore(':memory:')
  return createUsers({ store, vault: MasterKey.create(), clock, passwordLogN: 4 })
}

/** A desk in a database in memory. */
export async function openDesk(clock: Clock): Promise<Desk> {
  const { desk: store } = await openSqliteStore(':memory:')
  return createDesk({ store, clock })
}

/** A server of one application; what belongs to that may be changed too. */
export function startServer({
  mode = 'test',
  merchantName = '清晨咖啡',
  look = {},
  webhooks = null,
  alarms = null,
  credentials = null,
  figures = null,
  retention,
  standing = () => [],
  notifyToken = NOTIFY_TOKEN,
  client = { verifyNotification: (body) => verifyNotification(body, trust) },
  ...options
}: Partial<ServerOptions & Omit<ServedApp, 'id' | 'payments'>> = {}) {
  const clock = new MovableClock(toInstant(1_795_400_000_000))
  const payments = createFakePayments(clock)
  const logged: LogEntry[] = []
  const app: ServedApp = {
    id: ONE_APP_ID,
    mode,
    merchantName,
    look,
    payments,
    webhooks,
    alarms,
    credentials,
    figures,
    books: null,
    ...(retention && { retention }),
    standing,
    client,
    notifyToken,
  }
  const { access = shared } = options
  const server = createServer({
    apps: oneApp(app),
    access,
    publicUrl: 'https://pay.example.com',
    clock,
    log: (entry) => logged.push(entry),
    ...options,
  })

  /** A request as a browser or Alipay makes it. */
  const get = (path: string, init: RequestInit = {}) =>
    server.fetch(new Request(`https://pay.example.com${path}`, init))

  /** A request of the merchant. */
  const api = (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ) =>
    get(path, {
      method,
      headers: {
        authorization: `Bearer ${API_KEY}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })

  /** A payment of 88.88 yuan that waits for its buyer. */
  const order = async (
    change: { subject?: string; amount?: number; returnUrl?: string } = {},
  ): Promise<PaymentRecord> => {
    const { amount = 8888, subject = '美式咖啡', ...rest } = change
    const { record } = await payments.create({ amount: toFen(amount), subject, ...rest })
    return record
  }

  return { server, app, access, payments, clock, logged, get, api, order }
}

/** A notification as Alipay sends it, signed with Alipay's key. */
export function signedNotification(params: Record<string, string> = {}): string {
  const all: Record<string, string> = {
    notify_id: '2026112300222100005016700000000001',
    notify_type: 'trade_status_sync',
    trade_status: 'TRADE_SUCCESS',
    out_trade_no: 'out_1',
    buyer_logon_id: '159****5620',
    total_amount: '88.88',
    charset: 'utf-8',
    ...params,
  }
  const content = Object.keys(all)
    .toSorted()
    .map((name) => `${name}=${all[name]}`)
    .join('&')
  const sign = createSign('RSA-SHA256').update(content).sign(alipay.privateKey, 'base64')
  return encodeForm(Object.entries({ ...all, sign_type: 'RSA2', sign }))
}
