/**
 * The merchant's nodes: real engines on one store, which are started, stopped in the worst moment,
 * paused, and started again.
 *
 * @module
 */

import { GatewayClock, type VerifiedNotification } from '../../src/alipay/index.ts'
import {
  createPayments,
  StoreUnavailable,
  type CrashPoint,
  type Lease,
  type Payments,
  type PaymentStore,
} from '../../src/payments/index.ts'
import { SELLER_ID, type AlipaySide } from './alipay-side.ts'
import type { Books } from './books.ts'
import type { CallLog, CallRecord } from './call-log.ts'
import type { Coverage } from './coverage.ts'
import type { Draw } from './draw.ts'
import { createFaultyGateway } from './faulty-gateway.ts'
import { createFaultyStore } from './faulty-store.ts'
import type { History } from './history.ts'
import { Machine } from './machine.ts'
import type { Plan } from './plan.ts'
import { Crashed, Process } from './process.ts'
import { wholeSecond, type VirtualTime } from './virtual-time.ts'
import type { Violations } from './violations.ts'
import type { Weather } from './weather.ts'

/** What the nodes are made of. */
export interface ClusterOptions {
  readonly plan: Plan
  readonly time: VirtualTime
  readonly draw: Draw
  readonly store: PaymentStore
  readonly alipay: AlipaySide
  readonly books: Books
  readonly calls: CallLog
  readonly weather: Weather
  readonly history: History
  readonly coverage: Coverage
  readonly violations: Violations
}

/** Where notifications go to. */
export const NOTIFY_URL = 'http://shop.simulated/notify'

/** A process with its engine. */
interface Running {
  readonly process: Process
  readonly payments: Payments
  /** Leases that it took, for the store of a single node to forget when it is opened again. */
  readonly leases: Map<string, Lease>
}

/** A worker looks at least this often. */
const IDLE_MS = 250

/** All nodes. */
export class Cluster {
  readonly #options: ClusterOptions
  readonly #machines: readonly Machine[]
  readonly #running: (Running | undefined)[]
  readonly #lives: number[]
  /** Crash points at which somebody is to die, and how often they are passed first. */
  readonly #armed = new Map<CrashPoint, number>()
  readonly #retrying = new WeakSet<Process>()
  readonly #requests = new Map<string, number[]>()
  #notifications = 0
  #crashes = 0
  #starts = 0
  #lookAtMs = Number.POSITIVE_INFINITY
  #look: { cancel(): void } | undefined

