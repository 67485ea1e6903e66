import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Client } from 'pg'
import { Agent, request } from 'undici'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { PATIENCE } from '../saoma-program.ts'
import { startFaultProxy, type FaultKind, type FaultProxy } from './fault-proxy.ts'
import { postgresPrograms, query, sharedPostgres } from './postgres.ts'

/** A server that takes orders, and a client that keeps its connection between them. */
async function shop(): Promise<{
  proxy: FaultProxy
  orders: string[]
  order: (name: string, signal?: AbortSignal) => Promise<number>
}> {
  const orders: string[] = []
  const server = createServer((incoming, response) => {
    let body = ''
    incoming.on('data', (part: Buffer) => (body += part.toString()))
    incoming.on('end', () => {
      orders.push(body)
      response.end('ok')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const proxy = await startFaultProxy(port)
  const agent = new Agent({ connections: 1 })
  onTestFinished(() => agent.destroy())
  const url = proxy.through(`http://127.0.0.1:${port}/orders?a=1`)
  const order = async (name: string, signal?: AbortSignal): Promise<number> => {
    const { statusCode, body } = await request(url, {
      dispatcher: agent,
      method: 'POST',
      body: name,
      ...(signal && { signal }),
    })
    await body.dump()
    return statusCode
  }
  return { proxy, orders, order }
}

/** Orders, and waits no longer for the answer once something has happened. */
async function giveUp(
  order: (name: string, signal: AbortSignal) => Promise<number>,
  happened: () => boolean,
): Promise<void> {
  const controller = new AbortController()
  const ordered = expect(order('cake', controller.signal)).rejects.toThrow('given up')
  await vi.waitUntil(happened, PATIENCE)
  controller.abort(new Error('given up'))
  await ordered
}

const RESET = /other side closed|ECONNRESET/

describe('between a client and an HTTP server', () => {
  test('pass: nothing happens', async () => {
    const { proxy, orders, order } = await shop()
    expect([await order('tea'), await order('cake')]).toEqual([200, 200])
    expect(orders).toEqual(['tea', 'cake'])
    expect(proxy.counts).toEqual(counted({ pass: 2 }))
  })

  test('refuse: nobody listens, also not for who was connected, until it passes again', async () => {
    const { proxy, orders, order } = await shop()
    await order('tea')
    await proxy.set({ kind: 'refuse' })
    await expect(order('cake')).rejects.toThrow(/ECONNREFUSED|ECONNRESET|other side closed/)
    await expect(order('cake')).rejects.toThrow('ECONNREFUSED')
    await proxy.set({ kind: 'pass' })
    expect(await order('cake')).toBe(200)
    expect(orders).toEqual(['tea', 'cake'])
    expect(proxy.counts).toEqual(counted({ pass: 2, refuse: 1 }))
  })

  test('cut-before: the server has not heard of it', async () => {
    const { proxy, orders, order } = await shop()
    await order('tea')
    await proxy.set({ kind: 'cut-before' })
    await expect(order('cake')).rejects.toThrow(RESET)
    await proxy.set({ kind: 'pass' })
    await order('pie')
    expect(orders).toEqual(['tea', 'pie'])
    expect(proxy.counts).toEqual(counted({ pass: 2, 'cut-before': 1 }))
  })

  test('cut-after: the server has done it, and the client does not know', async () => {
    const { proxy, orders, order } = await shop()
    await proxy.set({ kind: 'cut-after' })
    await expect(order('cake')).rejects.toThrow(RESET)
    expect(orders).toEqual(['cake'])
    expect(proxy.counts).toEqual(counted({ 'cut-after': 1 }))
  })

  test('delay: it arrives after the client has given up', async () => {
    const { proxy, orders, order } = await shop()
    await proxy.set({ kind: 'delay', requestMs: 1000 })
    await giveUp(order, () => proxy.counts.delay === 1)
    expect(orders).toEqual([])
    await vi.waitUntil(() => orders.length === 1, PATIENCE)
  })

  test('delay: the answer is late', async () => {
    const { proxy, orders, order } = await shop()
    await proxy.set({ kind: 'delay', answerMs: 1000 })
    await giveUp(order, () => orders.length === 1)
    expect(proxy.counts).toEqual(counted({ delay: 1 }))
    await proxy.set({ kind: 'delay', answerMs: 10 })
    expect(await order('cake')).toBe(200)
  })

  test('black-hole: nobody hears anything', async () => {
    const { proxy, orders, order } = await shop()
    await order('tea')
    await proxy.set({ kind: 'black-hole' })
    await giveUp(order, () => proxy.counts['black-hole'] === 1)
    await proxy.set({ kind: 'pass' })
    expect(await order('pie')).toBe(200)
    expect(orders).toEqual(['tea', 'pie'])
    expect(proxy.counts).toEqual(counted({ pass: 2, 'black-hole': 1 }))
  })

  test('a fault is for the requests that it is aimed at', async () => {
    const { proxy, orders, order } = await shop()
    await proxy.set({ kind: 'cut-after', matching: /cake/, times: 1 })
    expect(await order('tea')).toBe(200)
    await expect(order('cake')).rejects.toThrow(RESET)
    expect(await order('cake')).toBe(200)
    expect(orders).toEqual(['tea', 'cake', 'cake'])
    expect(proxy.counts).toMatchObject({ 'cut-after': 1 })
  })

  test('the same seed has the same accidents', async () => {
    const probabilities = { refuse: 0.2, 'cut-before': 0.2, 'cut-after': 0.2, delay: 0.2 }
    const accidents = async (seed: number): Promise<object> => {
      const { proxy, orders, order } = await shop()
      await proxy.set({ kind: 'random', seed, probabilities, delayMsMax: 5 })
      const fates: string[] = []
      for (let number = 1; number <= 40; number++) {
        const answer = await order(`${number}`).catch(() => 'lost')
        fates.push(`${answer} ${orders.includes(`${number}`)}`)
      }
      return { fates, counts: proxy.counts }
    }
    const one = await accidents(1)
    expect(await accidents(1)).toEqual(one)
    expect(await accidents(2)).not.toEqual(one)
    expect(one).toMatchObject({
      fates: expect.arrayContaining(['200 true', 'lost true', 'lost false']) as unknown,
    })
  })

  test('an address that leads elsewhere is not led through it', async () => {
    const { proxy } = await shop()
    expect(() => proxy.through('http://127.0.0.1:1/')).toThrow('does not lead to port')
  })
})

describe.skipIf(postgresPrograms === '')('between a client and PostgreSQL', () => {
  async function committed(mode: 'cut-before' | 'cut-after'): Promise<boolean> {
    const server = await sharedPostgres()
    const url = await server.createDatabase()
    await query(url, 'create table payment (id int)')
    const proxy = await startFaultProxy(server.port)
    await proxy.set({ kind: mode, matching: /\bcommit\b/i })
    const client = new Client({ connectionString: proxy.through(url) })
    client.on('error', () => {})
    await client.connect()
    await client.query('begin')
    await client.query('insert into payment values ($1)', [1])
    await expect(client.query('commit')).rejects.toThrow(/terminated|ECONNRESET/)
    expect(proxy.counts[mode]).toBe(1)
    return (await query(url, 'select from payment')).length === 1
  }

  test('a commit whose answer is cut off is done', async () => {
    expect(await committed('cut-after')).toBe(true)
  })

  test('a commit that is cut off itself is not done', async () => {
    expect(await committed('cut-before')).toBe(false)
  })
})

function counted(some: Partial<Record<FaultKind, number>>): Record<FaultKind, number> {
  const none = { pass: 0, refuse: 0, 'cut-before': 0, 'cut-after': 0, delay: 0, 'black-hole': 0 }
  return { ...none, ...some }
}
