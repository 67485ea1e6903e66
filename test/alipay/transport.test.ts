import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type AlipayClient, type ClientOptions, createClient } from '../../src/alipay/client.ts'
import { GatewayUnreachable } from '../../src/alipay/errors.ts'
import { createSigner, type Signer } from '../../src/alipay/signer.ts'
import { alipayPublicKey, answerBody, applicationPrivateKey } from './alipay-side.ts'
import { type GatewayServer, gatewayServer } from './gateway-server.ts'

const appId = '9021000000000001'
const signer = createSigner(applicationPrivateKey)

let gateway: GatewayServer
let tap: Awaited<ReturnType<typeof wireTap>>
let clients: AlipayClient[] = []

beforeEach(async () => {
  gateway = await gatewayServer()
  gateway.answer(({ params, biz }) =>
    answerBody(
      params.get('method') ?? '',
      JSON.stringify({ code: '10000', msg: 'Success', out_trade_no: biz?.['out_trade_no'] }),
    ),
  )
  tap = await wireTap(gateway.port)
})

afterEach(async () => {
  await tap.close()
  await gateway.close()
  await Promise.all(clients.map((client) => client.close()))
  clients = []
})

function clientWith(overrides: Partial<Record<keyof ClientOptions, unknown>> = {}) {
  const client = createClient({
    appId,
    gateway: `http://127.0.0.1:${tap.port}/gateway.do`,
    privateKey: applicationPrivateKey,
    alipayPublicKey,
    ...overrides,
  } as ClientOptions)
  clients.push(client)
  return client
}

const cancel = (client: AlipayClient, number: string, isStillWanted?: () => boolean) =>
  client.trade.cancel({ out_trade_no: number }, isStillWanted && { isStillWanted })

async function withdrawn(call: Promise<unknown>): Promise<GatewayUnreachable> {
  const error: unknown = await call.catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(GatewayUnreachable)
  expect(error).toMatchObject({ stage: 'withdrawn', outcome: 'not_applied', status: undefined })
  return error as GatewayUnreachable
}

const answeredNumbers = () => gateway.received.map(({ biz }) => biz?.['out_trade_no'])

describe('a call that is not wanted any more', () => {
  test('once it is signed is not sent: no byte of it', async () => {
    let isWanted = true
    const slow: Signer = {
      signType: 'RSA2',
      async sign(bytes) {
        const signature = await signer.sign(bytes)
        isWanted = false
        return signature
      },
    }
    const client = clientWith({ privateKey: undefined, signer: slow })
    const error = await withdrawn(cancel(client, 'A-1', () => isWanted))
    expect(error.message).toBe(
      'The caller did not want the call any more when it was to be sent. Nothing was sent.',
    )
    while (tap.connections() === 0) await turn()
    await client.close()
    await tap.ended()
    expect(tap.bytes()).toBe('')
  })

  test('once a connection is free is not sent, and those behind it are', async () => {
    const release = holdFirstAnswer()
    // Signatures are made on several threads: whichever is ready first would get the connection.
    let last = Promise.resolve('')
    const inTurn: Signer = {
      signType: 'RSA2',
      sign: (bytes) => (last = last.then(() => signer.sign(bytes))),
    }
    const client = clientWith({ privateKey: undefined, signer: inTurn, connectionsMax: 1 })
    const first = cancel(client, 'A-1')
    let isWanted = true
    const asked: string[] = []
    const second = cancel(client, 'A-2', () => {
      asked.push(`after ${gateway.received.length}`)
      return isWanted
    })
    const third = cancel(client, 'A-3', () => true)
    second.catch(() => undefined)
    while (gateway.received.length === 0) await turn()
    expect(asked).toEqual([])
    isWanted = false
    release()
    await Promise.all([first, withdrawn(second), third])
    expect(answeredNumbers()).toEqual(['A-1', 'A-3'])
    expect(asked).toEqual(['after 1'])
    expect(tap.bytes()).not.toContain('A-2')
    expect(tap.bytes().match(/POST /g)).toHaveLength(2)
  })

  test('costs no connection', async () => {
    const client = clientWith()
    await cancel(client, 'A-1')
    for (let call = 0; call < 5; call++) await withdrawn(cancel(client, 'A-2', () => false))
    await cancel(client, 'A-3')
    expect(tap.connections()).toBe(1)
    expect(tap.bytes().match(/POST /g)).toHaveLength(2)
  })

  test('is asked about once, when there is a connection', async () => {
    const client = clientWith()
    let asked = 0
    const isWanted = () => ++asked > 0
    await cancel(client, 'A-1', isWanted)
    expect(asked).toBe(1)
    const unreachable = clientWith({ gateway: 'http://saoma.invalid/gateway.do' })
    const call = cancel(unreachable, 'A-2', isWanted)
    await expect(call).rejects.toMatchObject({ stage: 'connect', outcome: 'not_applied' })
    expect(asked).toBe(1)
  })

  test('is not sent where it cannot tell', async () => {
    const cause = new TypeError('x is not a function')
    const call = cancel(clientWith(), 'A-1', () => {
      throw cause
    })
    expect((await withdrawn(call)).cause).toBe(cause)
    expect(gateway.received).toHaveLength(0)
  })

  test('is not sent through a proxy either', async () => {
    const proxy = await connectProxy()
    const client = clientWith({ proxy: `http://127.0.0.1:${proxy.port}` })
    await withdrawn(cancel(client, 'A-1', () => proxy.tunnels() === 0))
    await cancel(client, 'A-2', () => true)
    expect(answeredNumbers()).toEqual(['A-2'])
    expect(tap.bytes()).not.toContain('A-1')
    await proxy.close()
  })
})

