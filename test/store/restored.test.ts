/**
 * A database that comes from a backup knows it, on both stores and for each application that it
 * holds; a move to PostgreSQL takes that along.
 *
 * @module
 */

import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { addMs } from '../../src/alipay/index.ts'
import {
  moveToPostgres,
  noteFileRestored,
  notePostgresRestored,
  openPostgresStore,
  openSqliteStore,
  type Store,
} from '../../src/store/index.ts'
import { postgresPrograms, sharedPostgres } from '../machines/postgres.ts'
import { testFolder } from './opened-stores.ts'
import { commitOf, lease, opening } from './payments-to-store.ts'

const LAST = addMs(opening, 5_000)

test('a SQLite file, from its last change until a server runs on it', async () => {
  const file = join(testFolder(), 'saoma.db')
  const before = await openSqliteStore(file, { identity: 'live 1' })
  await sell(before)
  await before.close()
  expect(await noteFileRestored(file)).toEqual({ apps: ['live 1', 'live 2'], lastChange: LAST })
  const store = await openSqliteStore(file, { identity: 'live 1' })
  onTestFinished(() => store.close())
  await expectHeld(store)
})

test.skipIf(postgresPrograms === '')('PostgreSQL, also for who has sold nothing yet', async () => {
  const url = await (await sharedPostgres()).createDatabase()
  const store = await openPostgresStore({ url, identity: 'live 1' })
  onTestFinished(() => store.close())
  await sell(store)
  const noted = await notePostgresRestored(url, 'live 3')
  expect(noted).toEqual({ apps: ['live 1', 'live 2', 'live 3'], lastChange: LAST })
  await expectHeld(store)
  expect(await store.of('live 3').payments.refundHold()).toMatchObject({ from: LAST })
  expect(await store.of('live 4').payments.refundHold()).toBeUndefined()
})

test.skipIf(postgresPrograms === '')('a hold goes along to PostgreSQL', async () => {
  const file = join(testFolder(), 'saoma.db')
  const before = await openSqliteStore(file, { identity: 'live 1' })
  await sell(before)
  await before.payments.holdRefunds(LAST)
  await before.close()
  const url = await (await sharedPostgres()).createDatabase()
  await moveToPostgres({ file, url })
  const store = await openPostgresStore({ url, identity: 'live 1' })
  onTestFinished(() => store.close())
  expect(await store.payments.refundHold()).toMatchObject({ from: LAST, liftedAt: null })
})

test('of several restored backups the one that is not lifted counts, with its whole gap', async () => {
  const { payments } = await openSqliteStore(':memory:')
  await payments.holdRefunds(opening)
  await payments.closeGap(addMs(opening, 1_000))
  expect(await payments.liftRefundHold({ by: 'bills', at: addMs(opening, 2_000) })).toBe(true)
  expect(await payments.refundHold()).toMatchObject({ liftedBy: 'bills' })
  await payments.holdRefunds(addMs(opening, 4_000))
  await payments.closeGap(addMs(opening, 5_000))
  await payments.holdRefunds(addMs(opening, 3_000))
  expect(await payments.refundHold()).toEqual({
    from: addMs(opening, 3_000),
    until: null,
    liftedAt: null,
    liftedBy: null,
  })
  await payments.closeGap(addMs(opening, 6_000))
  expect(await payments.refundHold()).toMatchObject({ until: addMs(opening, 6_000) })
})

/** A sale of two applications each; the last change is that of the second one. */
async function sell(store: Store): Promise<void> {
  for (const [app, updatedAt] of [
    ['live 1', opening],
    ['live 2', LAST],
  ] as const) {
    const held = lease()
    const commit = commitOf(`pay_${app.at(-1)}`, { updatedAt }, [], { release: held })
    expect(await store.of(app).payments.insert(commit, held)).toBe('inserted')
  }
}

async function expectHeld(store: Store): Promise<void> {
  for (const app of ['live 1', 'live 2']) {
    const { payments } = store.of(app)
    expect(await payments.refundHold()).toEqual({
      from: LAST,
      until: null,
      liftedAt: null,
      liftedBy: null,
    })
    await payments.closeGap(addMs(LAST, 1_000))
    await payments.closeGap(addMs(LAST, 2_000))
    expect(await payments.refundHold()).toMatchObject({ until: addMs(LAST, 1_000) })
  }
}
