/**
 * Several applications in one server, on both stores: one of them from the settings, one from a
 * file that they name, one added while it runs. Each has a merchant of its own at Alipay, behind
 * one gateway.
 *
 * @module
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createClient, MovableClock } from '../../src/alipay/index.ts'
import { findApps } from '../../src/cli/apps.ts'
import { examine } from '../../src/cli/doctor.ts'
import { readServeConfiguration, type Environment } from '../../src/cli/configuration.ts'
import {
  openStore,
  startMerchantServer,
  type MerchantServer,
} from '../../src/cli/merchant-server.ts'
import type { Emulator } from '../../src/testing.ts'
import { openAlipay } from '../machines/alipay-of-many.ts'
import { sharedPostgres } from '../machines/postgres.ts'
import { startWebhookSink, type WebhookSink } from '../machines/webhook-sink.ts'
import { sharedStoreKinds } from '../store/opened-stores.ts'
import { runSaoma } from './run-saoma.ts'

const PATIENCE = { timeout: 20_000, interval: 50 }
const NOTIFY_TOKEN = 'notify-token-of-them-all'
const OPERATOR_KEY = 'rk_test_operator_of_all_applications'

interface Shop {
  readonly emulator: Emulator
  readonly key: string
}

interface ApiObject {
  readonly id: string
  readonly status: string
  readonly key?: string
  readonly error?: { readonly code: string }
  readonly data?: readonly ApiObject[]
  readonly [field: string]: unknown
}

let alipay: Awaited<ReturnType<typeof openAlipay>>
let merchants: string

beforeAll(async () => {
  merchants = mkdtempSync(join(tmpdir(), 'saoma-alipay-'))
  alipay = await openAlipay(merchants, ['first', 'second', 'third'])
}, 60_000)
afterAll(async () => {
  await alipay?.close()
  rmSync(merchants, { recursive: true })
})

describe.each(sharedStoreKinds)('on $kind', ({ kind }) => {
  let folder: string
  let env: Environment
  let server: MerchantServer
  let sink: WebhookSink
  let url: string
  const shops: Record<string, Shop> = {}

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'saoma-apps-'))
    sink = await startWebhookSink()
    const [first, second] = [alipay.emulators['first'], alipay.emulators['second']]
    if (first === undefined || second === undefined) throw new Error('Alipay has no merchants')
    const settings = ({ credentials }: Emulator, apiKey: string) => ({
      SAOMA_APP_ID: credentials.app_id,
      SAOMA_APP_PRIVATE_KEY: credentials.app_private_key,
      SAOMA_ALIPAY_PUBLIC_KEY: credentials.alipay_public_key,
      SAOMA_API_KEY: apiKey,
    })
    const file = join(folder, 'second.env')
    const own = { ...settings(second, 'sk_test_second'), SAOMA_PRODUCT_CODE: 'QR_CODE_OFFLINE' }
    const lines = Object.entries({ ...own, SAOMA_PORT: '1' })
    writeFileSync(file, lines.map(([name, value]) => `${name}=${value}\n`).join(''))
    env = {
      ...settings(first, 'sk_test_first'),
      SAOMA_GATEWAY: alipay.gateway,
      SAOMA_PUBLIC_URL: 'http://127.0.0.1:1',
      SAOMA_PORT: '0',
      SAOMA_FOLDER: folder,
      SAOMA_APPS: file,
      SAOMA_NOTIFY_TOKEN: NOTIFY_TOKEN,
      SAOMA_OPERATOR_KEY: OPERATOR_KEY,
      SAOMA_WEBHOOK_ALLOW: '127.0.0.1',
      ...(kind === 'postgresql' && {
        SAOMA_DATABASE_URL: await (await sharedPostgres()).createDatabase(),
      }),
    }
    shops['first'] = { emulator: first, key: 'sk_test_first' }
    shops['second'] = { emulator: second, key: 'sk_test_second' }
    await start()
  }, 60_000)
  afterAll(async () => {
    await server?.close()
    rmSync(folder, { recursive: true })
  })

  /** Starts the server that the settings describe, at a free port that Alipay is told. */
  async function start(): Promise<void> {
    const probe = createServer()
    await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
    const { port } = probe.address() as AddressInfo
    await new Promise((resolve) => probe.close(resolve))
    url = `http://127.0.0.1:${port}`
    const configuration = readServeConfiguration({
      ...env,
      SAOMA_PORT: `${port}`,
      SAOMA_PUBLIC_URL: url,
    })
    const clock = new MovableClock()
    const { gateway } = configuration
    const identity = `${gateway.mode} ${gateway.client.appId}`
    const log = () => {}
    const store = await openStore({ ...configuration, identity, clock, log })
    const client = createClient({ ...gateway.client, clock })
    server = await startMerchantServer({ ...configuration, identity, client, store, clock, log })
  }

  async function api(
    key: string,
    method: string,
    path: string,
    body?: object,
    app?: string,
  ): Promise<ApiObject & { readonly http: number }> {
    const answer = await fetch(`${url}/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        ...(app !== undefined && { 'saoma-app': app }),
      },
      ...(body && { body: JSON.stringify(body) }),
    })
    return { ...((await answer.json()) as ApiObject), http: answer.status }
  }

  const shopOf = (name: string): Shop => {
    const shop = shops[name]
    if (shop === undefined) throw new Error(`There is no shop ${name} yet`)
    return shop
  }

  const sell = async (name: string) => {
    const order = { amount: 100, subject: name }
    const made = await api(shopOf(name).key, 'POST', '/payments', order)
    expect(made, JSON.stringify(made)).toMatchObject({ http: 201, status: 'pending' })
    return made
  }

  /** Has a buyer of that merchant's pay, and waits until the notification has come. */
  const pay = async (name: string, { id, next_action }: ApiObject) => {
    const { emulator, key } = shopOf(name)
    const buyer = emulator.wallet.buyers()[0]?.id ?? ''
    const code = (next_action as { qr_code: string }).qr_code
    const scanned = emulator.wallet.scan(code, buyer)
    if (scanned.status !== 'ready') throw new Error(scanned.status)
    emulator.wallet.pay(scanned.trade.trade_no, buyer)
    await vi.waitFor(async () => {
      const { status } = await api(key, 'GET', `/payments/${id}`)
      expect(status).toBe('succeeded')
    }, PATIENCE)
  }

  const lastProduct = (): string => {
    const sent = alipay.sent.findLast((one) => one.get('method') === 'alipay.trade.precreate')
    const content = JSON.parse(sent?.get('biz_content') ?? '{}') as { product_code: string }
    return content.product_code
  }

  test('those of the settings sell, each by its own keys and as its contract says', async () => {
    await pay('first', await sell('first'))
    expect(lastProduct()).toBe('FACE_TO_FACE_PAYMENT')
    const sold = await sell('second')
    expect(lastProduct()).toBe('QR_CODE_OFFLINE')
    await pay('second', sold)
    const timeline = await api(shopOf('second').key, 'GET', `/payments/${sold.id}/timeline`)
    expect(timeline.data?.some((line) => line['source'] === 'notification')).toBe(true)
  })

  test('a further one is added in steps, and sells once Alipay has taken its keys', async () => {
    const third = alipay.emulators['third'] as Emulator
    const { app_id, app_private_key, alipay_public_key } = third.credentials
    const refused = await api(shopOf('first').key, 'POST', '/apps', { app_id })
    expect([refused.http, refused.error?.code]).toEqual([403, 'scope_missing'])

    const added = await api(OPERATOR_KEY, 'POST', '/apps', { app_id, name: '第三家' })
    expect(added).toMatchObject({ http: 201, app_id, ready: false, source: 'api' })
    const again = await api(OPERATOR_KEY, 'POST', '/apps', { app_id })
    expect([again.http, again.error?.code]).toEqual([409, 'app_exists'])
    const made = await api(OPERATOR_KEY, 'POST', '/api_keys', { name: 'x', scopes: '*' }, added.id)
    const key = made.key ?? ''
    const early = await api(key, 'POST', '/payments', { amount: 1, subject: 'x' })
    expect([early.http, early.error?.code]).toEqual([409, 'app_not_ready'])

    const wrongKey = {
      private_key: app_private_key,
      alipay_public_key: shopOf('first').emulator.credentials.alipay_public_key,
    }
    const unproven = await api(key, 'POST', '/credentials', wrongKey)
    const denied = await api(key, 'POST', `/credentials/${unproven.id}/verify`)
    expect([denied.http, denied.error?.code]).toEqual([402, 'alipay_refused'])
    const keys = { private_key: app_private_key, alipay_public_key }
    const staged = await api(key, 'POST', '/credentials', keys)
    for (const step of ['verify', 'activate']) {
      expect((await api(key, 'POST', `/credentials/${staged.id}/${step}`)).http).toBe(200)
    }
    shops['third'] = { emulator: third, key }
    const endpoint = await api(key, 'POST', '/webhook_endpoints', { url: `${sink.url}/third` })
    expect(endpoint.http).toBe(201)
    const sold = await sell('third')
    await pay('third', sold)
    await vi.waitFor(() => {
      const told = sink.deliveries.map(({ body }) => JSON.parse(body.toString()) as ApiObject)
      expect(told.map(({ type }) => type)).toContain('payment.succeeded')
      expect(JSON.stringify(told)).toContain(sold.id)
      expect(JSON.stringify(told)).not.toContain('"subject":"first"')
    }, PATIENCE)
  })

  test('what belongs to one is not there for the key of another', async () => {
    for (const [name, { key }] of Object.entries(shops)) {
      const own = await sell(name)
      for (const [other, { key: otherKey }] of Object.entries(shops)) {
        if (other === name) continue
        for (const path of [`/payments/${own.id}`, `/payments/${own.id}/timeline`]) {
          expect((await api(otherKey, 'GET', path)).http, `${path} for ${other}`).toBe(404)
        }
        expect((await api(otherKey, 'POST', `/payments/${own.id}/cancel`)).http).toBe(404)
        const listed = await api(otherKey, 'GET', '/payments?limit=100')
        expect(listed.data?.map(({ id }) => id)).not.toContain(own.id)
      }
      const apps = await api(key, 'GET', '/apps')
      expect(apps.data?.map(({ app_id }) => app_id)).toEqual([
        shopOf(name).emulator.credentials.app_id,
      ])
    }
  })

  test('the operator sees all, and acts in the one that he names', async () => {
    const apps = await api(OPERATOR_KEY, 'GET', '/apps')
    expect(apps.data).toHaveLength(3)
    const third = apps.data?.[2]?.id ?? ''
    const theirs = await api(OPERATOR_KEY, 'GET', '/payments', undefined, third)
    expect(theirs.data?.every((one) => one['subject'] === 'third')).toBe(true)
    expect(theirs.data?.length).toBeGreaterThan(0)
    const audit = await api(OPERATOR_KEY, 'GET', '/audit_entries', undefined, third)
    expect(audit.data?.map(({ action }) => action)).toContain('api_key.create')
  })

  test('a notification counts for the application that it names, by the keys of that one alone', async () => {
    const sold = await sell('second')
    const { out_trade_no } = sold['alipay'] as { out_trade_no: string }
    const { first, second } = alipay.emulators
    const told = { out_trade_no, total_amount: '1.00', app_id: second?.credentials.app_id ?? '' }
    const post = async (by: Emulator | undefined) => {
      const body = (await by?.signNotification(told)) ?? ''
      const answer = await fetch(`${url}/alipay/notify/${NOTIFY_TOKEN}`, { method: 'POST', body })
      return [answer.status, await answer.text()]
    }
    expect(await post(first)).toEqual([400, 'fail'])
    const after = await api(shopOf('second').key, 'GET', `/payments/${sold.id}`)
    expect(after.status).toBe('pending')
    expect(await post(second)).toEqual([200, 'success'])
  })

  test('a day of each is compared with its own bill', async () => {
    // Of yesterday there is none before nine in the morning.
    const date = new Date(Date.now() + 8 * 3_600_000 - 2 * 86_400_000).toISOString().slice(0, 10)
    for (const { key } of Object.values(shops)) {
      await api(key, 'POST', '/reconciliations', { date })
      await vi.waitFor(async () => {
        const { data } = await api(key, 'GET', '/reconciliations')
        expect(data?.find((one) => one['date'] === date)?.status).toBe('balanced')
      }, PATIENCE)
    }
  })

  test('the product of one that was added can be changed, that of the settings cannot', async () => {
    const [home, , third] = (await api(OPERATOR_KEY, 'GET', '/apps')).data ?? []
    const change = { product_code: 'QR_CODE_OFFLINE' }
    const changed = await api(OPERATOR_KEY, 'PATCH', `/apps/${third?.id}`, change)
    expect(changed).toMatchObject({ http: 200, ...change, name: '第三家' })
    await sell('third')
    expect(lastProduct()).toBe('QR_CODE_OFFLINE')
    const fixed = await api(OPERATOR_KEY, 'PATCH', `/apps/${home?.id}`, change)
    expect([fixed.http, fixed.error?.code]).toEqual([409, 'app_configured'])
  })

  test('what was added is served by the next process, with its keys', async () => {
    const paid = await sell('third')
    await server.close()
    await start()
    expect((await api(OPERATOR_KEY, 'GET', '/apps')).data).toHaveLength(3)
    const sold = await sell('third')
    await pay('third', sold)
    expect((await api(shopOf('third').key, 'GET', `/payments/${paid.id}`)).http).toBe(200)
  })

  test('one that is retired takes nothing new, and gives back what it took', async () => {
    const sold = await sell('third')
    await pay('third', sold)
    const [, , third] = (await api(OPERATOR_KEY, 'GET', '/apps')).data ?? []
    const retired = await api(OPERATOR_KEY, 'POST', `/apps/${third?.id}/retire`)
    expect(retired).toMatchObject({ http: 200, status: 'retired' })
    const { key } = shopOf('third')
    const order = { amount: 1, subject: 'x' }
    const refused = await api(key, 'POST', '/payments', order)
    expect([refused.http, refused.error?.code]).toEqual([409, 'app_retired'])
    const refund = await api(key, 'POST', '/refunds', { payment: sold.id })
    expect([200, 202]).toContain(refund.http)
    await vi.waitFor(async () => {
      expect((await api(key, 'GET', `/refunds/${refund.id}`)).status).toBe('succeeded')
    }, PATIENCE)
    await api(OPERATOR_KEY, 'POST', `/apps/${third?.id}/restore`)
    expect((await api(key, 'POST', '/payments', order)).http).toBe(201)
  })

  test.runIf(kind === 'sqlite')('the command line acts in the one that it is told', async () => {
    const apps = await findApps({}, folder).list()
    expect(apps.map(({ source }) => source)).toEqual(['configuration', 'configuration', 'api'])
    const payments = await runSaoma(['payments', 'list', '--folder', folder], {
      env: { SAOMA_APP: apps[2]?.id ?? '' },
    })
    expect(payments.stdout, payments.stderr).toContain('third')
    expect(payments.stdout).not.toContain('first')
  })

  test('the command line adds one, and says what is to be uploaded', async () => {
    const known = findApps({}, folder)
    const added = await known.add('9021000000000004', {})
    expect(added).toMatchObject({ status: 'staged', app: { ready: false }, api_key: null })
    expect(added.application_public_key).toMatch(/^MIIBIj/)
    await expect(known.step('9021000000000005', 'retire')).rejects.toThrow('no application')
  })

  test('the doctor looks at each of them', async () => {
    const findings = await examine({ ...env, SAOMA_PUBLIC_URL: url })
    const of = (what: string) => findings.find((one) => one.what === what)?.status
    const appIdOf = (name: string) => shopOf(name).emulator.credentials.app_id
    expect(of('Keys at Alipay')).toBe('right')
    expect(of(`Keys at Alipay (${appIdOf('second')})`)).toBe('right')
    expect(of(`Application ${appIdOf('third')}`)).toBe('right')
    expect(of('Application 9021000000000004')).toBe('warning')
  })

  test.runIf(kind === 'sqlite')(
    'a setting that cannot be is told with the file that has it',
    () => {
      const written = (settings: Record<string, string>): string => {
        const file = join(folder, `wrong-${Object.keys(settings).join('-')}.env`)
        const lines = Object.entries({ SAOMA_APP_ID: '9021000000000009', ...settings })
        writeFileSync(file, lines.map(([name, value]) => `${name}=${value}\n`).join(''))
        return file
      }
      const keys = { SAOMA_APP_PRIVATE_KEY: 'x', SAOMA_ALIPAY_PUBLIC_KEY: 'x' }
      const read = (file: string) => readServeConfiguration({ ...env, SAOMA_APPS: file }).apps
      expect(read(written(keys))).toMatchObject([
        {
          apiKey: undefined,
          merchantName: undefined,
          gateway: { productCode: 'FACE_TO_FACE_PAYMENT' },
        },
      ])
      for (const [settings, message] of [
        // Nobody's keys are taken for another's.
        [{}, 'SAOMA_APP_PRIVATE_KEY is not set'],
        [{ ...keys, SAOMA_GATEWAY: 'production' }, 'SAOMA_GATEWAY is another'],
        [{ ...keys, SAOMA_APP_ID: env['SAOMA_APP_ID'] ?? '' }, 'is configured twice'],
      ] as const) {
        const file = written(settings)
        expect(() => read(file)).toThrow(`${file}: `)
        expect(() => read(file)).toThrow(message)
      }
      expect(() => read(join(folder, 'nowhere.env'))).toThrow(/^SAOMA_APPS names a file/)
    },
  )
})
