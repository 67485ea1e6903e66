/**
 * Puts the server on a port.
 *
 * @module
 */
import { createServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { nodeListener, type NodeListenerOptions } from './node-listener.ts'
import type { Server } from './options.ts'

/** Where to listen. */
export interface ListenOptions extends NodeListenerOptions {
  /** Default `127.0.0.1`: this machine alone. */
  readonly host?: string
  /** 0 takes any free one. */
  readonly port: number
}

/** A server on a port. */
export interface Listening {
  /** Where it answers, without a slash at the end. */
  readonly url: string
  /** Stops: takes no new connection, ends live ones, resolves when the last request is answered. */
  close(): Promise<void>
}

/**
 * Listens for requests.
 *
 * @throws {Error} Node's own, with `code` `EADDRINUSE` or `EACCES`, where the port cannot be had.
 */
export async function listen(server: Server, options: ListenOptions): Promise<Listening> {
  const { host = '127.0.0.1', port } = options
  const http = createServer(nodeListener(server, options))
  const closing = trackConnections(http)
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject)
    http.listen(port, host, () => {
      http.off('error', reject)
      resolve()
    })
  })
  const { address, family, port: bound } = http.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`,
    close: () =>
      new Promise((resolve, reject) => {
        http.close((error) => (error ? reject(error) : resolve()))
        server.endEvents()
        closing()
      }),
  }
}

/**
 * Returns what closes each connection that is not being answered, now or as soon as it is answered.
 * Node's `closeIdleConnections` leaves those that browsers open ahead and never use, and `close`
 * waits for them.
 */
function trackConnections(http: HttpServer): () => void {
  const idle = new Set<Socket>()
  let isClosing = false
  http.on('connection', (socket: Socket) => {
    idle.add(socket)
    socket.once('close', () => idle.delete(socket))
  })
  http.on('request', ({ socket }, response) => {
    idle.delete(socket)
    response.once('close', () => {
      if (isClosing) socket.destroySoon()
      else if (!socket.destroyed) idle.add(socket)
    })
  })
  return () => {
    isClosing = true
    for (const socket of idle) socket.destroySoon()
  }
}