  constructor(options: ClusterOptions) {
    const { plan, time, books } = options
    this.#options = options
    this.#machines = plan.machines.map(({ skewMs }) => new Machine(time, skewMs))
    this.#running = plan.machines.map(() => undefined)
    this.#lives = plan.machines.map(() => 0)
    books.onDue((inMs) => this.#wake(inMs))
    books.onBorn((id) => {
      for (const running of this.#live()) this.#watch(running, id)
    })
  }

  /** Processes that have died. */
  get crashes(): number {
    return this.#crashes
  }

  /** Processes that were started. */
  get starts(): number {
    return this.#starts
  }

  /** Notifications that have reached a process. */
  get notifications(): number {
    return this.#notifications
  }

  /** When each process was asked something, in milliseconds. */
  requests(): ReadonlyMap<string, readonly number[]> {
    return this.#requests
  }

  /** Starts the nodes, and has in store for them what the plan says. */
  begin(): void {
    const { plan, time, coverage, calls } = this.#options
    const first = plan.variant === 'embedded' ? [0] : plan.machines.keys()
    for (const node of first) this.#start(node)
    for (const [node, { skewMs, steps }] of plan.machines.entries()) {
      if (skewMs !== 0) coverage.hit('clock', `wrong by ${skewMs / 1_000} s`)
      for (const { atMs, byMs } of steps) {
        time.after(atMs, () => {
          coverage.hit('clock', `set by ${byMs / 1_000} s`)
          this.#machines[node]?.set(byMs)
        })
      }
    }
    for (const atMs of plan.crashes.atTimes) {
      time.after(atMs, () => this.#killSomebody())
    }
    for (const { point, spared } of plan.crashes.atPoints) this.#armed.set(point, spared)
    for (const atMs of plan.pauses.atTimes) {
      time.after(atMs, () => {
        const victim = this.#any(() => true)
        if (victim !== undefined) this.#pause(victim.process, 'at some moment')
      })
    }
    calls.listen((moment, call) => this.#maybePause(moment, call))
  }

  /** No more deaths and pauses; all nodes are up. */
  heal(): void {
    this.#armed.clear()
    for (const [node, running] of this.#running.entries()) {
      if (running !== undefined) running.process.resume()
      else if (this.#options.plan.variant === 'shared') this.#start(node)
    }
    if (this.#live().length === 0) this.#start(0)
    this.#wake(0)
  }

  /**
   * Asks a node, as a client over a network does.
   *
   * @returns What it answered, or `undefined` where no answer came: nobody knows what was done.
   */
  async ask<T>(what: string, run: (payments: Payments) => Promise<T>): Promise<T | undefined> {
    const { time, draw, weather, plan, coverage, violations, history } = this.#options
    const target = this.#any(({ process }) => !process.isPaused || draw.chance(0.3))
    if (target === undefined) {
      await time.pass(draw.int(100, 2_000))
      return undefined
    }
    const { process, payments } = target
    this.#noteRequest(process)
    const isLost = !weather.isHealed && draw.chance(plan.apiAnswerLost)
    return new Promise((resolve) => {
      const end = (result: T | undefined): void => {
        timer.cancel()
        forget()
        resolve(result)
      }
      const forget = process.onDeath(() => end(undefined))
      const timer = time.after(CLIENT_TIMEOUT_MS, () => end(undefined))
      process.after(draw.int(1, 20), () => {
        run(payments).then(
          (result) =>
            void process.after(draw.int(1, 20), () => {
              if (isLost) coverage.hit('merchant', 'loses an answer')
              end(isLost ? undefined : result)
            }),
          (error: unknown) => {
            if (!process.isAlive) return
            if (!(error instanceof StoreUnavailable)) {
              violations.add('failure', undefined, `${what} threw ${String(error)}`)
            }
            history.note(process.name, undefined, `${what} fails: ${String(error)}`)
            void process.after(1, () => end(undefined))
          },
        )
      })
    })
  }

  /** A notification arrives somewhere. `undefined` where nobody answers. */
  async notify(
    notification: VerifiedNotification | string,
  ): Promise<'success' | 'fail' | undefined> {
    const { draw } = this.#options
    const target = this.#any(({ process }) => !process.isPaused || draw.chance(0.3))
    if (target === undefined) return undefined
    const { process, payments } = target
    this.#notifications += 1
    return new Promise((resolve) => {
      const forget = process.onDeath(() => resolve(undefined))
      const reply = (word: 'success' | 'fail'): void => {
        process.after(draw.int(1, 20), () => {
          forget()
          resolve(word)
        })
      }
      process.after(draw.int(1, 20), () => {
        const work =
          typeof notification === 'string'
            ? payments.quarantine(notification).then(() => 'fail' as const)
            : payments.acceptNotification(notification).then(() => 'success' as const)
        work.then(reply, () => reply('fail'))
      })
    })
  }

  /** An engine that lives, to look at. */
  engine(): Payments | undefined {
    return this.#any(() => true)?.payments
  }

  #start(node: number): void {
    const { plan, time, draw, store, alipay, calls, weather, history, coverage } = this.#options
    const { violations } = this.#options
    const life = (this.#lives[node] = (this.#lives[node] ?? 0) + 1)
    const name = `node${node}.${life}`
    const process = new Process(name, node, time, draw.fork(`process ${name}`))
    const machine = this.#machines[node] as Machine
    const clock = new GatewayClock({
      clock: machine,
      monotonicMs: () => machine.monotonicMs(),
      onAlarm: ({ kind }) => coverage.hit('clock', `alarm ${kind}`),
    })
    if (plan.measuresClock) {
      const atMs = clock.monotonicMs()
      clock.observe({ date: wholeSecond(time.now()), sentAtMs: atMs - 20, receivedAtMs: atMs })
    }
    const own = draw.fork(name)
    const leases = new Map<string, Lease>()
    const payments = createPayments({
      store: createFaultyStore({
        store: plan.variant === 'shared' ? store : rememberingLeases(store, leases),
        process,
        weather,
        draw: own.fork('store'),
        observer: this.#options.books,
        history,
        coverage,
      }),
      gateway: createFaultyGateway({
        alipay,
        process,
        clock,
        time,
        weather,
        draw: own.fork('gateway'),
        calls,
        coverage,
      }),
      ...(plan.hasNotifyUrl ? { notifyUrl: NOTIFY_URL } : {}),
      ...(plan.ownSeller ? { sellerId: SELLER_ID } : {}),
      ...(plan.callsPerSecond === undefined ? {} : { callsPerSecond: plan.callsPerSecond }),
      rules: plan.rules,
      concurrencyMax: plan.concurrencyMax,
      clock,
      monotonicMs: () => machine.monotonicMs(),
      random: (size) => own.bytes(size),
      sleep: (ms) => process.pass(ms),
      crashPoint: (point) => this.#pass(point, process),
      onError: (error) => {
        if (!process.isAlive || error instanceof StoreUnavailable) return
        violations.add('failure', undefined, `${name}: ${String(error)}`)
      },
    })
    this.#starts += 1
    const running = { process, payments, leases }
    this.#running[node] = running
    for (const { payment } of this.#options.books.all()) this.#watch(running, payment.id)
    history.note(name, undefined, 'starts')
    coverage.hit('node', 'starts')
    this.#wake(0)
  }

  /** Pages of a process may show nothing that is not committed. */
  #watch({ payments, process }: Running, id: string): void {
    const { books, violations } = this.#options
    payments.watch(id, ({ payment }) => {
      const committed = books.find(id)?.payment
      if (committed === undefined || committed.version < payment.version) {
        const text = `${process.name} shows version ${payment.version} that is not committed`
        violations.add('I14', payment.outTradeNo, text)
      }
    })
  }

  /** A process comes by a crash point. */
  #pass(point: CrashPoint, process: Process): void {
    if (!process.isAlive) throw new Crashed(point)
    const spared = this.#armed.get(point)
    if (spared === undefined) return
    if (spared > 0) return void this.#armed.set(point, spared - 1)
    const running = this.#running[process.node]
    if (running?.process !== process) return
    this.#armed.delete(point)
    this.#options.coverage.hit('crash', point)
    this.#kill(running, point)
    throw new Crashed(point)
  }

  /** Where nobody lives, whoever is next to. */
  #killSomebody(): void {
    const { time, weather } = this.#options
    const victim = this.#any(() => true)
    if (victim !== undefined) this.#kill(victim, 'at some moment')
    else if (!weather.isHealed) time.after(1_000, () => this.#killSomebody())
  }

  #kill({ process, leases }: Running, where: string): void {
    const { plan, time, draw, history, coverage, store } = this.#options
    this.#crashes += 1
    history.note(process.name, undefined, `dies: ${where}`)
    if (where === 'at some moment') coverage.hit('node', 'dies at some moment')
    process.die()
    this.#running[process.node] = undefined
    time.after(draw.ms(100, plan.crashes.restartMsMost), () => {
      if (plan.variant === 'embedded') {
        if (this.#live().length > 0) return
        // As when a store of one process is opened again: nobody holds a lease any more.
        for (const lease of leases.values()) void store.release(lease, undefined, 0)
        coverage.hit('node', 'forgets leases')
        return this.#start((process.node + 1) % plan.nodes)
      }
      if (this.#running[process.node] === undefined) this.#start(process.node)
    })
  }

  #maybePause(moment: 'sent' | 'arrived' | 'answered', call: CallRecord): void {
    const { plan, draw, books, weather } = this.#options
    const { beforeCancel, duringCall } = plan.pauses
    if (weather.isHealed || moment === 'arrived' || !call.process.isAlive) return
    if (moment === 'answered' && call.method === 'query' && beforeCancel > 0) {
      const payment = books.findByOutTradeNo(call.outTradeNo)?.payment
      if (payment?.status === 'closing' && draw.chance(beforeCancel)) {
        this.#pause(call.process, 'between query and cancel')
      }
    }
    if (duringCall > 0 && draw.chance(duringCall)) {
      this.#pause(call.process, moment === 'sent' ? 'during a call' : 'after a call')
    }
  }

  #pause(process: Process, where: string): void {
    const { plan, draw, history, coverage, weather } = this.#options
    if (weather.isHealed) return
    const ms = draw.ms(100, plan.pauses.mostMs)
    coverage.hit('node', `pauses ${where}`)
    history.note(process.name, undefined, `stands still for ${ms} ms, ${where}`)
    process.pause(ms)
  }

  /** Something will be due: somebody looks then, and some time after it at the latest. */
  #wake(inMs: number): void {
    const { time, draw } = this.#options
    const atMs = time.elapsedMs + Math.max(0, inMs) + draw.ms(1, IDLE_MS)
    if (atMs >= this.#lookAtMs) return
    this.#look?.cancel()
    this.#lookAtMs = atMs
    this.#look = time.after(atMs - time.elapsedMs, () => this.#lookNow())
  }

  #lookNow(): void {
    const { draw, time, store } = this.#options
    this.#lookAtMs = Number.POSITIVE_INFINITY
    const looking = new Set([this.#any(({ process }) => !process.isPaused)])
    if (draw.chance(0.15)) looking.add(this.#any(() => true))
    for (const running of looking) if (running !== undefined) this.#runDue(running)
    // What is due and was not taken, or is under a lease, is looked at again.
    time.after(30, () => {
      void this.#wakeForNext(store)
    })
  }

  async #wakeForNext(store: PaymentStore): Promise<void> {
    const ms = await store.nextDueInMs()
    if (ms !== null) this.#wake(ms)
  }

  #runDue(running: Running): void {
    const { process, payments } = running
    process.after(0, () => {
      payments.runDue().catch((error: unknown) => {
        if (!process.isAlive) return
        if (!(error instanceof StoreUnavailable)) {
          this.#options.violations.add('failure', undefined, `runDue threw ${String(error)}`)
        }
        if (this.#retrying.has(process)) return
        // The worker's own loop would look again.
        this.#retrying.add(process)
        process.after(IDLE_MS, () => {
          this.#retrying.delete(process)
          this.#runDue(running)
        })
      })
    })
  }

  #noteRequest({ name }: Process): void {
    const times = this.#requests.get(name) ?? []
    this.#requests.set(name, times)
    times.push(this.#options.time.elapsedMs)
  }

  #live(): Running[] {
    return this.#running.filter((running) => running !== undefined)
  }

  #any(suits: (running: Running) => boolean): Running | undefined {
    const live = this.#live().filter(suits)
    return live.length === 0 ? undefined : this.#options.draw.pick(live)
  }
}

/** A client gives up after this. */
const CLIENT_TIMEOUT_MS = 30_000

/** The store of a single node, which knows what it has to forget. */
function rememberingLeases(store: PaymentStore, leases: Map<string, Lease>): PaymentStore {
  const keep = (lease: Lease): Lease => {
    leases.set(lease.token, lease)
    return lease
  }
  return {
    ...store,
    insert: (commit, lease) => store.insert(commit, keep(lease)),
    claim: (id, lease) => store.claim(id, keep(lease)),
    async claimDue(limit, lease) {
      const records = await store.claimDue(limit, lease)
      if (records.length > 0) keep(lease)
      return records
    },
  }
}
