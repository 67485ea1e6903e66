/**
 * What is told once is nowhere to be read afterwards: not in the database, which keeps the answers
 * of named requests for repeats, and whose files and backups get copied.
 *
 * @module
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createAccess, createUsers, MasterKey } from '../../src/access/index.ts'
import { ONE_APP_ID } from '../../src/server/index.ts'
import { openSqliteStore } from '../../src/store/index.ts'
import { createWebhooks } from '../../src/webhooks/index.ts'
import { API_KEY, startServer } from './server-under-test.ts'

test('keys, secrets and invitations are told again to a repeat, and kept sealed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'saoma-told-once-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const store = await openSqliteStore(join(folder, 'saoma.db'))
  onTestFinished(() => store.close())
  const vault = MasterKey.create()
  const access = createAccess({ store: store.access, vault })
  await access.adoptKey({ appId: ONE_APP_ID, key: API_KEY, name: 'test' })
  const users = createUsers({ store: store.users, vault, passwordLogN: 4 })
  const webhooks = createWebhooks({ store: store.webhooks, livemode: false, vault })
  const { api } = startServer({ access, users, webhooks })

  const secrets: string[] = []
  const ask = async (path: string, body: object, secret: string): Promise<string> => {
    const once = async () => {
      const answer = await api('POST', path, body, { 'idempotency-key': 'once' })
      expect(answer.ok).toBe(true)
      return (await answer.json()) as Record<string, string>
    }
    const first = await once()
    expect(await once()).toEqual(first)
    secrets.push(first[secret]?.replace(/^.*#|^\w+_/, '') ?? '')
    return first['id'] ?? ''
  }
  await ask('/v1/api_keys', { name: 'x', scopes: ['payments:read'] }, 'key')
  const endpoint = await ask('/v1/webhook_endpoints', { url: 'https://shop.example/' }, 'secret')
  await ask(`/v1/webhook_endpoints/${endpoint}/rotate_secret`, {}, 'secret')
  const invited = { email: 'xin@shop.example', name: '小新', role: 'cashier' }
  const user = await ask('/v1/users', invited, 'invitation')
  await ask(`/v1/users/${user}/reset`, {}, 'invitation')

  const kept = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1'))
  expect(kept.join('')).toContain('xin@shop.example')
  for (const secret of secrets) {
    expect(secret.length).toBeGreaterThan(20)
    expect(kept.join('').includes(secret), 'a secret lies open in the database').toBe(false)
  }
})
