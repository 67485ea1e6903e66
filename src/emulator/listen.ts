/**
 * An emulator on a port.
 *
 * @module
 */

import { type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type HttpBindings, getRequestListener } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { ConnectionCut } from './connection-cut.ts'
import type { Emulator } from './emulator.ts'

/** Where an emulator listens, and how to end it. */
export interface Listening {
  readonly port: number
  /** Closes the port and every connection. The emulator itself is stopped by its own `stop`. */
  close(): Promise<void>
}

/**
 * Opens a port for an emulator. Where a fault cuts a connection, its socket is destroyed.
 *
 * @param emulator Its `fetch` answers.
 * @param options `port` 0 takes any free one. `host` is `127.0.0.1` by default: nobody else's
 *   business.
 */
export async function listen(
  emulator: Pick<Emulator, 'fetch'>,
  options: { readonly port: number; readonly host?: string | undefined },
): Promise<Listening> {
  const listener = getRequestListener(
    async (request, env) => {
      try {
        return await emulator.fetch(request)
      } catch (error) {
        if (!(error instanceof ConnectionCut)) throw error
        ;(env as HttpBindings).incoming.socket.destroy()
        return RESPONSE_ALREADY_SENT
      }
    },
    { overrideGlobalObjects: false },
  )
  const server = createServer((incoming, outgoing) => void listener(incoming, outgoing))
  await open(server, options.port, options.host ?? '127.0.0.1')
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function open(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
