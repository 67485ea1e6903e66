/**
 * Looks for what people have to know, and raises it. Each finding has a name, so that it is told
 * once, however often and by however many nodes it is found.
 *
 * @module
 */

import type { Credential, Credentials } from '../access/index.ts'
import type { Alarm, Alarms } from '../alarms/index.ts'
import {
  addMs,
  CLOCK_SKEW_WARN_MS,
  formatRfc3339,
  GatewayClock,
  toInstant,
  type AlipayClient,
  type CertificateFiles,
  type Clock,
  type Instant,
} from '../alipay/index.ts'
import { parseCertificates } from '../alipay/certificate.ts'
import { DueLoop } from '../payments/due-loop.ts'
import { StoreUnavailable, type Payments } from '../payments/index.ts'
import type { Signs } from './signs.ts'

/** How often is looked, in milliseconds. */
export const WATCH_MS = 60_000

/** A payment without a result is told of this long after its deadline, in milliseconds. */
export const STUCK_MS = 300_000

/** Days before a certificate's end on which it is told. */
export const EXPIRY_DAYS: readonly number[] = [30, 14, 7, 3, 1, 0]

/** A refund without a result is told of this long after it was made, in milliseconds. */
export const REFUND_STUCK_MS = 900_000

/** Calls of unknown outcome, since the last look, from which on the gateway is tried. */
const UNKNOWN_CALLS = 3

/** So many of them, and no other, are an outage, though it may answer. */
const OUTAGE_CALLS = 10

const LOOKED_AT = 100

/** What is watched. */
export interface AlarmWatchOptions {
  readonly alarms: Alarms
  readonly payments: Pick<Payments, 'list' | 'listRefunds' | 'refundHold'>
  readonly client: Pick<AlipayClient, 'measureClock'>
  readonly clock: Clock
  /** In certificate mode: those that end. */
  readonly certificates: CertificateFiles | undefined
  /** Further keys: their certificates end, too, also before they are used. */
  readonly credentials: Pick<Credentials, 'list'>
  /** Of Alipay's answers and notifications. */
  readonly signs: Signs
  /** Is told of the end of each certificate at each look. */
  readonly onCertificate: (certificate: WatchedCertificate) => void
  readonly onError: (error: unknown) => void
}

/** A watch that can be begun and ended. */
export interface AlarmWatch {
  /** What stood wrong at the last look, beside payments and refunds. */
  standing(): readonly Alarm[]
  /** One look, for tests and for the loop. */
  look(): Promise<void>
  start(): void
  stop(): Promise<void>
}

/** Makes it. */
export function createAlarmWatch(options: AlarmWatchOptions): AlarmWatch {
  const { alarms, payments, client, clock, certificates, credentials, signs } = options
  const { onCertificate, onError } = options
  let standing: readonly Alarm[] = []

  const look = async (): Promise<void> => {
    const now = clock.now()
    const found = [...clockOff(clock), ...signs.standing(hourOf(now))]
    const { unknown, definite } = signs.takeOutcomes()
    const isOutage = unknown >= OUTAGE_CALLS && definite === 0
    if (isOutage || (unknown >= UNKNOWN_CALLS && !(await answers(client)))) {
      found.push(gatewayDown(now))
    }
    standing = found
    try {
      const watched = [...ofFiles(certificates, ''), ...ofCredentials(await credentials.list())]
      for (const certificate of watched) onCertificate(certificate)
      found.push(...watched.flatMap((certificate) => expiring(certificate, now)))
      standing = [...found]
      for (const alarm of [...found, ...(await needingAttention(payments, now))]) {
        await alarms.raise(alarm)
      }
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error
      await alarms.shout(storeFailing(now))
      throw error
    }
  }
  const loop = new DueLoop({
    async look() {
      await look()
      return WATCH_MS
    },
    idleMs: WATCH_MS,
    onError,
  })
  return {
    standing: () => standing,
    look,
    start: () => loop.start(),
    stop: () => loop.stop(),
  }
}

/** The alarm of a database that cannot be written to. */
export function storeFailing(now: Instant): Alarm {
  return {
    kind: 'store_failing',
    about: hourOf(now),
    text: '数据库不可用，付款已暂停，恢复后自动继续。/ The database is away: no payment is taken until it is back; nothing is lost.',
  }
}

/** A notification of an order that is not in these books. */
export function orderUnknown(outTradeNo: string): Alarm {
  const text = `${outTradeNo}: 对账会补记本应用的订单 / a sale of this application is booked by the bill`
  return { kind: 'order_unknown', about: outTradeNo, text }
}

/** In the evening there is no bill yet of a day that had business. */
export function billLate(date: string): Alarm {
  const text = `${date}: 每小时重试，也可上传账单文件 / asked for each hour; a file may be uploaded`
  return { kind: 'bill_late', about: date, text }
}

