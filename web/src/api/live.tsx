/**
 * What is shown follows what happens: each event of the server makes what it touches ask again; of
 * a long list, the rows that changed and no others.
 *
 * @module
 */
import { useQueryClient, type InfiniteData, type QueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { followEvents } from '../../../src/client/follow-events.ts'
import type { List } from './objects.ts'
import { request, requestStream, type Asked, type Method } from './request.ts'

/** Events come in bursts; what is on the screen asks again once for all of a burst. */
const GATHER_MS = 400

/** Where more rows than these have changed at once, their list is asked for as a whole. */
const ROWS_MAX = 20

/** A connection that broke is made again after so long at the most. */
const AGAIN_MAX_MS = 15_000

const connection = {
  call: <Answer,>(method: Method, path: string, asked?: Asked): Promise<Answer> =>
    request(method, `/v1${path}`, asked),
  stream: (path: string, query: object, signal: AbortSignal | undefined) =>
    requestStream(`/v1${path}`, query, signal),
  pause: (attempt: number): Promise<void> =>
    new Promise((resolve) => setTimeout(resolve, Math.min(1_000 * 2 ** attempt, AGAIN_MAX_MS))),
}

/** Follows events while `mayFollow`; without the right to, asks again now and then. */
export function useLive(mayFollow: boolean): void {
  const client = useQueryClient()
  useEffect(() => {
    if (!mayFollow) return
    const over = new AbortController()
    const gathered = { payments: new Set<string>(), refunds: new Set<string>() }
    let timer: ReturnType<typeof setTimeout> | undefined
    const renew = (): void => {
      timer = undefined
      renewTouched(client, gathered)
      for (const ids of Object.values(gathered)) ids.clear()
    }
    void (async () => {
      for await (const event of followEvents(connection, { signal: over.signal })) {
        if (event.payment !== null) gathered.payments.add(event.payment)
        if (event.refund !== null) gathered.refunds.add(event.refund)
        timer ??= setTimeout(renew, GATHER_MS)
      }
    })().catch(() => {
      // The session is over, or the role lost the right: the next call says so.
    })
    return () => {
      over.abort()
      clearTimeout(timer)
    }
  }, [client, mayFollow])
}

/** What events were about, by its ids. */
interface Touched {
  readonly payments: ReadonlySet<string>
  readonly refunds: ReadonlySet<string>
}

function renewTouched(client: QueryClient, { payments, refunds }: Touched): void {
  void renewRows(client, 'payments', payments)
  void renewRows(client, 'refunds', refunds)
  void client.invalidateQueries({ queryKey: ['payments', 'latest'] })
  void client.invalidateQueries({ queryKey: ['refunds', 'requests'] })
  void client.invalidateQueries({ queryKey: ['attention'] })
  void client.invalidateQueries({ queryKey: ['reconciliations'] })
  void client.invalidateQueries({ queryKey: ['figures'] })
  for (const id of payments) void client.invalidateQueries({ queryKey: ['payment', id] })
}

/** What is in the lists that are kept up to date row by row. */
interface Row {
  readonly id: string
  readonly created_at: string
}

type Pages = InfiniteData<List<Row>>

/** Asks for the rows that changed, and puts each where it stands, or belongs if it is new. */
async function renewRows(
  client: QueryClient,
  name: keyof Touched,
  ids: ReadonlySet<string>,
): Promise<void> {
  const path = `/v1/${name}`
  const lists = { queryKey: [name, path] }
  if (ids.size === 0 || client.getQueriesData(lists).length === 0) return
  if (ids.size > ROWS_MAX) return client.invalidateQueries(lists)
  const found = await Promise.all(
    [...ids].map((id) =>
      request<Row>('GET', `${path}/${id}`).catch(() => {
        // It stays as it was; the next event of it asks again.
      }),
    ),
  )
  const changed = found.filter((one) => one !== undefined)
  for (const list of client.getQueryCache().findAll(lists)) {
    // A page that is under way would come back with the rows of before.
    while (list.state.fetchStatus === 'fetching') await settled(list.promise)
    const { queryKey: key } = list
    const pages = client.getQueryData<Pages>(key)
    if (pages === undefined) continue
    // Whether a row belongs to a narrowed list is for the server to say: one page is cheap.
    if (isNarrowed(key[2]) && pages.pages.length === 1) {
      void client.invalidateQueries({ queryKey: key, exact: true })
    } else {
      client.setQueryData<Pages>(key, withRows(pages, changed, isNarrowed(key[2])))
    }
  }
}

async function settled(work: Promise<unknown> | undefined): Promise<void> {
  await work?.catch(() => {
    // Who asked for it is told.
  })
}

function isNarrowed(filters: unknown): boolean {
  return Object.values(filters ?? {}).some((value) => value !== undefined)
}

/** A list with what has changed in it; what is new belongs to one that nobody has narrowed. */
function withRows(all: Pages, changed: readonly Row[], narrowed: boolean): Pages {
  const byId = new Map(changed.map((one) => [one.id, one]))
  const pages = all.pages.map((page) => ({
    ...page,
    data: page.data.map((one) => {
      const now = byId.get(one.id) ?? one
      byId.delete(one.id)
      return now
    }),
  }))
  const last = pages.at(-1)
  const oldest = last?.data.at(-1)
  // Of what is older than all that was scrolled to, the next page tells.
  const isWithin = (one: Row): boolean =>
    oldest === undefined || last?.has_more === false || byNewest(one, oldest) < 0
  for (const one of narrowed ? [] : [...byId.values()].filter(isWithin)) {
    const page = pages.find(({ data }) => byNewest(one, data.at(-1) ?? one) < 0) ?? last
    page?.data.push(one)
    page?.data.sort(byNewest)
  }
  return { ...all, pages }
}

/** The order of the server. */
function byNewest(a: Row, b: Row): number {
  return Date.parse(b.created_at) - Date.parse(a.created_at) || (a.id < b.id ? 1 : -1)
}
