/**
 * Server-Sent Events: what they look like on the wire, and when they end.
 *
 * @module
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */

/** How often something is said, so that nothing in between takes the connection for dead. */
export const KEEP_ALIVE_MS = 15_000

/** Messages that wait for a reader before nothing more is fetched for him. */
const WAITING_MAX = 256

/** Sends to one reader. */
export interface EventSink {
  /** Says that it is there, so that the reader and all in between know that the way is open. */
  greet(): void
  /** Sends data as JSON; `id` is what the reader gives back when it comes again. */
  send(data: object, id?: string): void
  /** Ends the stream. */
  close(): void
  /** Breaks it off: the reader comes again. */
  fail(error: unknown): void
  /** Whether the reader is still there. */
  readonly isOpen: boolean
  /** Whether he keeps up. What is sent all the same waits in memory. */
  readonly hasRoom: boolean
  /** Resolves as soon as he keeps up, or has gone. */
  room(): Promise<void>
}

/**
 * Makes a stream.
 *
 * @param stopping Ends it when the server stops.
 * @param begin Is given the sink as soon as somebody reads. Returns what to do at the end, which is
 *   called once, whoever ended it.
 */
export function eventStream(
  stopping: AbortSignal,
  begin: (sink: EventSink) => () => void,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let end = (): void => {}
  let makeRoom = (): void => {}
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        let isOpen = true
        let finish = (): void => {}
        const hasRoom = (): boolean => (controller.desiredSize ?? 0) > 0
        const say = (text: string): void => controller.enqueue(encoder.encode(text))
        const greet = (): void => say(':\n\n')
        const keepAlive = setInterval(() => hasRoom() && greet(), KEEP_ALIVE_MS).unref()
        end = () => {
          if (!isOpen) return
          isOpen = false
          clearInterval(keepAlive)
          stopping.removeEventListener('abort', close)
          makeRoom()
          finish()
        }
        const sink: EventSink = {
          greet,
          send(data, id) {
            if (isOpen)
              say(`${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`)
          },
          close,
          fail(error) {
            if (!isOpen) return
            end()
            controller.error(error)
          },
          get isOpen() {
            return isOpen
          },
          get hasRoom() {
            return hasRoom()
          },
          room: () =>
            isOpen && !hasRoom()
              ? new Promise((resolve) => (makeRoom = resolve))
              : Promise.resolve(),
        }
        function close(): void {
          if (!isOpen) return
          end()
          controller.close()
        }
        stopping.addEventListener('abort', close)
        if (stopping.aborted) return close()
        finish = begin(sink)
        if (!isOpen) finish()
      },
      pull: () => makeRoom(),
      cancel: () => end(),
    },
    { highWaterMark: WAITING_MAX },
  )
}
