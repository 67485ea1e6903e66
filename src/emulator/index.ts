/**
 * An emulator of Alipay's gateway with the buyer's wallet, for development and tests: stateful,
 * signed, and able to misbehave on purpose. It moves no money.
 *
 * @module
 */

import { randomInt } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { Hono } from 'hono'
import { MovableClock } from '../alipay/time.ts'
import { writeBill } from './bills.ts'
import { ConnectionCut } from './connection-cut.ts'
import { createControl } from './control.ts'
import type { Emulator, EmulatorOptions } from './emulator.ts'
import { createFaults } from './faults.ts'
import { type GatewayLogEntry, handleGatewayRequest } from './gateway.ts'
import { openKeys } from './keys.ts'
import { readLedger } from './ledger.ts'
import { signMadeUpNotification } from './made-up-notification.ts'
import { createNotifications } from './notifications.ts'
import { createNumbers } from './numbers.ts'
import { createPages } from './pages/index.ts'
import { createRandom } from './random.ts'
import { type Settings, settingsSchema } from './settings.ts'
import { openState } from './state.ts'
import { viewTrade } from './trade-view.ts'
import { createWallet } from './wallet.ts'
import { type World, clockChange, expireTrades, findTrade } from './world.ts'

export { ConnectionCut } from './connection-cut.ts'
export type { Credentials } from './credentials.ts'
export type { Emulator, EmulatorOptions, SettingsAccess, Trades } from './emulator.ts'
export type { FaultDescription, FaultScope } from './fault-catalogue.ts'
export type { ActiveFault, FaultRequest, Faults, RandomFaults } from './faults.ts'
export type { GatewayLogEntry } from './gateway.ts'
export type { LedgerEntry } from './ledger.ts'
export { listen } from './listen.ts'
export type { MadeUpNotification } from './made-up-notification.ts'
export type { FormSigning } from './notification-signing.ts'
export type { Notifications } from './notifications.ts'
export type { Buyer, NotificationAttempt, NotificationRecord } from './records.ts'
export type { Settings } from './settings.ts'
export type { TradeView } from './trade-view.ts'
export type { PayResult, PaymentCode, RefuseResult, ScanResult, Wallet } from './wallet.ts'

const TICK_MS = 100
const REQUESTS_KEPT = 200

/** Makes an emulator. It opens no port: `listen` does, or a test calls `fetch`. */
export async function createEmulator(options: EmulatorOptions): Promise<Emulator> {
  const { folder, clock = new MovableClock(), seed = randomInt(2 ** 32) } = options
  const baseUrl = options.baseUrl.replace(/\/+$/, '')
  if (folder !== undefined) mkdirSync(folder, { recursive: true, mode: 0o700 })
  const keys = await openKeys(folder)
  const state = openState(folder)
  clock.advance(Math.max(0, state.clockOffsetMs - clock.offsetMs))

  let timer: NodeJS.Timeout | undefined
  const faults = createFaults(seed)
  const requests: GatewayLogEntry[] = []
  const world: World = {
    state,
    keys,
    clock,
    numbers: createNumbers(createRandom(seed)),
    baseUrl,
    sellerName: options.merchant?.name ?? '扫码测试商店',
    paymentCodes: new Map(),
    strikeBill: () => faults.strike('bill', {}),
    billLinks: new Map(),
    wake() {
      if (timer !== undefined) queueMicrotask(() => void notifications.deliverDue())
    },
  }
  const notifications = createNotifications(world, faults)
  const log = (entry: GatewayLogEntry) => {
    requests.push(entry)
    if (requests.length > REQUESTS_KEPT) requests.shift()
  }
  const tick = () => {
    expireTrades(world)
    void notifications.deliverDue()
  }

  const emulator: Emulator = {
    fetch: async (request) => app.fetch(request),
    baseUrl,
    clock,
    credentials: keys.credentials,
    trades: {
      list: () => [...state.trades.values()].map((trade) => viewTrade(world, trade)),
      find(outTradeNo) {
        const trade = findTrade(world, { out_trade_no: outTradeNo })
        return trade === undefined ? undefined : viewTrade(world, trade)
      },
    },
    wallet: createWallet(world),
    notifications,
    faults,
    settings: {
      get: () => state.settings,
      update(patch) {
        state.commit({ settings: patchSettings(state.settings, patch) })
        return state.settings
      },
    },
    signNotification: (params, signing) => signMadeUpNotification(world, params, signing),
    ledger: () => readLedger(world),
    requests: () => requests,
    advanceClock(ms) {
      clock.advance(ms)
      state.commit(clockChange(world))
      if (timer !== undefined) tick()
    },
    reset() {
      state.reset()
      faults.clear()
      world.paymentCodes.clear()
      world.billLinks.clear()
      requests.length = 0
    },
    start() {
      timer ??= setInterval(tick, TICK_MS)
    },
    async stop() {
      clearInterval(timer)
      timer = undefined
      await notifications.close()
      state.commit(clockChange(world))
      state.close()
    },
  }

  const app = new Hono()
  app.all('/gateway.do', (c) =>
    handleGatewayRequest({ world, faults, notifications, log }, c.req.raw),
  )
  app.get('/downloadBillFile.resource', (c) => downloadBill(world, c.req.query('token') ?? ''))
  app.route('/_emulator', createControl(emulator))
  const { placeOrder } = options
  app.route(
    '/',
    createPages({
      sellerName: world.sellerName,
      ...(placeOrder === undefined ? {} : { placeOrder }),
    }),
  )
  app.onError((error, c) => {
    if (error instanceof ConnectionCut) throw error
    return c.text(`The emulator failed: ${error.message}\n`, 500)
  })
  return emulator
}

function downloadBill(world: World, token: string): Response {
  const link = world.billLinks.get(token)
  const isOver = link !== undefined && link.expires_at <= world.clock.now()
  if (link === undefined || isOver || link.fault?.name === 'bill-link-expired') {
    return new Response('链接已失效\n', {
      status: 403,
      headers: { 'content-type': 'text/plain;charset=utf-8' },
    })
  }
  const { bill_type, bill_date, fault } = link
  if (fault?.name === 'bill-page') {
    return new Response('<html><body>系统繁忙，请稍后再试</body></html>\n', {
      headers: { 'content-type': 'text/html;charset=utf-8' },
    })
  }
  return new Response(new Uint8Array(writeBill(world, bill_type, bill_date, fault)), {
    headers: { 'content-type': 'application/zip' },
  })
}

function patchSettings(settings: Settings, patch: Readonly<Record<string, unknown>>): Settings {
  const result = settingsSchema.safeParse({ ...settings, ...patch })
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new RangeError(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a setting'}`)
}
