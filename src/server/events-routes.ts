/**
 * `/v1/events`: what happened, to be listed, followed and sent again.
 *
 * @module
 */
import { formatRfc3339 } from '../alipay/index.ts'
import type { StoredEvent } from '../payments/index.ts'
import { eventStream, type EventSink } from './event-stream.ts'
import { expandPayments, expandRefusal, type Expanded } from './expand.ts'
import { getEventFields, listEventsFields, streamEventsFields } from './fields.ts'
import { ok, operation, page, type AnyOperation } from './operation.ts'
import type { AppContext } from './options.ts'
import { notFound, type Problem } from './problem.ts'
import { due, expandedEvent, list } from './schemas.ts'

/** A follower looks again after so many milliseconds even if nobody told it to. */
const LOOK_MS = 250

/** What is committed within so many milliseconds is read in one go for a follower. */
const GATHER_MS = 10

/** Events that are read in one go for a follower. */
const READ_MAX = 100

const NOT_FOUND = { event_not_found: { status: 404, description: 'No such event.' } } as const

const listEvents = operation({
  method: 'GET',
  path: '/v1/events',
  id: 'listEvents',
  summary: 'List events',
  description:
    'With `order=asc` and `starting_after` they are followed in the order of commits: none is passed over, however many nodes write.',
  scope: 'events:read',
  query: listEventsFields,
  answers: { 200: { description: 'A page.', schema: list(expandedEvent) } },
  problems: NOT_FOUND,
  async handle({ app, actor, query }) {
    const { 'expand[]': expand } = query
    const refusal = expandRefusal(actor, expand)
    if (refusal) return refusal
    const { limit, starting_after: after, payment: paymentId, types, delivered, order } = query
    if (after !== undefined && !(await app.payments.findEvent(after))) return eventNotFound()
    const range = { limit: limit + 1, order, after, types, paymentId, delivered }
    const found = await app.payments.listEvents(range)
    const ids = found.map((one) => one.paymentId)
    const expanded = await expandPayments(app, expand, ids)
    return page(found, limit, (one) => expandedJson(one, expanded))
  },
})

const streamEvents = operation({
  method: 'GET',
  path: '/v1/events/stream',
  id: 'streamEvents',
  summary: 'Follow events',
  description:
    'Server-Sent Events: each has the event as JSON in `data` and its id in `id`. A reader that comes again with `Last-Event-ID` or `after` misses nothing.',
  scope: 'events:read',
  query: streamEventsFields,
  answers: {
    200: {
      description: 'Until one of both ends it.',
      schema: null,
      mediaType: 'text/event-stream',
    },
  },
  problems: NOT_FOUND,
  async handle({ app, query, ...call }) {
    const after = call.header('last-event-id') ?? query.after
    const { payments } = app
    const last =
      after === 'start'
        ? undefined
        : after === undefined
          ? (await payments.listEvents({ limit: 1 }))[0]
          : await payments.findEvent(after)
    if (after !== undefined && after !== 'start' && last === undefined) return eventNotFound()
    const position = last?.position ?? 0
    return {
      stream: eventStream(app.stopping, (sink) => follow(app, sink, position, query.types)),
    }
  },
})

const getEvent = operation({
  method: 'GET',
  path: '/v1/events/{id}',
  id: 'getEvent',
  summary: 'Get an event',
  scope: 'events:read',
  query: getEventFields,
  answers: { 200: { description: 'The event.', schema: expandedEvent } },
  problems: NOT_FOUND,
  async handle({ app, actor, params, query: { 'expand[]': expand } }) {
    const refusal = expandRefusal(actor, expand)
    if (refusal) return refusal
    const found = await app.payments.findEvent(params['id'] ?? '')
    if (found === undefined) return eventNotFound()
    return ok(expandedJson(found, await expandPayments(app, expand, [found.paymentId])))
  },
})

const resendEvent = operation({
  method: 'POST',
  path: '/v1/events/{id}/resend',
  id: 'resendEvent',
  summary: 'Send an event again',
  description: 'To every enabled endpoint that wants its kind, delivered or not.',
  scope: 'webhooks:write',
  audit: 'event.resend',
  answers: { 200: { description: 'So many deliveries are due.', schema: due } },
  problems: NOT_FOUND,
  async handle({ app, params }) {
    const id = params['id'] ?? ''
    const result =
      app.webhooks === null
        ? { status: (await app.payments.findEvent(id)) ? 'due' : 'not_found', count: 0 }
        : { count: 0, ...(await app.webhooks.resend(id)) }
    if (result.status === 'not_found') return eventNotFound()
    return ok({ object: 'due_deliveries', count: result.count })
  },
})

/** The operations below `/v1/events`. */
export const eventOperations: readonly AnyOperation[] = [
  listEvents,
  streamEvents,
  getEvent,
  resendEvent,
]

/** Sends what is committed after a position, and goes on doing so. */
function follow(
  { payments }: AppContext,
  sink: EventSink,
  from: number,
  types: readonly string[] | undefined,
): () => void {
  sink.greet()
  let position = from
  let isReading = false
  let isMore = false
  const read = async (): Promise<void> => {
    if (isReading) {
      isMore = true
      return
    }
    isReading = true
    try {
      do {
        isMore = false
        // A reader that is slow, or has all there ever was to read, is not read ahead of.
        await sink.room()
        const events = await payments.eventsAfter(position, READ_MAX)
        for (const one of events) {
          if (types === undefined || types.includes(one.type)) sink.send(eventJson(one), one.id)
          position = one.position
        }
        if (events.length === READ_MAX) isMore = true
      } while (isMore && sink.isOpen)
    } catch (error) {
      sink.fail(error)
    }
    isReading = false
  }
  // What this process commits is told soon, what other nodes commit is looked for.
  let gathering: NodeJS.Timeout | undefined
  const unwatch = payments.watchAll(() => {
    gathering ??= setTimeout(() => {
      gathering = undefined
      void read()
    }, GATHER_MS)
  })
  const timer = setInterval(() => void read(), LOOK_MS).unref()
  void read()
  return () => {
    unwatch()
    clearTimeout(gathering)
    clearInterval(timer)
  }
}

/** An event, as the API writes it. */
export function eventJson(one: StoredEvent) {
  return {
    id: one.id,
    object: 'event',
    type: one.type,
    timestamp: formatRfc3339(one.createdAt),
    sequence: one.sequence,
    payment: one.type.startsWith('reconciliation.') ? null : one.paymentId,
    refund: one.refundId ?? null,
    data: JSON.parse(one.data) as object,
  }
}

/** What the event was about is in it as it was then; expanded it is as it is now. */
function expandedJson(one: StoredEvent, expanded: Expanded) {
  return {
    ...eventJson(one),
    ...expanded.of({ payment: one.paymentId, refund: one.refundId ?? null }),
  }
}

function eventNotFound(): Problem {
  return notFound('event_not_found', 'There is no event with this id.', 'id')
}
