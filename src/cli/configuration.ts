/**
 * The settings of `saoma serve` and of direct calls, from the environment. Going from the emulator
 * to the sandbox or to production changes the gateway's address and the keys, nothing else.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import {
  PRODUCTION_GATEWAY,
  SANDBOX_GATEWAY,
  type CertificateFiles,
  type ClientOptions,
  type SignType,
} from '../alipay/index.ts'
import type { BooksRules } from '../books/index.ts'
import { PRODUCT_CODE, PRODUCT_CODE_DEFAULT, type PaymentRules } from '../payments/index.ts'
import { parseRange } from '../webhooks/address.ts'
import { RETENTION_KINDS, toRetentionRules, type RetentionRules } from '../retention/index.ts'
import { checkAddresses, type AddressOptions } from '../webhooks/index.ts'
import type { CashierLook } from '../server/index.ts'
import { readCashierLook } from './cashier-look.ts'
import { Failure } from './failure.ts'

/** The environment's variables. */
export type Environment = Readonly<Record<string, string | undefined>>

/** What calls to the gateway need. */
export interface GatewayConfiguration {
  readonly client: ClientOptions
  /** `live` where the gateway is Alipay's production, `test` else. */
  readonly mode: 'live' | 'test'
  readonly productCode: string
  readonly sellerId: string | undefined
}

/** What is an application's own. */
export interface AppConfiguration {
  readonly gateway: GatewayConfiguration
  readonly rules: Partial<PaymentRules>
  readonly booksRules: Partial<BooksRules>
  /** Days that what is old is kept, by kind; `null`: for ever. */
  readonly retention: Partial<RetentionRules>
  /** Calls to the gateway per second; `undefined` for as many as it takes. */
  readonly callsPerSecond: number | undefined
  /** The same on all servers of one database; made in the folder where it is not set. */
  readonly apiKey: string | undefined
  readonly merchantName: string | undefined
  readonly look: CashierLook
}

/** What a server needs; what is an application's own is that of the first one. */
export interface ServeConfiguration extends AppConfiguration {
  /** Further applications of the same gateway. */
  readonly apps: readonly AppConfiguration[]
  /** Where buyers and Alipay reach the server. */
  readonly publicUrl: string
  readonly host: string
  readonly port: number
  /** Holds the API keys, and the database where it is SQLite. */
  readonly folder: string
  /** PostgreSQL, shared by any number of servers; `undefined` for SQLite in the folder. */
  readonly database: DatabaseConfiguration | undefined
  /** The same on all servers of one database; made in the folder where they are not set. */
  readonly operatorKey: string | undefined
  readonly notifyToken: string | undefined
  /** Seals secrets in the database; the same on all servers of one database. */
  readonly masterKey: string | undefined
  /** Requests per second of one API key; `undefined` for the server's own. */
  readonly requestsPerSecond: number | undefined
  /** Addresses and ranges of the proxies in front. */
  readonly trustedProxies: readonly string[]
  /** Where webhooks may go beside public addresses. */
  readonly webhookAddresses: AddressOptions
}

/** Where a PostgreSQL is. */
export interface DatabaseConfiguration {
  readonly url: string
  /** Past a pooler: LISTEN needs a connection of its own. */
  readonly listenUrl: string | undefined
}

/**
 * Reads the gateway's part of the environment.
 *
 * @throws {Failure} Naming the variable that is missing or wrong.
 */
export function readGatewayConfiguration(env: Environment): GatewayConfiguration {
  const gateway = readGatewayAddress(env['SAOMA_GATEWAY'])
  const appId = required(env, 'SAOMA_APP_ID', 'the APPID of the application, 16 digits')
  const privateKey = required(
    env,
    'SAOMA_APP_PRIVATE_KEY',
    'the application private key (应用私钥); `saoma keys generate` makes one',
  )
  const signType = (optional(env, 'SAOMA_SIGN_TYPE') ?? 'RSA2') as SignType
  const encryptKey = optional(env, 'SAOMA_ENCRYPT_KEY')
  const proxy = optional(env, 'SAOMA_PROXY')
  return {
    client: {
      appId,
      privateKey,
      ...readTrust(env),
      gateway,
      signType,
      ...(encryptKey === undefined ? {} : { encryptKey }),
      ...(proxy === undefined ? {} : { proxy }),
    },
    mode: gatewayMode(gateway),
    productCode: readProductCode(env),
    sellerId: optional(env, 'SAOMA_SELLER_ID'),
  }
}

