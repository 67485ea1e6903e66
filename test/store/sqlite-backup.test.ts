/**
 * A backup is one moment of the payments, and they do not wait for it.
 *
 * @module
 */

import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { openDatabase } from '../../src/store/database-sync.ts'
import { BackupExists, openSqliteStore, type SqliteStore } from '../../src/store/index.ts'
import { testFolder } from './opened-stores.ts'
import { add, commitOf, lease } from './payments-to-store.ts'

let folder: string
let store: SqliteStore
let copy: string

beforeEach(async () => {
  folder = testFolder()
  copy = join(folder, 'copy.db')
  store = await openSqliteStore(join(folder, 'saoma.db'), { identity: 'test 1' })
  onTestFinished(() => store.close())
})

test('of payments under way is whole, private, and no later than when it ended', async () => {
  const { payments } = store
  const before = Array.from({ length: 2_000 }, (_, index) => `pay_before_${index}`)
  await Promise.all(before.map((id) => add(payments, id)))
  const over = new AbortController()
  let after = 0
  const writing = (async () => {
    for (; !over.signal.aborted; after++) {
      const id = `pay_during_${after}`
      await payments.insert(commitOf(id), lease())
      await payments.save(commitOf(id, { version: 2 }))
    }
  })()
  await store.backup(copy)
  const written = after
  over.abort()
  await writing
  expect(written).toBeGreaterThan(0)

  expect((statSync(copy).mode & 0o777).toString(8)).toBe('600')
  expect(readdirSync(folder).filter((name) => name.startsWith('copy.db'))).toEqual(['copy.db'])
  const database = await openDatabase(copy)
  expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
  database.close()
  const restored = await openSqliteStore(copy, { identity: 'test 1' })
  onTestFinished(() => restored.close())
  const kept = await restored.payments.list({ limit: 100_000 })
  const ids = kept.map(({ payment }) => payment.id)
  expect(ids).toEqual(expect.arrayContaining(before))
  const events = await restored.payments.eventsAfter(0, 100_000)
  const versions = kept.reduce((sum, { payment }) => sum + payment.version, 0)
  expect(events).toHaveLength(versions)
})

test('does not stop the payments while it is made', async () => {
  const ids = Array.from({ length: 10_000 }, (_, index) => `pay_${index}`)
  await Promise.all(ids.map((id) => store.payments.insert(commitOf(id), lease())))
  const over = new AbortController()
  const backup = store.backup(copy).finally(() => over.abort())
  let writes = 0
  for (; !over.signal.aborted; writes++)
    await store.payments.insert(commitOf(`during_${writes}`), lease())
  await backup
  expect(writes).toBeGreaterThan(10)
})

test.each(['copy.db', 'copy.db.partial'])('overwrites nothing: %s', async (name) => {
  writeFileSync(join(folder, name), 'precious')
  await expect(store.backup(copy)).rejects.toThrow(BackupExists)
  await expect(store.backup(copy)).rejects.toMatchObject({ code: 'ERR_BACKUP_EXISTS' })
  expect(readFileSync(join(folder, name), 'utf8')).toBe('precious')
  await store.backup(join(folder, 'other.db'))
})

test('to the very file is refused, and takes nothing from its owner', async () => {
  await expect(store.backup(join(folder, 'saoma.db'))).rejects.toThrow(BackupExists)
  await expect(openSqliteStore(join(folder, 'saoma.db'))).rejects.toThrow('is open in another')
  await add(store.payments, 'pay_1')
})

test('that fails leaves nothing behind', async () => {
  await expect(store.backup(join(folder, 'no', 'folder.db'))).rejects.toThrow('ENOENT')
  const [first, second] = await Promise.allSettled([store.backup(copy), store.backup(copy)])
  expect([first?.status, second?.status].toSorted()).toEqual(['fulfilled', 'rejected'])
  expect(readdirSync(folder).filter((name) => name.includes('partial'))).toEqual([])
})

test('of a store in memory, or one that is closed, is refused', async () => {
  const memory = await openSqliteStore(':memory:')
  await expect(memory.backup(copy)).rejects.toThrow('in memory')
  await memory.close()
  await store.close()
  await expect(store.backup(copy)).rejects.toThrow('closed')
})
