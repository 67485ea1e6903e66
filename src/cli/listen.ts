/**
 * `saoma listen` at work: events are forwarded to a program on this machine as the webhooks that
 * they are, in order, each until it is taken. What was forwarded last is remembered in the folder,
 * so that nothing is missed between two runs.
 *
 * @module
 */

import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { join } from 'node:path'
import { request } from 'undici'
import { systemClock, toInstant } from '../alipay/index.ts'
import type { SaomaEvent } from '../client/index.ts'
import { eventMessage, signWebhook, SigningSecret } from '../webhooks/index.ts'
import { readIfThere, readOrMake } from './folder.ts'
import { connectClient } from './merchant-api.ts'
import { createStyle, printable } from './output.ts'

/** How events are forwarded. */
export interface ListenOptions {
  readonly forwardTo: string
  readonly types: readonly string[] | undefined
  /** Where to begin: an event, or `start`. Default: where the last run ended, else from now on. */
  readonly after: string | undefined
  readonly json: boolean
  readonly folder: string
  /** Ends it. */
  readonly signal: AbortSignal
}

/** Before a program that has not taken an event is tried again, in milliseconds. */
const AGAIN_MS = 1_000

/** Milliseconds that the program has for an answer, as for a real webhook. */
const ANSWER_MS = 15_000

/** Forwards events until it is stopped. */
export async function listen(
  env: Readonly<Record<string, string | undefined>>,
  options: ListenOptions,
): Promise<void> {
  const { folder, forwardTo, json, signal } = options
  const saoma = connectClient(env, folder)
  const style = createStyle(process.stdout, env)
  const say = (text: string): void => void process.stdout.write(`${text}\n`)
  const secret = SigningSecret.parse(
    readOrMake(join(folder, 'listen-secret'), () => SigningSecret.create().reveal()),
  )
  const cursor = join(folder, 'listen-cursor')
  const keep = (event: string): void => writeFileSync(cursor, `${event}\n`, { mode: 0o600 })
  const known = options.after ?? readIfThere(cursor)?.trim()
  const after = known ?? (await saoma.events.list({ limit: 1 })).data[0]?.id ?? 'start'
  // Kept before the first event: one that comes while this does not run is not to be missed.
  if (known === undefined) keep(after)
  if (json) say(JSON.stringify({ ready: true, secret: secret.reveal(), after }))
  else {
    say(`Forwarding to ${forwardTo}, ${known === undefined ? 'from now on' : `after ${known}`}.`)
    say(`Verify with the secret ${style.bold(secret.reveal())}. Stop with Ctrl+C.`)
  }

  const { types } = options
  const wanted = { after, ...(types && { types }), signal }
  for await (const event of saoma.events.follow(wanted)) {
    for (let attempt = 1; ; attempt++) {
      const answer = await post(forwardTo, event, secret)
      const { status, error } = answer
      if (json) say(JSON.stringify({ event: event.id, type: event.type, attempt, ...answer }))
      else {
        const outcome = status === null ? style.red(error ?? '') : mark(status)
        say(`${event.timestamp}  ${event.type.padEnd(28)} ${event.id}  ${outcome}`)
      }
      if (status !== null && status < 300) break
      await sleep(AGAIN_MS, undefined, { signal }).catch(() => {})
      if (signal.aborted) return
    }
    keep(event.id)
  }

  function mark(status: number): string {
    return status < 300 ? style.green(String(status)) : style.yellow(String(status))
  }
}

async function post(
  url: string,
  event: SaomaEvent,
  secret: SigningSecret,
): Promise<{ readonly status: number | null; readonly error: string | null }> {
  const { id, type, sequence } = event
  const createdAt = toInstant(Date.parse(event.timestamp))
  const data = JSON.stringify(event.data)
  const message = eventMessage({ id, type, sequence, createdAt, data })
  const headers = signWebhook({ ...message, at: systemClock.now() }, [secret])
  try {
    const answer = await request(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: message.body,
      headersTimeout: ANSWER_MS,
      bodyTimeout: ANSWER_MS,
    })
    await answer.body.dump()
    return { status: answer.statusCode, error: null }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? (error as Error).name
    return { status: null, error: printable(code) }
  }
}
