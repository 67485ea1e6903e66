/**
 * The places where a process may die in the worst moment, by name. Nothing happens there but in
 * tests, which have the process die at each of them.
 *
 * @module
 */

/** Around each call and each commit of the engine. */
export const CRASH_POINTS = [
  /** The intent is stored; Alipay knows nothing. */
  'intent-stored',
  /** Due payments are leased; nothing was done about them. */
  'claimed',
  'before-precreate',
  'precreate-answered',
  /** The buyer's code is in memory alone, and was not sent: with the process it is gone. */
  'before-pay',
  'pay-answered',
  'before-query',
  'query-answered',
  /** That a cancel is coming is stored; it was not sent. */
  'cancel-attempted',
  'cancel-answered',
  'before-close',
  'close-answered',
  /** The amount is reserved; Alipay knows nothing. */
  'refund-stored',
  /** That the refund is coming is stored; it was not sent. */
  'refund-sent',
  'refund-answered',
  'before-refund-query',
  'refund-query-answered',
  /** A notification is verified; nothing is stored. */
  'notification-verified',
  /** What the notification says is committed; Alipay has not heard `success`. */
  'notification-committed',
  /** Other payments of a reference were looked at; nothing is decided about the late one. */
  'before-settle',
] as const

/** One of {@link CRASH_POINTS}. */
export type CrashPoint = (typeof CRASH_POINTS)[number]
