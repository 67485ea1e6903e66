/**
 * A bad network in front of a server, of which it knows no more than TCP: requests and answers are
 * lost, late or refused, as it is told while it runs. What a client sends until the server says
 * something is one request, which fits HTTP/1.1 and PostgreSQL.
 *
 * @module
 */
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom, type Random } from '../../src/emulator/random.ts'
import { fixedPort } from './fixed-port.ts'
import { afterUse } from './lifetime.ts'

/** What happens to requests that begin from now on. */
export type FaultMode =
  /** Nothing. */
  | { readonly kind: 'pass' }
  /** Nobody listens, and the connections that were open are reset. */
  | { readonly kind: 'refuse' }
  /** The connection is reset, and the server does not see the request. */
  | ({ readonly kind: 'cut-before' } & FaultAim)
  /** The server sees all of it; when it answers, the answer is dropped and the connection reset. */
  | ({ readonly kind: 'cut-after' } & FaultAim)
  /** It is late, even if the client no longer waits; or its answer is. */
  | ({
      readonly kind: 'delay'
      readonly requestMs?: number
      readonly answerMs?: number
    } & FaultAim)
  /**
   * The server does not see it, and the client hears nothing. That connection stays dead, also for
   * the server, which does not learn that it was closed.
   */
  | ({ readonly kind: 'black-hole' } & FaultAim)
  /** Each of these with a probability, drawn from the seed request by request, else nothing. */
  | {
      readonly kind: 'random'
      readonly seed: number
      /** `refuse` is drawn connection by connection, and resets them at once. */
      readonly probabilities: Readonly<Partial<Record<Exclude<FaultKind, 'pass'>, number>>>
      /** What a delayed request and its answer wait at most, each. Default 100. */
      readonly delayMsMax?: number
    }

/** Which requests a fault is for; by default all. */
export interface FaultAim {
  /** Those that contain this, each byte of them a character: `/commit/i`. */
  readonly matching?: RegExp
  /** So many of them, and then it is `pass` again. */
  readonly times?: number
}

/** What has happened to a request. */
export type FaultKind = 'pass' | 'refuse' | 'cut-before' | 'cut-after' | 'delay' | 'black-hole'

/** A proxy on 127.0.0.1. */
export interface FaultProxy {
  readonly port: number
  /**
   * Requests that met each fate; of `refuse`, connections that were reset, because those that are
   * refused are not seen.
   */
  readonly counts: Readonly<Record<FaultKind, number>>
  /** The same address through the proxy, of whatever scheme. */
  through(url: string): string
  /** Changes what happens; `pass` at first. */
  set(mode: FaultMode): Promise<void>
  /** Resets all connections that are open now. */
  dropConnections(): void
}

/** Starts one before a port of 127.0.0.1; it is gone after the test, or after the file. */
export async function startFaultProxy(serverPort: number): Promise<FaultProxy> {
  const counts = emptyCounts()
  const fates = createFates(counts)
  const port = await fixedPort()
  const open = new Set<Relay>()
  let server: Server | undefined

  const listen = async (): Promise<void> => {
    if (server) return
    server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
      if (fates.isRefused()) {
        client.resetAndDestroy()
        return
      }
      const relay = startRelay(client, serverPort, fates, () => open.delete(relay))
      open.add(relay)
    })
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }
  const proxy: FaultProxy = {
    port,
    counts,
    through(url) {
      const address = new RegExp(`(?:127\\.0\\.0\\.1|localhost):${serverPort}(?!\\d)`)
      if (!address.test(url)) throw new Error(`${url} does not lead to port ${serverPort}`)
      return url.replace(address, `127.0.0.1:${port}`)
    },
    async set(mode) {
      fates.set(mode)
      if (mode.kind !== 'refuse') return listen()
      server?.close()
      server = undefined
      counts.refuse += [...open].filter(({ client }) => !client.destroyed).length
      proxy.dropConnections()
    },
    dropConnections() {
      for (const relay of open) relay.reset()
    },
  }
  await listen()
  afterUse(() => {
    server?.close()
    proxy.dropConnections()
  })
  return proxy
}

/** What becomes of one request; waits are in milliseconds. */
interface Fate {
  readonly kind: Exclude<FaultKind, 'refuse'>
  readonly requestMs?: number
  readonly answerMs?: number
}

interface Fates {
  set(mode: FaultMode): void
  /** Decides on a new connection. */
  isRefused(): boolean
  /** Decides on a request of which so much is known; `undefined` while it may still match. */
  decide(request: string): Fate | undefined
}

