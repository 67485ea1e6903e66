/**
 * What a page loads, in bytes as they come over the wire.
 *
 * @module
 */
import type { Page } from 'playwright-core'

/** Something that a page loads. */
export interface Loaded {
  /** Without origin and query. */
  readonly path: string
  /** As it came over the wire, headers too; nothing from the browser's own cache. */
  readonly wire: number
  /** The content, unpacked. */
  readonly plain: number
  /** What came is a stream that goes on. */
  readonly isStream: boolean
}

/** Watches what the page loads from now on; called, the result tells all since then. */
export async function watchTransfer(page: Page): Promise<() => readonly Loaded[]> {
  const loaded = new Map<string, Loaded>()
  const kept = new Set<string>()
  const change = (id: string, how: (one: Loaded) => Partial<Loaded>): void => {
    const one = loaded.get(id)
    if (one !== undefined) loaded.set(id, { ...one, ...how(one) })
  }
  const session = await page.context().newCDPSession(page)
  session.on('Network.responseReceived', ({ requestId, response }) => {
    const { url, encodedDataLength, fromDiskCache = false, mimeType } = response
    // What stands in the page's own text was loaded with it.
    if (url.startsWith('data:')) return
    loaded.set(requestId, {
      path: new URL(url).pathname,
      wire: fromDiskCache || kept.has(requestId) ? 0 : encodedDataLength,
      plain: 0,
      isStream: mimeType === 'text/event-stream',
    })
  })
  // Told before the answer itself.
  session.on('Network.requestServedFromCache', ({ requestId }) => void kept.add(requestId))
  session.on('Network.dataReceived', ({ requestId, dataLength, encodedDataLength }) => {
    change(requestId, ({ plain, wire, isStream }) => ({
      plain: plain + dataLength,
      // Of what has not ended Chromium does not know it yet; a stream is not packed.
      wire: wire + (isStream ? dataLength : encodedDataLength),
    }))
  })
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    change(requestId, ({ wire }) => ({ wire: Math.max(wire, encodedDataLength) }))
  })
  await session.send('Network.enable')
  return () => [...loaded.values()]
}

/** The bytes over the wire of all that was loaded. */
export function wireBytes(loaded: readonly Loaded[]): number {
  return loaded.reduce((sum, { wire }) => sum + wire, 0)
}
