/**
 * One simulation from its seed: things break, then they heal, then everything must have an end and
 * the books must be right.
 *
 * @module
 */

import {
  addMs,
  parseBeijingTime,
  VerifiedNotification,
  type NotificationParams,
} from '../../src/alipay/index.ts'
import { encodeForm } from '../../src/alipay/form.ts'
import { keepRawText } from '../../src/alipay/raw-text.ts'
import type { NotificationAttempt, NotificationRecord } from '../../src/emulator/records.ts'
import type { PaymentStore } from '../../src/payments/index.ts'
import { openSqliteStore } from '../../src/store/index.ts'
import { APP_ID, openAlipaySide, type AlipaySide } from './alipay-side.ts'
import { Books } from './books.ts'
import { Buyers } from './buyers.ts'
import { CallLog } from './call-log.ts'
import { Cluster } from './cluster.ts'
import { Coverage } from './coverage.ts'
import { Draw } from './draw.ts'
import { History } from './history.ts'
import { checkLedger, checkStore } from './ledger-check.ts'
import { Merchant } from './merchant.ts'
import { People, type Surroundings } from './people.ts'
import { drawPlan } from './draw-plan.ts'
import { CRASHES_MIN, PAYMENTS_MIN, REFUNDS_MIN, type Plan } from './plan.ts'
import { checkRates } from './rate-check.ts'
import { SellerConsole } from './seller-console.ts'
import { Violations, type Violation } from './violations.ts'
import { VirtualTime } from './virtual-time.ts'
import { Weather } from './weather.ts'

/** What a simulation brought. */
export interface SeedResult {
  readonly seed: number
  readonly digest: string
  readonly violations: readonly Violation[]
  readonly coverage: Coverage
  readonly totals: {
    readonly payments: number
    readonly refunds: number
    readonly calls: number
    readonly commits: number
    readonly crashes: number
    readonly nodes: number
    readonly notifications: number
    readonly virtualMs: number
    readonly events: number
  }
  /** What happened about an order, or at all. */
  history(about?: string): string[]
}

/** When every simulation begins. */
const OPENING = parseBeijingTime('2026-11-23 10:00:00')

/** After the faults have ended, everything has an end within this. */
export const LIVENESS_MS = 1_800_000

/** Alipay gives a notification up after some 25 h. */
const NOTIFICATIONS_MS = 30 * 3_600_000

/** How a simulation is run. */
export interface RunOptions {
  /** Violations whose text has this are left out, to look for others. */
  readonly ignored?: RegExp | undefined
  /** Is given what there is before anything happens, to spoil something. */
  readonly spoil?: (parts: SpoiledParts) => void
}

/** What a test may spoil, to see whether it is found. */
export interface SpoiledParts {
  /** Where money is, and who answers the engine. */
  readonly alipay: { arrive: AlipaySide['arrive'] }
  /** What the engine writes to. */
  readonly store: { -readonly [K in keyof PaymentStore]: PaymentStore[K] }
}

