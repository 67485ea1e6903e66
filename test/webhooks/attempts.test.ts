/**
 * One attempt, against receivers that do what they like and names that mean what they should not.
 *
 * @module
 */
import { createServer as createTcpServer, type Socket } from 'node:net'
import { generateKeyPairSync } from 'node:crypto'
import { createServer as createTlsServer } from 'node:tls'
import { describe, expect, onTestFinished, test } from 'vitest'
import { addMs, MovableClock } from '../../src/alipay/index.ts'
import { issueCertificate } from '../../src/emulator/certificate-authority.ts'
import {
  ANSWER_BYTES_MAX,
  createWebhooks,
  HEALTHY,
  KeptSecrets,
  plainVault,
  SigningSecret,
  type AttemptResult,
  type Lookup,
  type WebhookEndpoint,
  type WebhooksOptions,
  type WebhookStore,
} from '../../src/webhooks/index.ts'
import { opening } from '../store/payments-to-store.ts'
import { listenOnLoopback, silence, startReceiver, status, verifiedByLibrary } from './stand.ts'

const clock = new MovableClock(opening)
const secret = SigningSecret.create()

/** Webhooks that know one endpoint, and send to the loopback address. */
function webhooksTo(url: string, options: Partial<WebhooksOptions> = {}) {
  const id = 'whe_1'
  const endpoint: WebhookEndpoint = {
    id,
    url,
    description: '',
    types: '*',
    status: 'enabled',
    disabledReason: null,
    secrets: KeptSecrets.of(secret, id, { vault: plainVault, now: opening }),
    ...HEALTHY,
    createdAt: opening,
    updatedAt: opening,
  }
  const store = { findEndpoint: async () => endpoint } as Partial<WebhookStore> as WebhookStore
  const webhooks = createWebhooks({
    store,
    livemode: false,
    addresses: { allowPrivate: true },
    clock,
    ...options,
  })
  onTestFinished(() => webhooks.stop())
  return webhooks
}

async function sendTo(url: string, options: Partial<WebhooksOptions> = {}): Promise<AttemptResult> {
  const result = await webhooksTo(url, options).test('whe_1')
  if (result === undefined) throw new Error('There is no such endpoint')
  return result
}

/** A server below HTTP: what it does with a connection. */
async function rawServer(onConnection: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createTcpServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    onConnection(socket)
  })
  const closeAllConnections = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return `http://127.0.0.1:${await listenOnLoopback(Object.assign(server, { closeAllConnections }))}/`
}

