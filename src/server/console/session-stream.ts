/**
 * Streams that a person follows: they end with his session, and not when he happens to come again.
 *
 * @module
 */
import type { Session, Users } from '../../access/index.ts'

/** How often it is looked whether a session still holds, in milliseconds. */
export const SESSION_LOOK_MS = 5_000

/** Passes a stream on as long as the session holds, then breaks it off. */
export function whileSignedIn(
  stream: ReadableStream<Uint8Array>,
  session: Session,
  users: Pick<Users, 'isSignedIn'>,
): ReadableStream<Uint8Array> {
  const ended = new AbortController()
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const look = async (): Promise<void> => {
    // A database that is away for a moment signs nobody out.
    if (!(await users.isSignedIn(session).catch(() => true))) ended.abort()
  }
  const timer = setInterval(() => void look(), SESSION_LOOK_MS).unref()
  void stream
    .pipeTo(writable, { signal: ended.signal })
    // The reader has gone, or the session has ended: either way there is nobody to tell.
    .catch(() => {})
    .finally(() => clearInterval(timer))
  return readable
}
