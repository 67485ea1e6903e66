import { Client } from 'pg'
import { describe, expect, onTestFinished, test } from 'vitest'
import { postgresPrograms, query, sharedPostgres, startPostgres } from './postgres.ts'

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  onTestFinished(() => void client.end().catch(() => {}))
  return client
}

describe.skipIf(postgresPrograms === '')('a PostgreSQL server', () => {
  test('is shared by the tests of a file, each with an empty database of its own', async () => {
    const [one, other] = [await sharedPostgres(), await sharedPostgres()]
    expect(one).toBe(other)
    const [first, second] = await Promise.all([one.createDatabase(), one.createDatabase()])
    await query(first, 'create table payment (id int)')
    await expect(query(second, 'select from payment')).rejects.toThrow('does not exist')
  })

  test.each(['fsync', 'synchronous_commit', 'full_page_writes'])('keeps %s on', async (name) => {
    const { url } = await sharedPostgres()
    expect(await query(url, `select current_setting($1) as value`, [name])).toEqual([
      { value: 'on' },
    ])
  })

  test('takes settings, and shows the log', async () => {
    const server = await startPostgres({ settings: { max_connections: '7', log_statement: 'all' } })
    expect(await query(server.url, 'show max_connections')).toEqual([{ max_connections: '7' }])
    expect(await server.logged('show max_connections')).toContain('statement')
  })

  test('that cannot start says why', async () => {
    await expect(startPostgres({ settings: { fsync: 'maybe' } })).rejects.toThrow(
      /ended without.*\n.*parameter "fsync" requires a Boolean value/s,
    )
  })

  test('that is killed has every row that it has acknowledged, under the same address', async () => {
    const server = await startPostgres()
    const url = await server.createDatabase()
    const client = await connected(url)
    await client.query('create table payment (id int)')
    const acknowledged: number[] = []
    let killed: Promise<void> | undefined
    const writing = (async () => {
      for (let id = 1; ; id++) {
        await client.query('insert into payment values ($1)', [id])
        acknowledged.push(id)
        if (id === 100) killed = server.kill()
      }
    })()
    await expect(writing).rejects.toThrow(/terminated|ECONNRESET/)
    await killed
    await expect(query(url, 'select')).rejects.toThrow('ECONNREFUSED')

    await server.start()
    expect(server.log()).toContain('was not properly shut down')
    const rows = await query<{ id: number }>(url, 'select id from payment order by id')
    expect(rows.map(({ id }) => id).slice(0, acknowledged.length)).toEqual(acknowledged)
  })

  test.each(['fast', 'immediate'] as const)(
    'is stopped (%s) with its clients, and restarted',
    async (mode) => {
      const server = await startPostgres()
      const client = await connected(server.url)
      await server.stop(mode)
      await expect(client.query('select')).rejects.toThrow()
      await server.start()
      await server.restart()
      expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }])
    },
  )

  test('that is paused keeps its connections and does nothing until it goes on', async () => {
    const server = await startPostgres()
    const client = await connected(server.url)
    server.pause()
    const open = client.query<{ at: Date }>('select clock_timestamp() as at')
    const fresh = query<{ at: Date }>(server.url, 'select clock_timestamp() as at')
    // Time for it to do so, if it could.
    await query((await sharedPostgres()).url, 'select pg_sleep(0.2)')
    const resumedAt = new Date()
    server.resume()
    for (const [row] of [(await open).rows, await fresh]) {
      expect(row?.at.getTime()).toBeGreaterThanOrEqual(resumedAt.getTime())
    }
  })
})