/**
 * Reads all that `saoma serve` needs.
 *
 * @throws {Failure} Naming the variable that is missing or wrong.
 */
export function readServeConfiguration(env: Environment): ServeConfiguration {
  const own = readAppConfiguration(env)
  const { gateway } = own
  const publicUrl = required(
    env,
    'SAOMA_PUBLIC_URL',
    'where buyers and Alipay reach this server, such as https://pay.example.com',
  )
  if (!URL.canParse(publicUrl) || !/^https?:$/.test(new URL(publicUrl).protocol)) {
    throw new Failure(
      'SAOMA_PUBLIC_URL is an http or https address, such as https://pay.example.com',
    )
  }
  if (gateway.mode === 'live' && !publicUrl.startsWith('https://')) {
    throw new Failure('SAOMA_PUBLIC_URL must begin with https:// in production.')
  }
  const port = Number(optional(env, 'SAOMA_PORT') ?? '6200')
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Failure('SAOMA_PORT is a port number from 0 to 65535.')
  }
  return {
    ...own,
    apps: readFurtherApps(env, own),
    publicUrl,
    port,
    host: optional(env, 'SAOMA_HOST') ?? '127.0.0.1',
    folder: optional(env, 'SAOMA_FOLDER') ?? '.saoma',
    database: readDatabaseConfiguration(env),
    operatorKey: optional(env, 'SAOMA_OPERATOR_KEY'),
    notifyToken: optional(env, 'SAOMA_NOTIFY_TOKEN'),
    masterKey: optional(env, 'SAOMA_MASTER_KEY'),
    requestsPerSecond: positive(env, 'SAOMA_REQUESTS_PER_SECOND'),
    trustedProxies: readTrustedProxies(env),
    webhookAddresses: readWebhookAddresses(env),
  }
}

function readAppConfiguration(env: Environment): AppConfiguration {
  return {
    gateway: readGatewayConfiguration(env),
    rules: readRules(env),
    booksRules: readBooksRules(env),
    retention: readRetention(env),
    callsPerSecond: positive(env, 'SAOMA_CALLS_PER_SECOND'),
    apiKey: optional(env, 'SAOMA_API_KEY'),
    merchantName: optional(env, 'SAOMA_MERCHANT_NAME'),
    look: readCashierLook(env),
  }
}

/** Settings that each application has for itself: none of the first one's holds for another. */
const OWN_SETTINGS =
  /^SAOMA_(?:APP_|ALIPAY_|SIGN_TYPE|ENCRYPT_KEY|PRODUCT_CODE|SELLER_ID|MERCHANT_|CASHIER_|API_KEY)/

/** Settings that an application may have otherwise than the first one. */
const OTHER_SETTINGS = /^SAOMA_(?:FENCE|LATE_PAYMENTS|DUPLICATE_PAYMENTS|CALLS_PER_SECOND)$/

/**
 * The settings of each further application, by the file that `SAOMA_APPS` names: a file as `saoma
 * init` writes it, whose settings of a server count for nothing here.
 *
 * @throws {Failure} If a file cannot be read.
 */
export function readAppEnvironments(
  env: Environment,
): readonly { readonly file: string; readonly env: Environment }[] {
  const common = Object.entries(env).filter(([name]) => !OWN_SETTINGS.test(name))
  return list(env, 'SAOMA_APPS').map((file) => {
    const given = parseEnv(readText(file, 'SAOMA_APPS'))
    const own = Object.entries(given).filter(
      ([name]) => OWN_SETTINGS.test(name) || OTHER_SETTINGS.test(name),
    )
    const gateway = given['SAOMA_GATEWAY'] ?? env['SAOMA_GATEWAY']
    return { file, env: { ...Object.fromEntries([...common, ...own]), SAOMA_GATEWAY: gateway } }
  })
}

