/**
 * Alipay with several merchants, behind one gateway.
 *
 * @module
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { createEmulator, type Emulator } from '../../src/testing.ts'

/** Alipay, with several merchants: each call goes to the one that it names. */
export async function openAlipay(folder: string, names: readonly string[]) {
  const emulators: Record<string, Emulator> = {}
  const sent: URLSearchParams[] = []
  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const body = await text(incoming)
    const { pathname, search, searchParams } = new URL(incoming.url ?? '', 'http://alipay')
    const params = new URLSearchParams(body)
    if (params.size > 0) sent.push(params)
    const appId = params.get('app_id') ?? searchParams.get('app_id')
    const merchant =
      Object.entries(emulators).find(([name]) => pathname.startsWith(`/${name}/`))?.[1] ??
      Object.values(emulators).find(({ credentials }) => credentials.app_id === appId) ??
      Object.values(emulators)[0]
    const path = pathname.replace(/^\/[a-z]+(?=\/)/, '')
    const { method = 'GET', headers } = incoming
    const request = new Request(`http://alipay${path}${search}`, {
      method,
      headers: { 'content-type': headers['content-type'] ?? '' },
      ...(method === 'POST' && { body }),
    })
    const answer = await merchant?.fetch(request)
    outgoing.writeHead(answer?.status ?? 500, Object.fromEntries(answer?.headers ?? []))
    outgoing.end(answer && Buffer.from(await answer.arrayBuffer()))
  }
  const http = createServer((incoming, outgoing) => void serve(incoming, outgoing))
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  const opened = names.map(async (name) => {
    const baseUrl = `${url}/${name}`
    const emulator = await createEmulator({ baseUrl, folder: join(folder, `alipay-${name}`) })
    emulator.start()
    emulators[name] = emulator
  })
  await Promise.all(opened)
  return {
    gateway: `${url}/gateway.do`,
    emulators,
    sent,
    async close() {
      for (const emulator of Object.values(emulators)) await emulator.stop()
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  }
}
