import { Client } from 'pg'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { PATIENCE } from '../saoma-program.ts'
import { postgresPrograms, query } from './postgres.ts'
import { startReplicatedPostgres } from './standby.ts'

const WRITERS = 8

describe.skipIf(postgresPrograms === '')('a primary with a synchronous standby', () => {
  test('loses no acknowledged row when it is killed and the standby promoted', async () => {
    const servers = await startReplicatedPostgres()
    const { primary, standby } = servers
    const url = await servers.createDatabase()
    const hosts = `127.0.0.1:${primary.port},127.0.0.1:${standby.port}`
    expect(url).toMatch(
      new RegExp(`^postgres://postgres@${hosts}/test_\\w+\\?target_session_attrs=read-write$`),
    )
    const database = new URL(url.replace(/,.*?\//, '/')).pathname.slice(1)
    await query(primary.urlOf(database), 'create table payment (id text primary key)')

    const acknowledged: string[] = []
    const writing = Array.from({ length: WRITERS }, async (_, writer) => {
      const client = new Client({ connectionString: primary.urlOf(database) })
      client.on('error', () => {})
      onTestFinished(() => void client.end().catch(() => {}))
      await client.connect()
      for (let number = 1; ; number++) {
        const id = `${writer}-${number}`
        await client.query('insert into payment values ($1)', [id])
        acknowledged.push(id)
      }
    })
    const interrupted = Promise.allSettled(writing)
    await vi.waitUntil(() => acknowledged.length > 500, PATIENCE)
    await servers.killPrimary()
    await interrupted
    await expect(query(standby.urlOf(database), 'delete from payment')).rejects.toThrow('read-only')

    await servers.promoteStandby()
    const rows = await query<{ id: string }>(standby.urlOf(database), 'select id from payment')
    const kept = new Set(rows.map(({ id }) => id))
    expect(acknowledged.filter((id) => !kept.has(id))).toEqual([])
    await query(standby.urlOf(database), `insert into payment values ('after')`)
  })

  test('does not acknowledge what the standby has not written', async () => {
    const { primary, standby } = await startReplicatedPostgres()
    await query(primary.url, 'create table payment (id int)')
    standby.pause()
    const written = query(primary.url, 'insert into payment values (1)')
    await vi.waitFor(async () => {
      const waiting = `select from pg_stat_activity where wait_event = 'SyncRep'`
      expect(await query(primary.url, waiting)).toHaveLength(1)
    }, PATIENCE)
    standby.resume()
    await written
  })

  test('that is asynchronous acknowledges alone', async () => {
    const { primary, standby } = await startReplicatedPostgres({ synchronous: false })
    await query(primary.url, 'create table payment (id int)')
    standby.pause()
    await query(primary.url, 'insert into payment values (1)')
  })
})
