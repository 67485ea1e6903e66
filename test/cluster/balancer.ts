/**
 * What stands before several nodes: one address, behind which each connection goes to the next node
 * that takes it. It knows those that are said to be out of order, and finds out about the dead.
 *
 * @module
 */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { fixedPort } from '../machines/fixed-port.ts'
import { afterUse } from '../machines/lifetime.ts'

/** A balancer on 127.0.0.1. */
export interface Balancer {
  readonly port: number
  /** Which ports connections go to from now on. Those to others are reset. */
  route(ports: readonly number[]): void
}

/** Starts one, which is gone after the test. */
export async function startBalancer(): Promise<Balancer> {
  let ports: readonly number[] = []
  let turn = 0
  /** Clients, and the port that each is connected to. */
  const open = new Map<Socket, number>()

  const forward = (client: Socket, left: readonly number[]): void => {
    const [port, ...others] = left
    if (port === undefined) {
      client.resetAndDestroy()
      return
    }
    const server = connect({ port, host: '127.0.0.1', noDelay: true })
    let isConnected = false
    server.once('connect', () => {
      isConnected = true
      open.set(client, port)
      client.pipe(server)
      server.pipe(client)
    })
    server.on('error', () => {
      if (isConnected) client.resetAndDestroy()
      else forward(client, others)
    })
    client.once('close', () => server.destroy())
    client.on('error', () => server.destroy())
  }
  const balancer = createServer({ noDelay: true }, (client) => {
    open.set(client, 0)
    client.once('close', () => open.delete(client))
    const first = turn++ % Math.max(1, ports.length)
    forward(client, [...ports.slice(first), ...ports.slice(0, first)])
  })
  const port = await fixedPort()
  balancer.listen(port, '127.0.0.1')
  await once(balancer, 'listening')
  afterUse(() => {
    balancer.close()
    for (const client of open.keys()) client.destroy()
  })
  return {
    port,
    route(next) {
      ports = next
      for (const [client, to] of open) if (to !== 0 && !next.includes(to)) client.resetAndDestroy()
    },
  }
}