function readFurtherApps(env: Environment, first: AppConfiguration): AppConfiguration[] {
  const taken = new Set([first.gateway.client.appId])
  return readAppEnvironments(env).map(({ file, env: its }) => {
    const app = naming(file, () => readAppConfiguration(its))
    const { appId, gateway } = app.gateway.client
    if (gateway !== first.gateway.client.gateway) {
      throw new Failure(`${file}: SAOMA_GATEWAY is another than that of the server.`)
    }
    if (taken.has(appId)) throw new Failure(`${file}: ${appId} is configured twice.`)
    taken.add(appId)
    return app
  })
}

/** Names the file whose setting is wrong. */
function naming<Read>(file: string, read: () => Read): Read {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    throw new Failure(`${file}: ${error.message}`, error.exitCode)
  }
}

/** Whose payments a `saoma dev` keeps. */
export const DEV_IDENTITY = 'the emulator of saoma dev'

/** Whose payments a folder's database keeps: the mode and the application. */
export function readIdentity(env: Environment): string {
  const appId = optional(env, 'SAOMA_APP_ID')
  if (appId === undefined) return DEV_IDENTITY
  return `${gatewayMode(readGatewayAddress(env['SAOMA_GATEWAY']))} ${appId}`
}

/**
 * Where the database is; `undefined` for SQLite in the folder.
 *
 * @throws {Failure} If the address is none of PostgreSQL's.
 */
export function readDatabaseConfiguration(env: Environment): DatabaseConfiguration | undefined {
  const url = optional(env, 'SAOMA_DATABASE_URL')
  if (url === undefined) return undefined
  if (!/^postgres(?:ql)?:\/\//.test(url)) {
    throw new Failure(
      'SAOMA_DATABASE_URL begins with postgres://; leave it out for SQLite in SAOMA_FOLDER.',
    )
  }
  return { url, listenUrl: optional(env, 'SAOMA_DATABASE_LISTEN_URL') }
}

function readProductCode(env: Environment): string {
  const code = optional(env, 'SAOMA_PRODUCT_CODE') ?? PRODUCT_CODE_DEFAULT
  if (PRODUCT_CODE.test(code)) return code
  throw new Failure(
    'SAOMA_PRODUCT_CODE is FACE_TO_FACE_PAYMENT (当面付) or QR_CODE_OFFLINE (订单码支付).',
  )
}

function readWebhookAddresses(env: Environment): AddressOptions {
  const allow = list(env, 'SAOMA_WEBHOOK_ALLOW')
  try {
    // Now: a mistyped range would be found out by the first event that is not sent.
    checkAddresses({ allow })
  } catch (error) {
    throw new Failure(`SAOMA_WEBHOOK_ALLOW: ${error instanceof Error ? error.message : ''}`)
  }
  return { allow }
}

function readTrustedProxies(env: Environment): string[] {
  const proxies = list(env, 'SAOMA_TRUSTED_PROXIES')
  try {
    proxies.forEach(parseRange)
    return proxies
  } catch (error) {
    throw new Failure(`SAOMA_TRUSTED_PROXIES: ${error instanceof Error ? error.message : ''}`)
  }
}

function readRules(env: Environment): Partial<PaymentRules> {
  const fence = oneOf(env, 'SAOMA_FENCE', ['cancel', 'close'])
  const latePayments = oneOf(env, 'SAOMA_LATE_PAYMENTS', ['default', 'accept', 'refund', 'hold'])
  const duplicatePayments = oneOf(env, 'SAOMA_DUPLICATE_PAYMENTS', ['refund', 'hold'])
  return {
    ...(fence && { fence }),
    ...(latePayments && { latePayments }),
    ...(duplicatePayments && { duplicatePayments }),
  }
}

function readBooksRules(env: Environment): Partial<BooksRules> {
  const feeRate = rate(env, 'SAOMA_FEE_RATE')
  const foreignRows = oneOf(env, 'SAOMA_FOREIGN_ROWS', ['report', 'ignore'])
  return { ...(feeRate !== undefined && { feeRate }), ...(foreignRows && { foreignRows }) }
}

/** In millionths. The sign of per cent has to be there: 0.006 and 0.6 are easily taken for one. */
function rate(env: Environment, name: string): number | undefined {
  const value = optional(env, name)
  if (value === undefined) return undefined
  const [, percent] = /^(\d{1,2}(?:\.\d{1,4})?)%$/.exec(value) ?? []
  if (percent === undefined) throw new Failure(`${name} is a rate with its sign, such as 0.6%.`)
  return Math.round(Number(percent) * 10_000)
}