describe('scenario 43: an answer of a receiver', () => {
  test.each([
    [200, 'delivered', null],
    [201, 'delivered', null],
    [204, 'delivered', null],
    [400, 'failed', 'Answered 400.'],
    [404, 'failed', 'Answered 404.'],
    [410, 'gone', 'Answered 410: it takes no more webhooks.'],
    [500, 'failed', 'Answered 500.'],
    [503, 'failed', 'Answered 503.'],
  ] as const)('%i means %s', async (code, verdict, error) => {
    const receiver = await startReceiver(status(code))
    expect(await sendTo(receiver.url)).toMatchObject({ verdict, status: code, error })
    expect(receiver.received).toHaveLength(1)
  })

  test.each([301, 302, 303, 307, 308])('%i is a failure, and is not followed', async (code) => {
    const target = await startReceiver()
    const receiver = await startReceiver(status(code, { location: `${target.url}?token=secret` }))
    const result = await sendTo(receiver.url)
    expect(result).toMatchObject({ verdict: 'failed', status: code })
    expect(result.error).toBe(
      `Answered ${code} to ${target.url}: redirects are not followed. Give the endpoint the URL that answers itself.`,
    )
    expect(target.received).toEqual([])
  })

  test('200 whose body breaks off is a failure: it may not have been taken', async () => {
    const url = await rawServer((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nalmost')
        setImmediate(() => socket.destroy())
      })
    })
    const result = await sendTo(url)
    expect(result).toMatchObject({ verdict: 'failed', status: 200, answer: 'almost' })
    expect(result.error).toMatch(/^Answered 200, but the connection broke before the answer ended/)
  })

  test('200 whose connection is reset after the whole body is a success', async () => {
    const url = await rawServer((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
        setImmediate(() => socket.resetAndDestroy())
      })
    })
    expect(await sendTo(url)).toMatchObject({ verdict: 'delivered', status: 200, answer: 'ok' })
  })

  test('200 with 5 MB is a success, of which the beginning is kept', async () => {
    const receiver = await startReceiver((response) => {
      response.on('error', () => {})
      response.writeHead(200).end('字'.repeat(1_700_000))
    })
    const { answer, ...result } = await sendTo(receiver.url)
    expect(result).toMatchObject({ verdict: 'delivered', status: 200, error: null })
    expect(answer).toBe('字'.repeat(341))
  })

  test('200 without end is read so far and no further', async () => {
    let written = 0
    let closed: () => void = () => {}
    const isClosed = new Promise<void>((resolve) => (closed = resolve))
    const receiver = await startReceiver((response) => {
      response.writeHead(200)
      response.on('error', () => {}).on('close', closed)
      const write = (): void => {
        if (response.destroyed) return
        written += 16_384
        response.write('x'.repeat(16_384), write)
      }
      write()
    })
    expect(await sendTo(receiver.url)).toMatchObject({ verdict: 'delivered', status: 200 })
    await isClosed
    expect(written).toBeGreaterThanOrEqual(ANSWER_BYTES_MAX)
  })

  test('200 whose body never ends in time is a failure', async () => {
    const receiver = await startReceiver((response) => void response.writeHead(200).write('.'))
    expect(await sendTo(receiver.url, { attemptTimeoutMs: 200 })).toMatchObject({
      verdict: 'failed',
      status: 200,
      answer: '.',
      error: 'Answered 200, but the answer did not end within 200 ms.',
    })
  })

  test('that never comes is a failure', async () => {
    const receiver = await startReceiver(silence)
    expect(await sendTo(receiver.url, { attemptTimeoutMs: 100 })).toMatchObject({
      verdict: 'failed',
      status: null,
      error: 'No answer within 100 ms.',
      answer: null,
    })
  })

  test('after an informational one counts', async () => {
    const url = await rawServer((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n')
        socket.write('HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n')
      })
    })
    expect(await sendTo(url)).toMatchObject({ verdict: 'failed', status: 500 })
  })

  test.each([
    ['garbage', (socket: Socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n')],
    ['nothing', (socket: Socket) => socket.destroy()],
    [
      'headers without end',
      (socket: Socket) => socket.end(`HTTP/1.1 200 OK\r\nA: ${'a'.repeat(200_000)}`),
    ],
    [
      'a change of protocol',
      (socket: Socket) =>
        socket.end('HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'),
    ],
  ])('that is %s is a failure', async (_what, act) => {
    const url = await rawServer((socket) => socket.once('data', () => act(socket)))
    const result = await sendTo(url)
    expect(result).toMatchObject({ verdict: 'failed', status: null, answer: null })
    expect(result.error).toMatch(/^The connection broke before an answer came/)
  })

  test.each([
    ['seconds', 429, '120', 120_000],
    ['seconds', 503, '0', 0],
    ['a date', 503, new Date(addMs(opening, 90_000)).toUTCString(), 90_000],
    ['a date gone by', 503, new Date(addMs(opening, -90_000)).toUTCString(), 0],
    ['words', 503, 'later', null],
    ['no matter', 500, '120', null],
  ])('may ask for time in %s', async (_form, code, retryAfter, expected) => {
    const receiver = await startReceiver(status(code, { 'retry-after': retryAfter }))
    expect((await sendTo(receiver.url)).retryAfterMs).toBe(expected)
  })
})

describe('no connection', () => {
  test('because nobody listens', async () => {
    const receiver = await startReceiver()
    const url = receiver.url.replace(/:\d+/, ':1')
    expect(await sendTo(url)).toMatchObject({
      verdict: 'failed',
      status: null,
      error: 'No connection (ECONNREFUSED).',
    })
  })

  test('because the host is unknown', async () => {
    const lookup = async (): Promise<never> => {
      throw Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' })
    }
    expect(await sendTo('http://unknown.example/', { lookup })).toMatchObject({
      verdict: 'failed',
      error: 'The host is not known to the DNS (ENOTFOUND).',
    })
  })

  test('within the time for all of it', async () => {
    const lookup = (): Promise<never> => new Promise(() => {})
    expect(await sendTo('http://slow.example/', { lookup, attemptTimeoutMs: 50 })).toMatchObject({
      verdict: 'failed',
      error: 'No answer within 50 ms.',
    })
  })
})

