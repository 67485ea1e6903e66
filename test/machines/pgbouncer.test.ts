import { Client } from 'pg'
import { describe, expect, onTestFinished, test } from 'vitest'
import { pgbouncerProgram, startPgbouncer, type Pgbouncer } from './pgbouncer.ts'
import { postgresPrograms, query, sharedPostgres } from './postgres.ts'

async function started(): Promise<{ bouncer: Pgbouncer; url: string }> {
  const server = await sharedPostgres()
  const settings = { default_pool_size: '2' }
  const bouncer = await startPgbouncer({ serverPort: server.port, settings })
  return { bouncer, url: bouncer.through(await server.createDatabase()) }
}

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url })
  client.on('error', () => {})
  onTestFinished(() => void client.end().catch(() => {}))
  await client.connect()
  return client
}

describe.skipIf(postgresPrograms === '' || pgbouncerProgram === '')('PgBouncer', () => {
  test('serves many clients with few connections, one for each transaction', async () => {
    const { url } = await started()
    const clients = await Promise.all(Array.from({ length: 10 }, () => connected(url)))
    const answers = await Promise.all(
      clients.map((client) => client.query<{ pid: number }>('select pg_backend_pid() as pid')),
    )
    const pids = new Set(answers.map(({ rows }) => rows[0]?.pid))
    expect([1, 2]).toContain(pids.size)
  })

  test('shows its pools', async () => {
    const { bouncer, url } = await started()
    await query(url, 'select')
    expect(await query(bouncer.consoleUrl, 'show pools')).toContainEqual(
      expect.objectContaining({
        database: new URL(url).pathname.slice(1),
        pool_mode: 'transaction',
      }),
    )
  })

  test('that is killed takes the connections along, and comes back under the same address', async () => {
    const { bouncer, url } = await started()
    const client = await connected(url)
    await bouncer.kill()
    await expect(client.query('select')).rejects.toThrow()
    await expect(query(url, 'select')).rejects.toThrow('ECONNREFUSED')
    await bouncer.restart()
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }])
  })
})
