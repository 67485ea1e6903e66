/**
 * Sends notifications until the merchant answers `success`, on Alipay's schedule and the emulator's
 * clock.
 *
 * @module
 * @see Alipay: 异步通知
 */

import { Agent, request } from 'undici'
import { addMs } from '../alipay/time.ts'
import type { Faults } from './faults.ts'
import { signNotification } from './notification-signing.ts'
import type { NotificationAttempt, NotificationRecord } from './records.ts'
import type { World } from './world.ts'

/** The notifications of one emulator. */
export interface Notifications {
  /**
   * Sends everything that is due by the emulator's clock, and waits for the replies, also those of
   * sends that are on their way already.
   *
   * @returns How many sends this call made.
   */
  deliverDue(): Promise<number>
  /** Sends these now, whether they are due or not. */
  deliver(records: readonly NotificationRecord[]): Promise<void>
  /** Sends a notification once more, delivered or not; `undefined` if there is none. */
  resend(notifyId: string): Promise<NotificationRecord | undefined>
  /** The notifications of an order that were not sent yet. */
  unsent(outTradeNo: string | undefined): NotificationRecord[]
  /** All of them with the log of their sends, oldest first. */
  list(): NotificationRecord[]
  /** Cuts off what is on its way. */
  close(): Promise<void>
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** The pauses between the 8 sends. */
const PAUSES_MS = [
  4 * MINUTE_MS,
  10 * MINUTE_MS,
  10 * MINUTE_MS,
  HOUR_MS,
  2 * HOUR_MS,
  6 * HOUR_MS,
  15 * HOUR_MS,
]

/** How long a merchant may take to answer. */
const TIMEOUT_MS = 15_000
/** Sends to one merchant at the same time. Another merchant has as many of its own. */
const CONNECTIONS = 64

/** Faults that send something else: whatever is answered, the true one is still to come. */
const TAMPERING: ReadonlySet<string> = new Set([
  'forged',
  'wrong-amount',
  'foreign-app',
  'wrong-seller',
])

/** Carries one send to the merchant, as a fault has it if there is one; tells what came back. */
export type Deliver = (
  record: NotificationRecord,
  fault: string | undefined,
) => Promise<Omit<NotificationAttempt, 'at'>>

/**
 * @param world Whose notifications are sent.
 * @param deliver Default: signs it and posts it to its address.
 */
export function createNotifications(
  world: World,
  faults: Faults,
  deliver?: Deliver,
): Notifications {
  const agent = new Agent({ connections: CONNECTIONS, connect: { timeout: TIMEOUT_MS } })
  const carry: Deliver =
    deliver ??
    (async (record, fault) => post(agent, record, await signNotification(world, record, fault)))
  const onTheWay = new Map<string, Promise<number>>()
  const { state, clock } = world

  const update = (notifyId: string, change: Partial<NotificationRecord>) => {
    const record = state.notifications.get(notifyId)
    if (record !== undefined) state.commit({ notification: { ...record, ...change } })
  }

  /** Sends once, or does what a fault has it do instead. Answers how many sends were made. */
  const send = async (record: NotificationRecord): Promise<number> => {
    const { notify_id, out_trade_no } = record
    const strike = faults.strike('notification', { out_trade_no })
    const fault = strike?.name
    const now = clock.now()
    switch (fault ?? '') {
      case 'late':
        update(notify_id, { due_at: addMs(now, Math.max(1, strike?.delay_ms ?? MINUTE_MS)) })
        return 0
      case 'reordered':
        update(notify_id, { due_at: addMs(now, 4 * MINUTE_MS), held: true })
        return 0
      case 'lost':
        finish(notify_id, { at: now, result: 'lost', fault })
        return 0
      default: {
        const sends = fault === 'duplicate' ? 2 : 1
        for (let count = 0; count < sends; count++) {
          finish(notify_id, { at: now, ...(await carry(record, fault)), fault })
        }
        releaseHeld(notify_id, out_trade_no)
        return sends
      }
    }
  }

  const finish = (notifyId: string, attempt: NotificationAttempt) => {
    const record = state.notifications.get(notifyId)
    if (record === undefined) return
    const attempts = [...record.attempts, attempt]
    const isTampered = attempt.fault !== undefined && TAMPERING.has(attempt.fault)
    const isDelivered =
      record.status === 'delivered' || (attempt.result === 'success' && !isTampered)
    const pauses = state.settings.immediate_resends ? [0, 0, 0, ...PAUSES_MS] : PAUSES_MS
    const pause = pauses[attempts.length - 1]
    const status = isDelivered ? 'delivered' : pause === undefined ? 'given_up' : 'pending'
    const due_at = addMs(clock.now(), pause ?? 0)
    update(notifyId, { attempts, status, due_at, held: false })
  }

  /** What the fault `reordered` held back follows the next notification of its trade. */
  const releaseHeld = (notifyId: string, outTradeNo: string) => {
    for (const other of state.pendingNotifications()) {
      if (!other.held || other.notify_id === notifyId || other.out_trade_no !== outTradeNo) continue
      update(other.notify_id, { due_at: clock.now(), held: false })
    }
  }

  const launch = (record: NotificationRecord): Promise<number> => {
    const running = onTheWay.get(record.notify_id)
    if (running !== undefined) return running.then(() => 0)
    const sending = send(record).finally(() => onTheWay.delete(record.notify_id))
    onTheWay.set(record.notify_id, sending)
    return sending
  }

  const launchDue = async (): Promise<number> => {
    const now = clock.now()
    const due = [...state.pendingNotifications()].filter(
      ({ due_at, notify_id }) => due_at <= now && !onTheWay.has(notify_id),
    )
    const counts = await Promise.all(due.map(launch))
    const count = counts.reduce((sum, sends) => sum + sends, 0)
    return due.length === 0 ? 0 : count + (await launchDue())
  }

  return {
    async deliverDue() {
      const others = [...onTheWay.values()]
      const count = await launchDue()
      await Promise.all(others)
      return count
    },
    async deliver(records) {
      await Promise.all(records.map(launch))
    },
    async resend(notifyId) {
      const record = state.notifications.get(notifyId)
      if (record !== undefined) await launch(record)
      return state.notifications.get(notifyId)
    },
    unsent: (outTradeNo) =>
      [...state.pendingNotifications()].filter(
        (record) => record.out_trade_no === outTradeNo && record.attempts.length === 0,
      ),
    list: () => [...state.notifications.values()],
    async close() {
      await agent.destroy()
      await Promise.all(onTheWay.values())
    },
  }
}

/** Only the status 200 and the seven letters count; a redirect is not followed. */
async function post(
  agent: Agent,
  record: NotificationRecord,
  body: string,
): Promise<Omit<NotificationAttempt, 'at'>> {
  try {
    const response = await request(record.url, {
      method: 'POST',
      headers: {
        'content-type': `application/x-www-form-urlencoded; charset=${record.charset}`,
        'user-agent': 'Mozilla/4.0',
      },
      body,
      dispatcher: agent,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    const { statusCode: status } = response
    const text = await response.body.text()
    const result = status === 200 && text === 'success' ? 'success' : 'refused'
    return { result, status, reply: text.slice(0, 200) }
  } catch {
    return { result: 'unreachable' }
  }
}