const PASS: Fate = { kind: 'pass' }

function createFates(counts: Record<FaultKind, number>): Fates {
  let mode: FaultMode = PASS
  let left = Infinity
  let random: Random = () => 1
  const decide = (request: string): Fate | undefined => {
    switch (mode.kind) {
      case 'pass':
      case 'refuse':
        return PASS
      case 'random':
        return draw(mode, random)
      default: {
        const fate = mode
        if (fate.matching && !fate.matching.test(request)) return undefined
        if (--left <= 0) mode = PASS
        return fate
      }
    }
  }
  return {
    set(next) {
      mode = next
      left = ('times' in next && next.times) || Infinity
      if (next.kind === 'random') random = createRandom(next.seed)
    },
    isRefused() {
      const refused = mode.kind === 'random' && random() < (mode.probabilities.refuse ?? 0)
      if (refused) counts.refuse++
      return refused
    },
    decide(request) {
      const fate = decide(request)
      if (fate) counts[fate.kind]++
      return fate
    },
  }
}

function draw(
  { probabilities, delayMsMax = 100 }: Extract<FaultMode, { kind: 'random' }>,
  random: Random,
): Fate {
  let number = random()
  const requestMs = random() * delayMsMax
  const answerMs = random() * delayMsMax
  for (const kind of ['cut-before', 'cut-after', 'delay', 'black-hole'] as const) {
    const probability = probabilities[kind] ?? 0
    if (number < probability) return { kind, ...(kind === 'delay' && { requestMs, answerMs }) }
    number -= probability
  }
  return PASS
}

/** One connection of a client, and the one that is made for it when it first says something. */
interface Relay {
  readonly client: Socket
  reset(): void
}

/** What a pattern is looked for in: the beginning of a request. */
const REQUEST_LENGTH_MAX = 1024 ** 2

function startRelay(client: Socket, serverPort: number, fates: Fates, onEnd: () => void): Relay {
  const toServer = createLane()
  const toClient = createLane()
  let server: Socket | undefined
  let request = ''
  let fate: Fate | undefined
  let isAnswered = true
  /** Nothing gets through any more, in either direction. */
  let isLost = false

  const reset = (): void => {
    isLost = true
    client.resetAndDestroy()
    server?.destroy()
  }
  const endWhenClosed = (): void => {
    if (client.destroyed && (!server || server.destroyed)) onEnd()
  }
  const connected = (): Socket => {
    if (server) return server
    server = connect({ port: serverPort, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    server.on('error', reset)
    server.on('data', (part) => {
      if (isLost) return
      isAnswered = true
      if (fate?.kind === 'cut-after') {
        isLost = true
        client.resetAndDestroy()
        // Not destroyed: the server may still be at work on what follows its first words.
        server?.end()
        return
      }
      toClient(fate?.answerMs, () => client.write(part))
    })
    server.on('end', () => toClient(fate?.answerMs, () => isLost || client.end()))
    server.on('close', endWhenClosed)
    return server
  }
  client.on('error', () => {})
  client.on('data', (part) => {
    if (isLost) return
    if (isAnswered) {
      isAnswered = false
      request = ''
      fate = undefined
    }
    if (!fate) {
      if (request.length < REQUEST_LENGTH_MAX) request += part.toString('latin1')
      fate = fates.decide(request)
    }
    if (fate?.kind === 'cut-before') reset()
    else if (fate?.kind === 'black-hole') isLost = true
    else toServer(fate?.requestMs, () => connected().write(part))
  })
  client.on('end', () => toServer(fate?.requestMs, () => isLost || (server ?? client).end()))
  client.on('close', () =>
    // In order: what is on its way arrives, also when nobody waits for the answer.
    toServer(fate?.requestMs, () => {
      if (!isLost) server?.end()
      endWhenClosed()
    }),
  )
  return { client, reset }
}

/** Does things in order, each no earlier than so many milliseconds after it was asked for. */
function createLane(): (delayMs: number | undefined, action: () => unknown) => void {
  let last = Promise.resolve()
  const after = async (before: Promise<void>, due: number, action: () => unknown) => {
    await before
    const waitMs = due - performance.now()
    if (waitMs > 0) await sleep(waitMs, undefined, { ref: false })
    action()
  }
  return (delayMs = 0, action) => void (last = after(last, performance.now() + delayMs, action))
}

function emptyCounts(): Record<FaultKind, number> {
  return { pass: 0, refuse: 0, 'cut-before': 0, 'cut-after': 0, delay: 0, 'black-hole': 0 }
}
