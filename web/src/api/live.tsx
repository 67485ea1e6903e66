/**
 * What is shown follows what happens: each event of the server makes the lists and pages that it
 * touches ask again.
 *
 * @module
 */
import { useQueryClient, type QueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { followEvents } from '../../../src/client/follow-events.ts'
import type { SaomaEvent } from './objects.ts'
import { request, requestStream, type Asked, type Method } from './request.ts'

/** Events come in bursts; what is on the screen asks again once for all of a burst. */
const GATHER_MS = 400

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
    const gathered = new Set<string>()
    let timer: ReturnType<typeof setTimeout> | undefined
    const renew = (): void => {
      timer = undefined
      renewTouched(client, gathered)
      gathered.clear()
    }
    void (async () => {
      for await (const event of followEvents(connection, { signal: over.signal })) {
        gathered.add(event.payment)
        announce(event)
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

type Listener = (event: SaomaEvent) => void
const listeners = new Set<Listener>()

/** The newest event, for what shows news by itself. */
export function useNewestEvent(): SaomaEvent | null {
  const [newest, setNewest] = useState<SaomaEvent | null>(null)
  useEffect(() => {
    listeners.add(setNewest)
    return () => void listeners.delete(setNewest)
  }, [])
  return newest
}

function announce(event: SaomaEvent): void {
  for (const tell of listeners) tell(event)
}

function renewTouched(client: QueryClient, payments: ReadonlySet<string>): void {
  void client.invalidateQueries({ queryKey: ['payments'] })
  void client.invalidateQueries({ queryKey: ['refunds'] })
  void client.invalidateQueries({ queryKey: ['attention'] })
  void client.invalidateQueries({ queryKey: ['figures'] })
  for (const id of payments) void client.invalidateQueries({ queryKey: ['payment', id] })
}