describe('scenario 44: an address of a receiver', () => {
  /** A resolver that gives these answers, one after the other; the last one for ever. */
  function resolverOf(...answers: readonly (readonly string[])[]) {
    const asked: string[] = []
    const lookup: Lookup = async (host) => {
      const addresses = answers[Math.min(asked.length, answers.length - 1)] ?? []
      asked.push(host)
      return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    }
    return { lookup, asked }
  }

  test.each([
    ['169.254.169.254', 'a cloud’s metadata service'],
    ['10.1.2.3', 'a private address'],
    ['127.0.0.1', 'a loopback address'],
    ['::1', 'a loopback address'],
    ['::ffff:169.254.169.254', 'an IPv4 address in IPv6'],
    ['fd00:ec2::254', 'a cloud’s metadata service'],
  ])('%s behind a name is not connected to', async (address, kind) => {
    const receiver = await startReceiver()
    const { lookup } = resolverOf([address])
    const url = `http://shop.example:${receiver.port}/`
    expect(await sendTo(url, { lookup, addresses: {} })).toMatchObject({
      verdict: 'failed',
      status: null,
      error: expect.stringContaining(`shop.example is ${address}, which is ${kind}`) as unknown,
    })
    expect(receiver.received).toEqual([])
  })

  test('of a metadata service is refused even where private ones are allowed', async () => {
    const { lookup } = resolverOf(['169.254.169.254'])
    const { error } = await sendTo('http://shop.example/', { lookup })
    expect(error).toContain('a cloud’s metadata service')
  })

  test('that is refused refuses those beside it', async () => {
    const receiver = await startReceiver()
    const { lookup } = resolverOf(['127.0.0.1', '10.0.0.1'])
    const options = { lookup, addresses: { allow: ['127.0.0.1'] } }
    const { error } = await sendTo(`http://shop.example:${receiver.port}/`, options)
    expect(error).toContain('shop.example is 10.0.0.1')
    expect(receiver.received).toEqual([])
  })

  test('written into the URL is checked too, though nothing is looked up', async () => {
    let connections = 0
    const url = await rawServer(() => connections++)
    const { lookup, asked } = resolverOf(['127.0.0.1'])
    const { error } = await sendTo(url, { lookup, addresses: {} })
    expect(error).toContain('127.0.0.1 is a loopback address')
    expect(asked).toEqual([])
    expect(connections).toBe(0)
  })

  test('that was checked is the one that is connected to: the name is asked for once', async () => {
    const receiver = await startReceiver()
    const { lookup, asked } = resolverOf(['127.0.0.1'], ['169.254.169.254'])
    const options = { lookup, addresses: { allow: ['127.0.0.1'] } }
    const url = `http://shop.example:${receiver.port}/hooks`
    expect(await sendTo(url, options)).toMatchObject({ verdict: 'delivered' })
    expect(asked).toEqual(['shop.example'])
    expect(receiver.received[0]?.headers['host']).toBe(`shop.example:${receiver.port}`)
  })

  test('is asked for anew with each connection, and then checked anew', async () => {
    const receiver = await startReceiver(status(200, { connection: 'close' }))
    const { lookup, asked } = resolverOf(['127.0.0.1'], ['169.254.169.254'])
    const options = { lookup, addresses: { allow: ['127.0.0.1'] } }
    const webhooks = webhooksTo(`http://shop.example:${receiver.port}/`, options)
    expect(await webhooks.test('whe_1')).toMatchObject({ verdict: 'delivered' })
    expect(await webhooks.test('whe_1')).toMatchObject({
      verdict: 'failed',
      error: expect.stringContaining('shop.example is 169.254.169.254') as unknown,
    })
    expect(asked).toHaveLength(2)
    expect(receiver.received).toHaveLength(1)
  })
})

describe('TLS', () => {
  test('names the host of the URL, and does not send to whom it cannot trust', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const name = { C: 'CN', O: 'a', OU: 'b', CN: 'shop.example' }
    const content = { serialNumber: 1n, issuer: name, subject: name, isAuthority: false }
    const cert = issueCertificate({ ...content, subjectKey: privateKey }, privateKey)
    const names: string[] = []
    let bytes = 0
    const server = createTlsServer(
      {
        key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
        cert,
        SNICallback(servername, callback) {
          names.push(servername)
          callback(null)
        },
      },
      (socket) => {
        socket.on('error', () => {})
        socket.on('data', (chunk) => (bytes += chunk.length))
      },
    )
    server.on('tlsClientError', () => {})
    const port = await listenOnLoopback(server)
    const lookup: Lookup = async () => [{ address: '127.0.0.1', family: 4 }]
    const result = await sendTo(`https://shop.example:${port}/`, { lookup })
    expect(result).toMatchObject({ verdict: 'failed', status: null })
    expect(result.error).toMatch(/^The TLS connection was refused \(\w*SELF_SIGNED_CERT\w*\)/)
    expect(names).toEqual(['shop.example'])
    expect(bytes).toBe(0)
  })
})

test('what is sent to try an endpoint out is signed, and says what it is', async () => {
  const receiver = await startReceiver()
  await sendTo(receiver.url)
  const [request] = receiver.received
  if (request === undefined) throw new Error('Nothing came')
  expect(verifiedByLibrary(request, secret, opening)).toEqual({
    id: request.id,
    type: 'webhook.test',
    timestamp: new Date(opening).toISOString(),
    sequence: 1,
    data: { object: { object: 'webhook_endpoint', id: 'whe_1' }, previous: null },
  })
})
