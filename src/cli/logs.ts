/**
 * `saoma logs tail` at work: the requests that a server answers, as they come.
 *
 * @module
 */

import { request } from 'undici'
import { Failure } from './failure.ts'
import { findServer } from './merchant-api.ts'
import { createStyle, printable } from './output.ts'

interface LoggedRequest {
  readonly id: string
  readonly at: string
  readonly method: string
  readonly path: string
  readonly status: number
  readonly duration_ms: number
  readonly key: string
}

/** Prints requests until it is stopped, or until the server ends. */
export async function tailLogs(
  env: Readonly<Record<string, string | undefined>>,
  { folder, json, signal }: { folder: string; json: boolean; signal: AbortSignal },
): Promise<void> {
  const { url, api_key: key } = findServer(env, folder)
  const style = createStyle(process.stdout, env)
  const headers = { authorization: `Bearer ${key}` }
  const answer = await request(new URL('/v1/logs/stream', url), { headers, signal, bodyTimeout: 0 })
  if (answer.statusCode !== 200) throw new Failure(`The server at ${url} refuses its log.`, 1)
  let text = ''
  try {
    for await (const part of answer.body.setEncoding('utf8')) {
      text += part as string
      const lines = text.split('\n')
      text = lines.pop() ?? ''
      for (const line of lines) {
        if (!line.startsWith('data: ')) continue
        const data = line.slice('data: '.length)
        const one = JSON.parse(data) as LoggedRequest
        const { at, method, path, status, duration_ms, key: hint, id } = one
        const mark = (text: string): string =>
          status < 400 ? style.green(text) : status < 500 ? style.yellow(text) : style.red(text)
        const shown = `${at}  ${mark(String(status))}  ${method.padEnd(6)} ${printable(path)}  ${duration_ms} ms  ${hint}  ${id}`
        process.stdout.write(`${json ? data : shown}\n`)
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
