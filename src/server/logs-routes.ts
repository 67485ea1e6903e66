/**
 * `/v1/logs`: the requests that a program makes of this process.
 *
 * @module
 */
import { z } from 'zod'
import { formatRfc3339 } from '../alipay/index.ts'
import { eventStream } from './event-stream.ts'
import { ok, operation, type AnyOperation } from './operation.ts'
import type { LoggedRequest } from './request-log.ts'
import { list } from './schemas.ts'

const loggedRequest = z
  .object({
    id: z.string(),
    object: z.literal('request'),
    at: z.iso.datetime({ offset: true }),
    method: z.string(),
    path: z.string(),
    status: z.int(),
    duration_ms: z.number(),
    key: z.string().describe('The beginning and the end of the API key'),
  })
  .meta({ id: 'Request' })

const listLogs = operation({
  method: 'GET',
  path: '/v1/logs',
  id: 'listRequests',
  summary: 'List the last requests that this process has answered',
  scope: 'metrics:read',
  answers: { 200: { description: 'Oldest first.', schema: list(loggedRequest) } },
  async handle({ app }) {
    const data = app.requests.list(app.id).map(requestJson)
    return ok({ object: 'list', data, has_more: false })
  },
})

const streamLogs = operation({
  method: 'GET',
  path: '/v1/logs/stream',
  id: 'streamRequests',
  summary: 'Follow the requests that this process answers',
  scope: 'metrics:read',
  answers: {
    200: {
      description: 'Until one of both ends it.',
      schema: null,
      mediaType: 'text/event-stream',
    },
  },
  async handle({ app }) {
    return {
      stream: eventStream(app.stopping, (sink) => {
        sink.greet()
        return app.requests.watch((request) => {
          if (request.appId !== app.id) return
          if (sink.hasRoom) sink.send(requestJson(request), request.id)
          else sink.fail(new Error('The reader does not keep up'))
        })
      }),
    }
  },
})

/** The operations of the request log. */
export const logOperations: readonly AnyOperation[] = [listLogs, streamLogs]

function requestJson(request: LoggedRequest) {
  const { id, at, method, path, status, durationMs, keyHint: key } = request
  const duration_ms = Math.round(durationMs * 10) / 10
  return { id, object: 'request', at: formatRfc3339(at), method, path, status, duration_ms, key }
}
