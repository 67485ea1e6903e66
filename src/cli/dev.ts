/**
 * Everything on one machine: the emulator of Alipay with its wallet and demo shop, and the
 * merchant's server against it.
 *
 * @module
 */

import { join } from 'node:path'
import { createClient, MovableClock, type Fen } from '../alipay/index.ts'
import { createEmulator, listen, type Emulator } from '../emulator/index.ts'
import { DEV_IDENTITY } from './configuration.ts'
import { Failure } from './failure.ts'
import { lanAddress } from './lan-address.ts'
import { createLog } from './log.ts'
import { openStore, startMerchantServer, type MerchantServer } from './merchant-server.ts'
import { describeConsole } from './owner-code.ts'
import { untilStopped } from './until-stopped.ts'

/** How `saoma dev` is run. */
export interface DevOptions {
  /** Port of the merchant's server. */
  readonly port: number
  readonly emulatorPort: number
  /** Whether others in the local network may reach it, a phone above all. */
  readonly lan: boolean
  /** Where everything is kept. */
  readonly folder: string
}

/** What is printed once all runs. */
export interface DevAddresses {
  readonly shop: string
  readonly wallet: string
  readonly panel: string
  readonly server: string
  readonly gateway: string
}

/** The shop's name, the same over its shelf, its cashier page and the buyer's receipt. */
const MERCHANT_NAME = '扫码咖啡'

/** Runs until it is stopped. */
export async function dev(options: DevOptions): Promise<void> {
  const running = await startDev(options)
  // Before it is said: whoever reads it may stop it at once.
  const stopped = untilStopped()
  process.stdout.write(describe(running.addresses, options))
  process.stdout.write(describeConsole(running.addresses.server, running.ownerCode))
  await stopped
  await running.close()
}

/**
 * Starts emulator and server.
 *
 * @throws {Failure} If a port is taken.
 */
export async function startDev(options: DevOptions): Promise<{
  readonly addresses: DevAddresses
  /** Makes the first owner of the back office; `undefined` where it has users. */
  readonly ownerCode: string | undefined
  close(): Promise<void>
}> {
  const { folder, lan, port, emulatorPort } = options
  const host = lan ? '0.0.0.0' : '127.0.0.1'
  const name = lan ? lanAddress() : '127.0.0.1'
  const emulatorUrl = `http://${name}:${emulatorPort}`
  const publicUrl = `http://${name}:${port}`

  // One clock for both sides, so that putting it forward in the panel is felt by the engine too.
  const clock = new MovableClock()
  // First, as it proves that the folder is ours: a second process would spoil the journal below.
  const log = createLog({ level: 'warn' })
  const identity = DEV_IDENTITY
  const store = await openStore({ folder, identity, clock, log })
  let server: MerchantServer | undefined
  const emulator = await createEmulator({
    baseUrl: emulatorUrl,
    clock,
    folder: join(folder, 'emulator'),
    merchant: { name: MERCHANT_NAME },
    placeOrder: (order) =>
      placeOrder(server, publicUrl, { ...order, returnUrl: `${emulatorUrl}/shop` }),
  })
  const emulatorListening = await listen(emulator, { port: emulatorPort, host }).catch(
    async (error: unknown) => {
      await emulator.stop()
      await store.close()
      return portTaken(emulatorPort, '--emulator-port')(error)
    },
  )
  emulator.start()
  try {
    const gateway = gatewayOf(emulator)
    server = await startMerchantServer({
      gateway,
      client: createClient({ ...gateway.client, clock }),
      publicUrl,
      host,
      port,
      folder,
      identity,
      store,
      merchantName: MERCHANT_NAME,
      clock,
      log,
      // Whoever develops receives webhooks on the same machine.
      webhookAddresses: { allowPrivate: true },
    }).catch(portTaken(port, '--port'))
  } catch (error) {
    await emulatorListening.close()
    await emulator.stop()
    throw error
  }
  const running = server
  return {
    addresses: {
      shop: `${emulatorUrl}/shop`,
      wallet: `${emulatorUrl}/wallet`,
      panel: `${emulatorUrl}/panel`,
      server: publicUrl,
      gateway: `${emulatorUrl}/gateway.do`,
    },
    ownerCode: running.ownerCode,
    async close() {
      await running.close()
      await emulatorListening.close()
      await emulator.stop()
    },
  }
}

/** The emulator as the environment would name the sandbox: an address and keys, nothing else. */
function gatewayOf(emulator: Emulator): Parameters<typeof startMerchantServer>[0]['gateway'] {
  const { credentials, baseUrl } = emulator
  return {
    client: {
      appId: credentials.app_id,
      privateKey: credentials.app_private_key,
      alipayPublicKey: credentials.alipay_public_key,
      gateway: `${baseUrl}/gateway.do`,
    },
    mode: 'test',
    productCode: 'FACE_TO_FACE_PAYMENT',
    sellerId: undefined,
  }
}

async function placeOrder(
  server: MerchantServer | undefined,
  publicUrl: string,
  order: { readonly subject: string; readonly amount: Fen; readonly returnUrl: string },
): Promise<{ readonly checkoutUrl: string }> {
  if (server === undefined) throw new Error('The server is still starting. Try again.')
  const { record } = await server.payments.create(order)
  return { checkoutUrl: `${publicUrl}/c/${record.payment.checkoutToken}` }
}

function portTaken(port: number, option: string): (error: unknown) => never {
  return (error) => {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw new Failure(`Port ${port} is taken. Stop what uses it, or choose another with ${option}.`)
  }
}

function describe(addresses: DevAddresses, { folder, lan }: DevOptions): string {
  return `
  saoma 扫码 — everything on this machine, no account, no real money

    Demo shop   演示商店   ${addresses.shop}      place an order here, then scan its code:
    Wallet      钱包       ${addresses.wallet}    pay it, refuse it, or let it expire
    Fault panel 故障面板   ${addresses.panel}     lose answers, forge notifications, move the clock

    Server      ${addresses.server}    API key in ${folder}/api-key-test
    Gateway     ${addresses.gateway}

  State is kept in ${folder}/ and survives a restart.${lan ? '' : ' For a phone in the same network: saoma dev --lan'}
  Stop with Ctrl+C.

`
}
