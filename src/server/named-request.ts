/**
 * Requests with an `Idempotency-Key`: the same request with the same key is done once and answered
 * alike, also after a crash, and whichever node it comes to.
 *
 * @module
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
 * @see https://docs.stripe.com/api/idempotent_requests
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from 'hono'
import type { Access, HeldRequest, RequestName } from '../access/index.ts'
import { IDEMPOTENCY_KEY_MAX } from '../payments/index.ts'
import type { RouteEnvironment } from './options.ts'
import { conflict, problemJson, sendProblem, type Problem } from './problem.ts'
import type { Answer, Stream } from './operation.ts'

/** A repeat waits so long for the first one's answer, in milliseconds. */
export const REPEAT_WAITS_MS = 5_000

/** How often it looks, in milliseconds. */
const LOOK_MS = 100

/** The key of a request; GET and DELETE need none, and theirs is not looked at. */
export function readRequestName(
  c: Context<RouteEnvironment>,
  method: string,
): { readonly value: string | undefined; readonly problem?: Problem } {
  const text = c.req.header('idempotency-key')
  if (text === undefined || method === 'GET' || method === 'DELETE') return { value: undefined }
  if (/^[\x21-\x7e]+$/.test(text) && text.length <= IDEMPOTENCY_KEY_MAX) return { value: text }
  return {
    value: undefined,
    problem: {
      status: 400,
      type: 'invalid_request_error',
      code: 'idempotency_key_invalid',
      message: `Idempotency-Key has 1 to ${IDEMPOTENCY_KEY_MAX} characters of ASCII, without blanks. A random UUID is a good one.`,
      param: 'Idempotency-Key',
    },
  }
}

/** How a named request is answered when it is its turn. */
export interface NamedWork {
  /** Whether the answer tells what is told once. */
  readonly isSecret: boolean
  /** Does it, or goes on with it where somebody stopped. */
  readonly work: () => Promise<Answer | Stream | Problem>
  /** Gives the result, or what is known when there is no more time. */
  readonly withinTime: (
    result: Promise<Answer | Stream | Problem>,
  ) => Promise<Answer | Stream | Problem>
  readonly send: (result: Answer | Stream | Problem) => Response
}

/**
 * Answers a request once. Repeats get the same answer; those that come meanwhile wait for it. Only
 * an answer that is final is kept: where nothing was done, or the end is not known, a repeat does
 * it again, or goes on with it.
 */
export async function answerNamed(
  c: Context<RouteEnvironment>,
  access: Access,
  request: RequestName,
  { isSecret, work, withinTime, send }: NamedWork,
): Promise<Response> {
  for (let waitedMs = 0; ; waitedMs += LOOK_MS) {
    const begun = await access.beginRequest(request)
    switch (begun.status) {
      case 'held':
        return send(await withinTime(settle(begun, work())))
      case 'answered': {
        c.header('idempotent-replayed', 'true')
        const { status, body } = begun.answer
        return c.body(body, status as 200, { 'content-type': 'application/json' })
      }
      case 'other_request':
        return sendProblem(
          c,
          conflict(
            'idempotency_key_reused',
            'This Idempotency-Key was used for a request of other content. A key names one request: use a new one.',
            { param: 'Idempotency-Key' },
          ),
        )
      case 'in_progress':
        if (waitedMs >= REPEAT_WAITS_MS) {
          return sendProblem(c, {
            ...conflict(
              'request_in_progress',
              'A request with this Idempotency-Key is being answered. Send it again in a moment.',
              { param: 'Idempotency-Key' },
            ),
            outcome: 'unknown',
            retryAfter: 1,
          })
        }
        await sleep(LOOK_MS)
    }
  }

  async function settle(
    held: HeldRequest,
    working: Promise<Answer | Stream | Problem>,
  ): Promise<Answer | Stream | Problem> {
    try {
      const result = await working
      const body = finalBody(result)
      await (body === undefined ? held.release() : held.finish(body, { isSecret }))
      return result
    } catch (error) {
      await held.release().catch(() => {})
      throw error
    }
  }

  function finalBody(result: Answer | Stream | Problem) {
    if ('stream' in result) return undefined
    const { status } = result
    if ('code' in result) {
      // Alipay said no to what has its number by now; all other problems leave nothing behind.
      if (status !== 402) return undefined
      const { requestId, baseUrl } = c.var
      return { status, body: JSON.stringify(problemJson(result, requestId, baseUrl)) }
    }
    return status === 200 || status === 201
      ? { status, body: JSON.stringify(result.body) }
      : undefined
  }
}
