/**
 * Alipay in a simulation: the emulator's own trades, methods, faults, wallet and notifications, on
 * virtual time, called without a wire and therefore without signatures.
 *
 * @module
 */

import { toFen } from '../../src/alipay/index.ts'
import { carryOut, targetOf } from '../../src/emulator/carry-out.ts'
import { createFaults, type Faults } from '../../src/emulator/faults.ts'
import type { GatewayVerdict } from '../../src/emulator/gateway-checks.ts'
import type { Keys } from '../../src/emulator/keys.ts'
import { readLedger, type LedgerEntry } from '../../src/emulator/ledger.ts'
import { BizContent } from '../../src/emulator/methods/biz-content.ts'
import { methods } from '../../src/emulator/methods/index.ts'
import type { Answer } from '../../src/emulator/methods/method.ts'
import {
  createNotifications,
  type Deliver,
  type Notifications,
} from '../../src/emulator/notifications.ts'
import { sentFields } from '../../src/emulator/notification-signing.ts'
import { createNumbers } from '../../src/emulator/numbers.ts'
import type { NotificationRecord, Preorder, Trade } from '../../src/emulator/records.ts'
import type { Settings } from '../../src/emulator/settings.ts'
import { openState } from '../../src/emulator/state.ts'
import { createWallet, type Wallet } from '../../src/emulator/wallet.ts'
import { expireTrades, findTrade, type World } from '../../src/emulator/world.ts'
import type { Coverage } from './coverage.ts'
import type { Draw } from './draw.ts'
import type { Timer, VirtualTime } from './virtual-time.ts'

/** The application that all nodes run for. */
export const APP_ID = '9021000000000001'
/** Its seller. */
export const SELLER_ID = '2088000000000001'

/** What became of a request that has arrived. */
export interface Arrival {
  /** `undefined` where the request was lost. */
  readonly answer: Answer | undefined
  /** The fault of the emulator that struck. */
  readonly fault: string | undefined
}

/** Alipay. */
export interface AlipaySide {
  readonly wallet: Wallet
  readonly faults: Faults
  /** A request arrives, and is carried out at once. */
  arrive(method: string, request: object, notifyUrl: string | undefined): Arrival
  /** Somebody does something in the seller's console, which has no faults. */
  operate(method: string, request: object): Answer
  configure(settings: Partial<Settings>): void
  readonly settings: Settings
  trade(outTradeNo: string): Trade | undefined
  preorder(outTradeNo: string): Preorder | undefined
  ledger(): LedgerEntry[]
  /** Notifications that were neither delivered nor given up. */
  unsent(): readonly NotificationRecord[]
  /** The parameters of one send, as the fault has them. */
  fieldsOf(record: NotificationRecord, fault: string | undefined): Record<string, string>
  /** Closes what has expired by now. */
  expire(): void
  stop(): void
}

/** @param deliver Carries a notification to the merchant. */
export function openAlipaySide(
  time: VirtualTime,
  draw: Draw,
  coverage: Coverage,
  deliver: Deliver,
): AlipaySide {
  const state = openState(undefined)
  state.commit({
    buyer: { id: '2088102100000032', name: '王五', logon_id: '139****0000', balance: toFen(0) },
  })
  const seed = draw.int(0, 2 ** 31)
  const world: World = {
    state,
    keys: keysWithoutSignatures(),
    clock: time.asMovableClock(),
    numbers: createNumbers(() => draw.fraction()),
    baseUrl: 'http://alipay.simulated',
    sellerName: '模拟商店',
    paymentCodes: new Map(),
    strikeBill: () => undefined,
    billLinks: new Map(),
    wake: () => void time.after(1, sendDue),
  }
  const faults = counted(createFaults(seed), coverage)
  const notifications: Notifications = createNotifications(world, faults, async (record, fault) => {
    const reply = await deliver(record, fault)
    time.after(1, sendDue)
    return reply
  })

  /** What is on its way already is not sent again, and calls back when it has arrived. */
  const sendDue = (): void => {
    void notifications.deliverDue()
    time.after(0, () => {
      const waiting = [...state.pendingNotifications()].map(({ due_at }) => due_at - time.now())
      const next = Math.min(...waiting.filter((ms) => ms > 0))
      if (next === Infinity) return
      timer?.cancel()
      timer = time.after(next, sendDue)
    })
  }
  let timer: Timer | undefined

  return {
    wallet: createWallet(world),
    faults,
    arrive(method, request, notifyUrl) {
      const verdict = accept(method, request, notifyUrl)
      const target = targetOf(world, method, verdict)
      const strike = faults.strike('gateway', target)
      if (strike?.name === 'request-lost') return { answer: undefined, fault: strike.name }
      return { answer: carryOut(world, verdict, target, strike), fault: strike?.name }
    },
    operate(method, request) {
      const verdict = accept(method, request, undefined)
      return carryOut(world, verdict, targetOf(world, method, verdict), undefined)
    },
    configure: (settings) => state.commit({ settings: { ...state.settings, ...settings } }),
    get settings() {
      return state.settings
    },
    trade: (outTradeNo) => findTrade(world, { out_trade_no: outTradeNo }),
    preorder: (outTradeNo) => state.preorder(outTradeNo),
    ledger: () => readLedger(world),
    unsent: () => [...state.pendingNotifications()],
    fieldsOf: (record, fault) => sentFields(world, record, fault),
    expire: () => expireTrades(world),
    // What is on its way will never arrive: time is over.
    stop: () => void notifications.close(),
  }
}

function counted(faults: Faults, coverage: Coverage): Faults {
  return {
    ...faults,
    strike(scope, target, names) {
      const strike = faults.strike(scope, target, names)
      if (strike !== undefined && scope !== 'bill') coverage.hit(`${scope} fault`, strike.name)
      return strike
    },
  }
}

function accept(
  name: string,
  request: object,
  notifyUrl: string | undefined,
): GatewayVerdict & { readonly status: 'accepted' } {
  const method = methods.get(name)
  if (method === undefined) throw new Error(`The emulator has no ${name}`)
  return {
    status: 'accepted',
    method,
    call: {
      biz: new BizContent(request as Readonly<Record<string, unknown>>),
      app_id: APP_ID,
      charset: 'utf-8',
      sign_type: 'RSA2',
      mode: 'key',
      notify_url: notifyUrl,
    },
  }
}

/** Nothing is signed in a simulation: only who the merchant is. */
function keysWithoutSignatures(): Keys {
  return {
    credentials: { app_id: APP_ID, seller_id: SELLER_ID },
    sellerEmail: 'seller@simulated.example',
  } as Keys
}
