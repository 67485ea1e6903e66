/**
 * A gateway on a free port of 127.0.0.1 that answers what a test says, right or wrong.
 *
 * @module
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { decodeForm } from '../../src/alipay/form.ts'
import type { Charset } from '../../src/alipay/charset.ts'

/** A request as it came. */
export interface Received {
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
  readonly params: ReadonlyMap<string, string>
  /** `biz_content`, parsed; `undefined` where it is encrypted. */
  readonly biz: Record<string, string> | undefined
}

/** Bytes of an answer, or what to do with the connection instead. */
export type Reply = (
  received: Received,
  outgoing: ServerResponse,
) => Uint8Array | string | void | Promise<void>

export interface GatewayServer {
  readonly address: string
  readonly port: number
  readonly received: Received[]
  /** Sets what is answered from now on. */
  answer(reply: Reply): void
  close(): Promise<void>
}

export async function gatewayServer(charset: Charset = 'utf-8'): Promise<GatewayServer> {
  const received: Received[] = []
  let reply: Reply = () => '{}'
  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const request = toReceived(incoming, await readBody(incoming), charset)
    received.push(request)
    const bytes = await reply(request, outgoing)
    if (bytes !== undefined) outgoing.writeHead(200, { trace_id: 'trace-1' }).end(bytes)
  }
  const server = createServer((incoming, outgoing) => void serve(incoming, outgoing))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    address: `http://127.0.0.1:${port}/gateway.do`,
    port,
    received,
    answer: (next) => (reply = next),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

function toReceived(incoming: IncomingMessage, body: Buffer, charset: Charset): Received {
  const params = decodeForm(body, charset)
  const content = params.get('biz_content') ?? ''
  return {
    url: incoming.url ?? '',
    headers: incoming.headers,
    body,
    params,
    biz: content.startsWith('{') ? (JSON.parse(content) as Record<string, string>) : undefined,
  }
}