test('a call that was given up while it waited costs no connection either', async () => {
  const release = holdFirstAnswer()
  const client = clientWith({ connectionsMax: 1 })
  const first = cancel(client, 'A-1')
  // Until then the other one might be signed sooner, and get the only connection.
  await vi.waitFor(() => expect(gateway.received).toHaveLength(1))
  const second = client.trade.cancel({ out_trade_no: 'A-2' }, { timeoutMs: 10 })
  await expect(second).rejects.toMatchObject({ stage: 'connect', outcome: 'not_applied' })
  release()
  await first
  await cancel(client, 'A-3')
  expect(answeredNumbers()).toEqual(['A-1', 'A-3'])
  expect(tap.connections()).toBe(1)
})

/** From now on the first request is answered only after the returned function was called. */
function holdFirstAnswer(): () => void {
  let release = (): void => undefined
  const held = new Promise<void>((resolve) => (release = resolve))
  gateway.answer(async ({ params }, outgoing) => {
    if (gateway.received.length === 1) await held
    outgoing.end(answerBody(params.get('method') ?? '', '{"code":"10000","msg":"Success"}'))
  })
  return release
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

/** Lies before the gateway and keeps every byte that comes in. */
async function wireTap(target: number) {
  const sockets = new Set<Socket>()
  const closings: Promise<unknown>[] = []
  let text = ''
  let connections = 0
  const server = createServer((socket) => {
    connections++
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
    closings.push(new Promise((resolve) => socket.once('close', resolve)))
    join(socket, connect(target, '127.0.0.1'), sockets)
  })
  return {
    port: await portOf(server),
    bytes: () => decodeURIComponent(text),
    connections: () => connections,
    ended: () => Promise.all(closings),
    close: () => closeAll(server, sockets),
  }
}

/** An HTTP proxy that speaks CONNECT and nothing else. */
async function connectProxy() {
  const sockets = new Set<Socket>()
  let tunnels = 0
  const server = createHttpServer()
  server.on('connect', ({ url = '' }, socket: Socket) => {
    tunnels++
    const [host, port] = url.split(':')
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
    join(socket, connect(Number(port), host), sockets)
  })
  return {
    port: await portOf(server),
    tunnels: () => tunnels,
    close: () => closeAll(server, sockets),
  }
}

function join(socket: Socket, upstream: Socket, sockets: Set<Socket>): void {
  socket.pipe(upstream).pipe(socket)
  for (const each of [socket, upstream]) {
    sockets.add(each)
    each.on('error', () => each.destroy())
  }
}

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

function closeAll(server: Server, sockets: Set<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy()
  return new Promise((resolve) => server.close(() => resolve()))
}
