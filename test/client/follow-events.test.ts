/**
 * Following events over connections that break: where each goes on, and when it is over.
 *
 * @module
 */
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createSaoma, type SaomaOptions } from '../../src/client/index.ts'

afterEach(() => void vi.useRealTimers())

/** What a connection says before it ends, breaks, or falls silent. */
interface Said {
  readonly text: string
  readonly andThen: 'end' | 'break' | 'silence'
}

/** A server of such connections, and what it was asked for. */
function streaming(...answers: (Said | Response)[]) {
  const asked: URL[] = []
  const waits: number[] = []
  const options: SaomaOptions = {
    url: 'http://saoma.example',
    apiKey: 'sk_test_1',
    random: () => 0,
    sleep: async (ms) => void waits.push(ms),
    async fetch(input, init) {
      asked.push(new URL(input))
      const answer = answers.shift()
      if (answer === undefined) throw new Error('There are no further answers')
      return answer instanceof Response ? answer : saying(answer, init?.signal)
    },
  }
  return { saoma: createSaoma(options), asked, waits }
}

function saying({ text, andThen: then }: Said, signal?: AbortSignal | null): Response {
  return new Response(
    new ReadableStream<Uint8Array>({
      start(controller) {
        const bytes = new TextEncoder().encode(text)
        // In two pieces, so that a character may be torn.
        controller.enqueue(bytes.subarray(0, bytes.length >> 1))
        controller.enqueue(bytes.subarray(bytes.length >> 1))
        signal?.addEventListener('abort', () => controller.error(signal.reason))
        if (then === 'end') controller.close()
      },
      pull(controller) {
        if (then === 'break') controller.error(new TypeError('terminated'))
      },
    }),
  )
}

const event = (id: string, type = 'payment.pending') =>
  `id: ${id}\ndata: ${JSON.stringify({ id, type, data: { object: { subject: '咖啡' } } })}\n\n`

const problem = (status: number, code: string) =>
  Response.json(
    { error: { type: 'api_error', code, message: 'x', outcome: 'not_applied' } },
    { status },
  )

/** Follows until so many events were read. */
async function read(saoma: ReturnType<typeof createSaoma>, count: number, after = 'start') {
  const ids: string[] = []
  for await (const { id } of saoma.events.follow({ after })) {
    ids.push(id)
    if (ids.length === count) break
  }
  return ids
}

describe('a connection that is over', () => {
  test.each(['end', 'break'] as const)(
    'by %s: the next goes on after its last event',
    async (then) => {
      const { saoma, asked } = streaming(
        { text: `:\n\n${event('evt_1')}${event('evt_2')}`, andThen: then },
        { text: `:\n\n${event('evt_3')}`, andThen: then },
      )
      expect(await read(saoma, 3)).toEqual(['evt_1', 'evt_2', 'evt_3'])
      expect(asked.map(({ searchParams }) => searchParams.get('after'))).toEqual(['start', 'evt_2'])
    },
  )

  test('in the middle of an event: it is asked for again', async () => {
    const torn = event('evt_2')
    const { saoma, asked } = streaming(
      { text: event('evt_1') + torn.slice(0, -2), andThen: 'break' },
      { text: torn, andThen: 'end' },
    )
    expect(await read(saoma, 2)).toEqual(['evt_1', 'evt_2'])
    expect(asked[1]?.searchParams.get('after')).toBe('evt_1')
  })

  test('by silence: it is given up for another', async () => {
    vi.useFakeTimers()
    const { saoma, asked } = streaming(
      { text: event('evt_1'), andThen: 'silence' },
      { text: event('evt_2'), andThen: 'end' },
    )
    const reading = read(saoma, 2)
    await vi.advanceTimersByTimeAsync(44_999)
    expect(asked).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(await reading).toEqual(['evt_1', 'evt_2'])
  })

  test('again and again: it is made later each time, and soon after one that said something', async () => {
    const { saoma, waits } = streaming(
      problem(503, 'store_unavailable'),
      problem(429, 'too_many_requests'),
      problem(502, 'x'),
      { text: event('evt_1'), andThen: 'end' },
      { text: event('evt_2'), andThen: 'end' },
    )
    expect(await read(saoma, 2)).toEqual(['evt_1', 'evt_2'])
    expect(waits).toEqual([250, 500, 1000, 250])
  })
})

test.each([
  [401, 'api_key_invalid'],
  [403, 'scope_missing'],
  [404, 'event_not_found'],
])('%i %s rejects: asking again would not help', async (status, code) => {
  const { saoma, asked } = streaming(problem(status, code))
  await expect(read(saoma, 1)).rejects.toMatchObject({ status, code })
  expect(asked).toHaveLength(1)
})

test('without an event to start from, it starts after the newest, so that none is missed meanwhile', async () => {
  const { saoma, asked } = streaming(
    Response.json({ object: 'list', data: [{ id: 'evt_7' }], has_more: true }),
    { text: ':\n\n', andThen: 'break' },
    { text: event('evt_8'), andThen: 'end' },
  )
  for await (const { id } of saoma.events.follow({ types: ['payment.pending', 'x'] })) {
    expect(id).toBe('evt_8')
    break
  }
  const [, ...streams] = asked.map(({ pathname, search }) => pathname + search)
  const same = '/v1/events/stream?after=evt_7&types=payment.pending%2Cx'
  expect(streams).toEqual([same, same])
})

test.each(['silence', 'end'] as const)('its signal ends it during %s', async (then) => {
  const over = new AbortController()
  const { saoma } = streaming({ text: event('evt_1'), andThen: then })
  const followed = saoma.events.follow({ after: 'start', signal: over.signal })
  const events = followed[Symbol.asyncIterator]()
  expect(await events.next()).toMatchObject({ done: false })
  const next = events.next()
  over.abort()
  expect(await next).toEqual({ done: true, value: undefined })
})