/** `events=180,audit=3650,deliveries=never`: days, by kind. */
function readRetention(env: Environment): Partial<RetentionRules> {
  const chosen = list(env, 'SAOMA_RETENTION').map((entry) => {
    const [, kind = '', days = ''] = /^(\w+)=(never|\d{1,5})$/.exec(entry) ?? []
    if (!Object.hasOwn(RETENTION_KINDS, kind)) {
      const kinds = Object.keys(RETENTION_KINDS).join(', ')
      throw new Failure(
        `SAOMA_RETENTION is a list such as events=180,audit=never: days, or never, for ${kinds}.`,
      )
    }
    return [kind, days === 'never' ? null : Number(days)] as const
  })
  const rules: Partial<RetentionRules> = Object.fromEntries(chosen)
  try {
    // Now: a mistyped age would be found out at night.
    toRetentionRules(rules)
  } catch (error) {
    throw new Failure(`SAOMA_RETENTION: ${error instanceof Error ? error.message : ''}.`)
  }
  return rules
}

function oneOf<const Value extends string>(
  env: Environment,
  name: string,
  values: readonly Value[],
): Value | undefined {
  const value = optional(env, name)
  if (value === undefined) return undefined
  const known = values.find((other) => other === value)
  if (known === undefined) throw new Failure(`${name} is one of ${values.join(', ')}.`)
  return known
}

/** Separated by commas. */
function list(env: Environment, name: string): string[] {
  const entries = (optional(env, name) ?? '').split(',').map((entry) => entry.trim())
  return entries.filter((entry) => entry !== '')
}

function positive(env: Environment, name: string): number | undefined {
  const value = optional(env, name)
  if (value === undefined) return undefined
  const number = Number(value)
  if (!Number.isFinite(number) || number < 1) throw new Failure(`${name} is a number, 1 or more.`)
  return number
}

function readTrust(
  env: Environment,
): { readonly alipayPublicKey: string } | { readonly certificates: CertificateFiles } {
  if (optional(env, 'SAOMA_APP_CERT_FILE') === undefined) {
    const what = 'the Alipay public key (支付宝公钥) that the console shows'
    return { alipayPublicKey: required(env, 'SAOMA_ALIPAY_PUBLIC_KEY', what) }
  }
  const file = (name: string, what: string): string => readText(required(env, name, what), name)
  return {
    certificates: {
      app: file('SAOMA_APP_CERT_FILE', 'appCertPublicKey_….crt'),
      alipay: file('SAOMA_ALIPAY_CERT_FILE', 'alipayCertPublicKey_RSA2.crt'),
      root: file('SAOMA_ALIPAY_ROOT_CERT_FILE', 'alipayRootCert.crt'),
    },
  }
}

/**
 * Reads what `SAOMA_GATEWAY` says: a name, or an address that ends in `/gateway.do`.
 *
 * @throws {Failure} If it is neither.
 */
export function readGatewayAddress(value = ''): string {
  switch (value) {
    case '':
    case 'production':
      return PRODUCTION_GATEWAY
    case 'sandbox':
      return SANDBOX_GATEWAY
    default:
      if (URL.canParse(value) && new URL(value).pathname.endsWith('/gateway.do')) return value
      throw new Failure(
        'SAOMA_GATEWAY is `production`, `sandbox` or a whole address (…/gateway.do).',
      )
  }
}

/** What a gateway moves: real money at Alipay's production alone. */
export function gatewayMode(gateway: string): 'live' | 'test' {
  return new URL(gateway).host === new URL(PRODUCTION_GATEWAY).host ? 'live' : 'test'
}

/** A variable, or the file that `…_FILE` names. */
function optional(env: Environment, name: string): string | undefined {
  const value = env[name]
  if (value !== undefined && value !== '') return value
  const file = name.endsWith('_FILE') ? undefined : env[`${name}_FILE`]
  return file === undefined || file === '' ? undefined : readText(file, `${name}_FILE`).trim()
}

function required(env: Environment, name: string, what: string): string {
  const value = optional(env, name)
  if (value === undefined) throw new Failure(`${name} is not set: ${what}.`)
  return value
}

function readText(file: string, name: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    throw new Failure(`${name} names a file that cannot be read: ${file}`)
  }
}