/** Runs one simulation. */
export async function runSeed(seed: number, options: RunOptions = {}): Promise<SeedResult> {
  const plan = drawPlan(seed)
  const draw = new Draw(seed, 'run')
  const time = new VirtualTime(OPENING)
  const elapsedMs = (): number => time.elapsedMs
  const history = new History(elapsedMs)
  const violations = new Violations(elapsedMs, options.ignored)
  const coverage = new Coverage()
  const calls = new CallLog(time, history, violations)
  const weather = new Weather(plan, time, draw.fork('weather'))
  const sqlite = await openSqliteStore(':memory:', {
    identity: `test ${APP_ID}`,
    clock: time,
    scheduleFlush: queueMicrotask,
  })
  const alipay: AlipaySide = openAlipaySide(time, draw.fork('alipay'), coverage, (record, fault) =>
    deliver(record, fault),
  )
  const mayLie = plan.faults.some(({ name }) => name === 'trade-not-exist')
  const books = new Books({ time, alipay, calls, history, coverage, violations, mayLie })
  const cluster = new Cluster({
    plan,
    time,
    draw: draw.fork('cluster'),
    store: sqlite.payments,
    alipay,
    books,
    calls,
    weather,
    history,
    coverage,
    violations,
  })
  const around: Surroundings = {
    plan,
    time,
    draw: draw.fork('people'),
    alipay,
    books,
    calls,
    cluster,
    weather,
    history,
    coverage,
    violations,
  }
  const deliver = deliverer(around)
  const people = new People(violations)
  const seller = new SellerConsole(around, people)
  const buyers = new Buyers(around, people, (outTradeNo) => seller.paid(outTradeNo))
  const merchant = new Merchant(around, people, buyers)

  alipay.configure(plan.settings)
  for (const fault of plan.faults) alipay.faults.add(fault)
  noteRules(plan, coverage)
  options.spoil?.({ alipay, store: sqlite.payments })
  cluster.begin()
  merchant.begin()
  seller.begin()
  const hasFailed = (): boolean => violations.all.length > 0

  await time.run(addMs(OPENING, plan.breakMs), hasFailed)
  history.note('world', undefined, 'heals')
  weather.heal()
  alipay.faults.clear()
  alipay.configure({ seller_balance: 'enough', seller_status: 'normal' })
  cluster.heal()
  merchant.retryAll()
  const isOver = (): boolean => books.open === 0 && people.busy === 0 && buyers.isBooked()
  let isQuiet = false
  while (!hasFailed()) {
    isQuiet = await time.run(
      addMs(OPENING, plan.breakMs + LIVENESS_MS),
      () => hasFailed() || isOver(),
    )
    // Some runs have too little to give back: until there is enough, somebody buys and returns.
    if (!isQuiet || countRefunds(books) >= REFUNDS_MIN) break
    if (!merchant.refundSome()) merchant.sell('pays at once')
  }
  if (isQuiet && !hasFailed()) {
    await time.run(
      addMs(time.now(), NOTIFICATIONS_MS),
      () => hasFailed() || (alipay.unsent().length === 0 && isOver()),
    )
  }
  if (!hasFailed()) {
    alipay.expire()
    checkLedger(books, alipay.ledger(), violations)
    await checkStore(books, sqlite.payments, violations)
    if (plan.callsPerSecond !== undefined) {
      checkRates(calls.sends(), cluster.requests(), plan.callsPerSecond, violations)
    }
    if (people.busy > 0) violations.add('failure', undefined, `${people.busy} are still busy`)
    const refunds = countRefunds(books)
    const isSmall =
      books.all().length < PAYMENTS_MIN ||
      refunds < REFUNDS_MIN ||
      cluster.crashes < CRASHES_MIN ||
      cluster.starts < 2
    if (isSmall && !hasFailed()) {
      const all = `${books.all().length} payments, ${refunds} refunds, ${cluster.crashes} crashes`
      violations.add('failure', undefined, `the run was too small: ${all}`)
    }
  }
  alipay.stop()
  await sqlite.close()
  return {
    seed,
    digest: history.digest(),
    violations: violations.all,
    coverage,
    totals: {
      payments: books.all().length,
      refunds: countRefunds(books),
      calls: calls.count,
      commits: books.commits,
      crashes: cluster.crashes,
      nodes: cluster.starts,
      notifications: cluster.notifications,
      virtualMs: time.elapsedMs,
      events: time.events,
    },
    history: (about) => history.of(about),
  }
}

function countRefunds(books: Books): number {
  return books.all().reduce((count, { refunds }) => count + refunds.length, 0)
}

function noteRules(
  { theme, rules, settings, variant, callsPerSecond }: Plan,
  coverage: Coverage,
): void {
  coverage.hit('rule', variant)
  coverage.hit('rule', `theme ${theme}`)
  coverage.hit('rule', callsPerSecond === undefined ? 'no budget' : 'a budget of calls')
  coverage.hit('rule', `fence ${rules.fence}`)
  coverage.hit('rule', `late: ${rules.latePayments}`)
  coverage.hit('rule', `duplicates: ${rules.duplicatePayments}`)
  for (const [name, value] of Object.entries(settings)) {
    coverage.hit('setting', `${name}: ${String(value)}`)
  }
}

/** Alipay gives a reply up after this. */
const REPLY_TIMEOUT_MS = 15_000

/** The way of a notification to some node, and of the reply back. */
function deliverer({ time, draw: all, alipay, cluster, weather, history, coverage }: Surroundings) {
  const draw = all.fork('notifications')
  return async (
    record: NotificationRecord,
    fault: string | undefined,
  ): Promise<Omit<NotificationAttempt, 'at'>> => {
    const { out_trade_no: outTradeNo, event } = record
    const fields = alipay.fieldsOf(record, fault)
    await time.pass(draw.chance(0.2) ? draw.ms(50, 20_000) : draw.int(3, 200))
    const what = `${event}${fault === undefined ? '' : ` (fault ${fault})`}`
    history.note('notify', outTradeNo, what)
    const message = fault === 'forged' ? formOf(fields) : verified(fields)
    const reply = await Promise.race([
      cluster.notify(message),
      time.pass(REPLY_TIMEOUT_MS).then(() => undefined),
    ])
    const isLost = !weather.isHealed && reply === 'success' && draw.chance(0.1)
    if (isLost) coverage.hit('network', 'success of a notification lost')
    history.note('notify', outTradeNo, `${what}: ${isLost ? 'lost' : (reply ?? 'no reply')}`)
    if (reply === undefined || isLost) return { result: 'unreachable' }
    return { result: reply === 'success' ? 'success' : 'refused', status: 200, reply }
  }
}

/** Only those that nobody forged get here: their signature is taken as checked. */
function verified(fields: Readonly<Record<string, string>>): VerifiedNotification {
  const Constructor = VerifiedNotification as unknown as new (
    params: NotificationParams,
  ) => VerifiedNotification
  return keepRawText(new Constructor(fields), formOf(fields))
}

function formOf(fields: Readonly<Record<string, string>>): string {
  return encodeForm(Object.entries(fields), 'utf-8')
}
