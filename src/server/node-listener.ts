/**
 * The server as a listener of Node's own `http`, which Express, Fastify and Nest are made on.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import type { Server } from './options.ts'

/** Answers a request of Node's `http`. */
export type NodeListener = (incoming: IncomingMessage, outgoing: ServerResponse) => void

/** How the listener is made. */
export interface NodeListenerOptions {
  /**
   * Whether the process is the server's alone. The globals `Request` and `Response` are then
   * replaced by light ones: those of Node cost more than most requests do. Default `false`:
   * requests and answers of others in the process stay what they are.
   */
  readonly ownsProcess?: boolean
}

/**
 * Makes the listener, to be called with requests whose body nobody has read: a parser in front
 * would destroy what Alipay has signed. Where it is mounted below a path, `url` must have lost that
 * path, as Express's `use(path, …)` has it.
 */
export function nodeListener(
  server: Server,
  { ownsProcess = false }: NodeListenerOptions = {},
): NodeListener {
  const answer = getRequestListener(
    (request, { incoming }) => {
      const { remoteAddress: address } = incoming.socket
      return server.fetch(request, {
        incoming,
        ...(address !== undefined && { address }),
      })
    },
    { overrideGlobalObjects: ownsProcess },
  )
  return (incoming, outgoing) => void answer(incoming, outgoing)
}
