/**
 * The other side of alarms, as their makers describe it: robots that check what is signed and
 * answer 200 also when they refuse, and a mail server.
 *
 * @module
 */

import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTcpServer, type AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** The secret that every robot here is set up with. */
export const ROBOT_SECRET = 'SEC0123456789abcdef'

/** A robot, and what it has said. */
export interface FakeRobot {
  readonly url: string
  readonly said: string[]
  readonly headers: IncomingMessage['headers'][]
  /** The next answers, before it answers properly again. */
  readonly failures: (readonly [status: number, body: string])[]
}

/** Starts one. */
export function startRobot(type: 'dingtalk' | 'wecom' | 'feishu' | 'webhook'): Promise<FakeRobot> {
  const said: string[] = []
  const headers: IncomingMessage['headers'][] = []
  const failures: (readonly [number, string])[] = []
  const server = createServer((request, response) => {
    void answer(request, response)
  })
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const text = await read(request)
    const [status, body] = failures.shift() ?? ANSWERS[type](request, text, said)
    headers.push(request.headers)
    response.writeHead(status, { 'content-type': 'application/json' }).end(body)
  }
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      onTestFinished(() => void server.close())
      const { port } = server.address() as AddressInfo
      resolve({ url: `http://127.0.0.1:${port}${PATHS[type]}`, said, headers, failures })
    })
  })
}

const PATHS = {
  dingtalk: '/robot/send?access_token=TOKEN',
  wecom: '/cgi-bin/webhook/send?key=TOKEN',
  feishu: '/open-apis/bot/v2/hook/TOKEN',
  webhook: '/alarms?token=TOKEN',
}

type Answer = (request: IncomingMessage, text: string, said: string[]) => [number, string]

const ANSWERS: Record<keyof typeof PATHS, Answer> = {
  dingtalk({ url = '' }, text, said) {
    const params = new URL(url, 'http://robot').searchParams
    const timestamp = params.get('timestamp') ?? ''
    const sign = createHmac('sha256', ROBOT_SECRET).update(`${timestamp}\n${ROBOT_SECRET}`)
    if (params.get('access_token') !== 'TOKEN') return refusal({ errcode: 300_005 })
    if (params.get('sign') !== sign.digest('base64')) return refusal({ errcode: 310_000 })
    const body = JSON.parse(text) as { msgtype: string; text: { content: string } }
    if (body.msgtype === 'text') said.push(body.text.content)
    return [200, '{"errcode":0,"errmsg":"ok"}']
  },
  wecom({ url = '' }, text, said) {
    if (!url.endsWith('?key=TOKEN')) return refusal({ errcode: 93_000 })
    const body = JSON.parse(text) as { msgtype: string; text: { content: string } }
    if (Buffer.byteLength(body.text.content) > 2_048) return refusal({ errcode: 40_058 })
    said.push(body.text.content)
    return [200, '{"errcode":0,"errmsg":"ok"}']
  },
  feishu(_request, text, said) {
    const body = JSON.parse(text) as {
      timestamp: string
      sign: string
      msg_type: string
      content: { text: string }
    }
    const sign = createHmac('sha256', `${body.timestamp}\n${ROBOT_SECRET}`).digest('base64')
    // Seconds, not milliseconds.
    if (body.sign !== sign || !/^\d{10}$/.test(body.timestamp)) return refusal({ code: 19_021 })
    said.push(body.content.text)
    return [200, '{"code":0,"msg":"success","data":{}}']
  },
  webhook(_request, text, said) {
    said.push(text)
    return [204, '']
  },
}

function refusal(body: object): [number, string] {
  return [200, JSON.stringify(body)]
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

/** Starts a mail server that takes everything, and keeps it. */
export async function startMailServer(): Promise<{
  readonly url: string
  readonly mails: string[]
}> {
  const mails: string[] = []
  const server = createTcpServer((socket) => {
    let data: string | undefined
    let rest = ''
    socket.on('error', () => {})
    socket.write('220 mail.test ESMTP\r\n')
    socket.setEncoding('utf8').on('data', (part: string) => {
      const lines = (rest + part).split('\r\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        if (data !== undefined && line !== '.') data += `${line}\n`
        else if (data !== undefined) {
          mails.push(data)
          data = undefined
          socket.write('250 kept\r\n')
        } else if (line === 'DATA') {
          data = ''
          socket.write('354 go on\r\n')
        } else if (line === 'QUIT') socket.end('221 bye\r\n')
        else socket.write('250 ok\r\n')
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  return { url: `smtp://127.0.0.1:${port}`, mails }
}