/** Alipay's bill of a day and the books do not agree, or could not be compared. */
export function unbalanced(date: string, failure: string | undefined): Alarm {
  const why = failure === undefined ? '' : ` (${failure})`
  return {
    kind: 'reconciliation_difference',
    // A day that could not be compared, and differs once it can be, is told of twice.
    about: `${date}:${failure ?? 'differences'}`,
    text: `${date}${why}: saoma reconcile ${date}`,
  }
}

async function needingAttention(
  payments: AlarmWatchOptions['payments'],
  now: Instant,
): Promise<Alarm[]> {
  const reviews = await payments.list({ limit: LOOKED_AT, inReview: true })
  const refunds = await payments.listRefunds({ limit: LOOKED_AT, status: 'requires_action' })
  const hold = await payments.refundHold()
  const createdBefore = addMs(now, -REFUND_STUCK_MS)
  const processing = await payments.listRefunds({
    limit: LOOKED_AT,
    status: 'processing',
    createdBefore,
  })
  const closing = await payments.list({ limit: LOOKED_AT, status: 'closing' })
  const stuck = closing.filter(({ payment }) => addMs(payment.expiresAt, STUCK_MS) < now)
  return [
    ...(hold?.liftedAt === null ? [refundsHeld(hold.from)] : []),
    ...reviews.map(({ payment: { id, review } }): Alarm => {
      return { kind: 'payment_review', about: `${id}:${review}`, text: `${id}: ${review}` }
    }),
    ...stuck.map(({ payment: { id, expiresAt } }): Alarm => {
      const text = `${id}: ${formatRfc3339(expiresAt)} 起没有结果 / no result since`
      return { kind: 'payment_stuck', about: id, text }
    }),
    ...processing.map(({ id, paymentId }): Alarm => {
      return { kind: 'refund_stuck', about: id, text: `${id} (${paymentId})` }
    }),
    ...refunds.map(({ id, paymentId, failure }): Alarm => {
      const why = failure?.code ?? ''
      return {
        kind: 'refund_requires_action',
        about: `${id}:${why}`,
        text: `${id} (${paymentId}) ${why}`.trimEnd(),
      }
    }),
  ]
}

function refundsHeld(from: Instant): Alarm {
  const since = formatRfc3339(from)
  return {
    kind: 'refund_hold',
    about: since,
    text: `备份之后（${since} 起）的账单核对完毕后，退款自动继续。/ Refunds go on by themselves once bills cover what happened since the backup of ${since}.`,
  }
}

function clockOff(clock: Clock): Alarm[] {
  if (!(clock instanceof GatewayClock) || !clock.isMeasured) return []
  const { offsetMs } = clock
  if (Math.abs(offsetMs) <= CLOCK_SKEW_WARN_MS) return []
  const seconds = Math.round(Math.abs(offsetMs) / 1000)
  const way = offsetMs > 0 ? '慢了 / behind by' : '快了 / ahead by'
  return [{ kind: 'clock_off', about: hourOf(clock.now()), text: `${way} ${seconds} s (NTP)` }]
}

function expiring({ name, serialNumber, endsAt }: WatchedCertificate, now: Instant): Alarm[] {
  const days = Math.floor((endsAt - now) / 86_400_000)
  const due = EXPIRY_DAYS.filter((limit) => days <= limit).at(-1)
  if (due === undefined) return []
  const text = `${name} ${serialNumber}: ${formatRfc3339(endsAt)}, ${Math.max(0, days)} d`
  return [{ kind: 'key_expiring', about: `${serialNumber}:${due}`, text }]
}

/** A certificate that ends. */
export interface WatchedCertificate {
  /** Whose it is, for people; with the id of its credential where it is of one. */
  readonly name: string
  readonly of: 'application' | 'alipay'
  readonly serialNumber: string
  readonly endsAt: Instant
}

function ofFiles(files: CertificateFiles | undefined, suffix: string): WatchedCertificate[] {
  if (files === undefined) return []
  const { app, alipay } = files
  return [
    { of: 'application', name: '应用证书 / application certificate', file: app } as const,
    { of: 'alipay', name: '支付宝证书 / Alipay’s certificate', file: alipay } as const,
  ].flatMap(({ of, name, file }) =>
    parseCertificates(file).map(({ serialNumber, validTo }) => {
      const endsAt = toInstant(Date.parse(validTo))
      return { of, name: `${name}${suffix}`, serialNumber, endsAt }
    }),
  )
}

function ofCredentials(all: readonly Credential[]): WatchedCertificate[] {
  return all
    .filter(({ status }) => status !== 'retired')
    .flatMap(({ id, alipay }) => ofFiles(alipay?.certificates, ` (${id})`))
}

function gatewayDown(now: Instant): Alarm {
  return {
    kind: 'gateway_down',
    about: hourOf(now),
    text: '未完成的付款会继续查询，直到有确定结果。/ Open payments are asked about until it answers; none is given up.',
  }
}

async function answers(client: AlarmWatchOptions['client']): Promise<boolean> {
  return client.measureClock().then(
    () => true,
    () => false,
  )
}

/** What goes on is told again each hour. */
function hourOf(now: Instant): string {
  return formatRfc3339(now).slice(0, 13)
}
