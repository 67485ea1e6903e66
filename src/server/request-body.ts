/**
 * Reading what a request carries: never more than 64 KiB, and as JSON only where it says that it is
 * JSON.
 *
 * @module
 */
import type { Readable } from 'node:stream'
import type { Context } from 'hono'
import type { z } from 'zod'
import type { RouteEnvironment } from './options.ts'
import type { Problem } from './problem.ts'

/** Longest body that is read, in bytes. */
export const BODY_BYTES_MAX = 65_536

/**
 * Reads a body to its end; `undefined` where it is longer than {@link BODY_BYTES_MAX}.
 *
 * On a port of ours it is read from the connection itself: the streams of the web would cost more
 * than all the rest of a request.
 */
export async function readBody({
  req,
  env,
}: Context<RouteEnvironment>): Promise<Uint8Array | undefined> {
  if (Number(req.header('content-length') ?? 0) > BODY_BYTES_MAX) return undefined
  if (env?.incoming) return readIncoming(env.incoming)
  const chunks: Uint8Array[] = []
  let length = 0
  const body: AsyncIterable<Uint8Array> | null = req.raw.body
  for await (const chunk of body ?? []) {
    length += chunk.length
    if (length > BODY_BYTES_MAX) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** By its events: to iterate over a stream costs more than all that it brings. */
function readIncoming(incoming: Readable): Promise<Uint8Array | undefined> {
  return new Promise((resolve, reject) => {
    const rejectBroken = (): void => {
      if (!incoming.readableEnded) reject(new Error('The connection broke within the request'))
    }
    if (incoming.readableEnded) return resolve(new Uint8Array())
    if (incoming.destroyed) return rejectBroken()
    const chunks: Uint8Array[] = []
    let length = 0
    const take = (chunk: Uint8Array): void => {
      length += chunk.length
      chunks.push(chunk)
      if (length <= BODY_BYTES_MAX) return
      incoming.off('data', take)
      resolve(undefined)
    }
    incoming.on('data', take)
    incoming.once('end', () => resolve(Buffer.concat(chunks)))
    incoming.once('error', reject)
    incoming.once('close', rejectBroken)
  })
}

/** A value of the form that was asked for, or why it is not. */
export type Checked<Value> =
  | { readonly value: Value; readonly problem?: never }
  | { readonly value?: never; readonly problem: Problem }

/**
 * Reads a JSON body of the schema's form. No body at all is read as `{}`.
 *
 * @param body `undefined` where it was longer than {@link BODY_BYTES_MAX}.
 */
export function readJson<Schema extends z.ZodType>(
  body: Uint8Array | undefined,
  contentType: string | undefined,
  schema: Schema,
): Checked<z.output<Schema>> {
  if (body === undefined) {
    const message = `A request body has at most ${BODY_BYTES_MAX} bytes.`
    return invalid({ status: 413, code: 'body_too_large', message })
  }
  if (body.length === 0) return check(schema, {})
  if (!/^application\/json\s*(?:;|$)/i.test(contentType ?? '')) {
    const message = 'Send the body as JSON, with the header "Content-Type: application/json".'
    return invalid({ status: 415, code: 'content_type_unsupported', message })
  }
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    return invalid({ code: 'json_invalid', message: 'The body is not JSON in UTF-8.' })
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return invalid({ code: 'json_invalid', message: 'The body is a JSON object, { … }.' })
  }
  return check(schema, json)
}

/**
 * Checks a value against a schema; the problem names the first field that is wrong.
 *
 * @param where What its names are called: fields of a body, parameters of a query.
 */
export function check<Schema extends z.ZodType>(
  schema: Schema,
  value: object,
  where: 'body' | 'query' = 'body',
): Checked<z.output<Schema>> {
  const result = schema.safeParse(value)
  if (result.success) return { value: result.data }
  // An unknown field is told first: it is often the missing one, spelt wrong.
  const { issues } = result.error
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]
  if (issue?.code === 'unrecognized_keys') {
    const param = String(issue.keys[0])
    const what = where === 'body' ? 'field' : 'query parameter'
    return invalid({ code: 'parameter_unknown', message: `There is no ${what} "${param}".`, param })
  }
  // What is wrong in a list is told by the list's name.
  const param = issue?.path.filter((part) => typeof part === 'string').join('.') ?? ''
  const code = Object.hasOwn(value, param) ? 'parameter_invalid' : 'parameter_missing'
  return invalid({ code, message: `${issue?.message}.`, param })
}

function invalid(problem: {
  status?: 400 | 413 | 415
  code: string
  message: string
  param?: string
}): { readonly problem: Problem } {
  return { problem: { status: 400, type: 'invalid_request_error', ...problem } }
}
