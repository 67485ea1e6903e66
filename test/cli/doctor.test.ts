/**
 * `saoma doctor`, on what is right and on what people get wrong.
 *
 * @module
 */
import { createPublicKey } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../src/cli/free-port.ts'
import { formatBareKey, generateKeyPair, loadPrivateKey } from '../../src/alipay/keys.ts'
import type { Finding } from '../../src/cli/doctor.ts'
import { createEmulator, listenEmulator, type Emulator } from '../../src/testing.ts'
import { postgresPrograms, sharedPostgres } from '../machines/postgres.ts'
import { startSaoma, temporaryFolder, untilSaid } from '../saoma-program.ts'
import { runSaoma } from './run-saoma.ts'

let emulator: Emulator
let listening: Awaited<ReturnType<typeof listenEmulator>>

beforeAll(async () => {
  const port = await freePort()
  emulator = await createEmulator({ baseUrl: `http://127.0.0.1:${port}` })
  listening = await listenEmulator(emulator, { port })
})

afterAll(async () => {
  await listening.close()
  await emulator.stop()
})

/** The settings of a server that is right. */
function settings(port: number): Record<string, string> {
  const { app_id, app_private_key, alipay_public_key } = emulator.credentials
  return {
    SAOMA_GATEWAY: `http://127.0.0.1:${listening.port}/gateway.do`,
    SAOMA_APP_ID: app_id,
    SAOMA_APP_PRIVATE_KEY: app_private_key,
    SAOMA_ALIPAY_PUBLIC_KEY: alipay_public_key,
    SAOMA_PUBLIC_URL: `http://127.0.0.1:${port}`,
    SAOMA_PORT: String(port),
    SAOMA_FOLDER: temporaryFolder(),
  }
}

async function examine(env: Record<string, string>) {
  const { code, stdout, stderr } = await runSaoma(['doctor', '--json'], { env })
  expect(stderr).toBe('')
  const { findings } = JSON.parse(stdout) as { findings: Finding[] }
  return { code, findings, of: (what: string) => findings.find((one) => one.what === what) }
}

describe('a server that runs', () => {
  test('is found right in everything but its private address', async () => {
    const env = settings(await freePort())
    const server = await startSaoma(['serve'], env)
    await untilSaid(server, 'Stop with Ctrl+C')
    const { code, findings, of } = await examine(env)
    expect(findings.filter(({ status }) => status === 'wrong')).toEqual([])
    expect(findings.filter(({ status }) => status === 'warning').map(({ what }) => what)).toEqual([
      'Notify address',
    ])
    expect(of('Notify route')).toMatchObject({ status: 'right' })
    expect(of('Keys at Alipay')).toMatchObject({ status: 'right' })
    expect(of('Database')?.found).toContain(`pid ${server.pid}`)
    expect(code).toBe(0)

    const shown = await runSaoma(['doctor'], { env })
    expect(shown.stdout).toContain('✓ Keys at Alipay')
    expect(shown.stdout).toContain('A server can take payments.')
  })
})

describe('what people get wrong is named, with the way to mend it', () => {
  test.each([
    [
      'their own public key as Alipay’s',
      () => ({
        SAOMA_ALIPAY_PUBLIC_KEY: formatBareKey(
          createPublicKey(loadPrivateKey(emulator.credentials.app_private_key)),
          'spki',
        ),
      }),
      'Key alipay_public_key',
      /own/,
    ],
    [
      'a private key that was never uploaded',
      () => ({ SAOMA_APP_PRIVATE_KEY: formatBareKey(generateKeyPair().privateKey, 'pkcs8') }),
      'Keys at Alipay',
      /signature/i,
    ],
    [
      'the Alipay public key of another application',
      () => ({ SAOMA_ALIPAY_PUBLIC_KEY: formatBareKey(generateKeyPair().publicKey, 'spki') }),
      'Keys at Alipay',
      /public key/i,
    ],
    ['no APPID', () => ({ SAOMA_APP_ID: '' }), 'Configuration', /SAOMA_APP_ID/],
    [
      'a gateway that is not there',
      () => ({ SAOMA_GATEWAY: 'http://127.0.0.1:9/gateway.do' }),
      'Gateway',
      /./,
    ],
    [
      'an address that nobody serves',
      () => ({ SAOMA_PUBLIC_URL: 'http://127.0.0.1:9' }),
      'Notify route',
      /saoma serve/,
    ],
    [
      'a database that is not there',
      () => ({ SAOMA_DATABASE_URL: 'postgres://nobody:hunter2@127.0.0.1:9/x' }),
      'Database',
      /SAOMA_DATABASE_URL/,
    ],
  ])('%s', async (_, change, what, mend) => {
    const { of, findings } = await examine({ ...settings(await freePort()), ...change() })
    expect(of(what)?.status).not.toBe('right')
    expect(of(what)?.mend).toMatch(mend)
    expect(JSON.stringify(findings)).not.toContain('hunter2')
  })

  test.skipIf(postgresPrograms === '')('a PostgreSQL that is right is found right', async () => {
    const url = await (await sharedPostgres()).createDatabase()
    const env = { ...settings(await freePort()), SAOMA_DATABASE_URL: url }
    const { of } = await examine(env)
    expect(of('Database')).toMatchObject({ status: 'right' })
    expect(of('Durability')).toBeDefined()
  })
})
