/**
 * The places where a process may die in the worst moment, by name. Nothing happens there but in
 * tests, which have the process die at each of them.
 *
 * @module
 */

/** Around each message that is sent. */
export const WEBHOOK_CRASH_POINTS = [
  /** A delivery is leased; nothing was sent. */
  'delivery-claimed',
  /** The message was sent; that is not written down. */
  'delivery-sent',
] as const

/** One of {@link WEBHOOK_CRASH_POINTS}. */
export type WebhookCrashPoint = (typeof WEBHOOK_CRASH_POINTS)[number]
