/**
 * Runs the emulator alone, for an SDK of any language.
 *
 * @module
 */

import { randomUUID } from 'node:crypto'
import { createClient, formatYuan, type AlipayClient, type Fen } from '../alipay/index.ts'
import { createEmulator, listen, type Emulator } from '../emulator/index.ts'
import { Failure } from './failure.ts'
import { lanAddress } from './lan-address.ts'
import type { Style } from './output.ts'
import { untilStopped } from './until-stopped.ts'

/** How `saoma emulator` is run. */
export interface EmulatorCommandOptions {
  /** 0 takes any free one. */
  readonly port: number
  /** Whether others in the local network may reach it. */
  readonly lan: boolean
  /** Where keys and trades are kept; `undefined` keeps nothing. */
  readonly folder: string | undefined
  readonly seed: number | undefined
}

/** What an SDK needs to talk to the emulator, in the shape of `--json`. */
export type EmulatorDescription = {
  readonly gateway: string
  readonly wallet: string
} & Emulator['credentials']

/** Runs until it is stopped. */
export async function runEmulator(
  options: EmulatorCommandOptions,
  print: (description: EmulatorDescription) => void,
): Promise<void> {
  const running = await startEmulator(options)
  const stopped = untilStopped()
  print(running.description)
  await stopped
  await running.close()
}

/**
 * Starts the emulator and its demo shop.
 *
 * @throws {Failure} If the port is taken, or the folder cannot be written.
 */
export async function startEmulator(
  options: EmulatorCommandOptions,
): Promise<{ readonly description: EmulatorDescription; close(): Promise<void> }> {
  const { port, lan, folder, seed } = options
  // The port is opened first: only then its number, which is in every QR text, is certain.
  const made = deferred<Emulator>()
  const listening = await listen(
    { fetch: async (request) => (await made.promise).fetch(request) },
    { port, host: lan ? '0.0.0.0' : '127.0.0.1' },
  ).catch((cause: NodeJS.ErrnoException) => {
    throw portRefused(port, cause)
  })
  const baseUrl = `http://${lan ? lanAddress() : '127.0.0.1'}:${listening.port}`
  let client: AlipayClient | undefined
  let emulator: Emulator
  try {
    emulator = await createEmulator({
      baseUrl,
      folder,
      seed,
      placeOrder: (order) => placeOrder(client!, order),
    })
  } catch (cause) {
    await listening.close()
    if (folder === undefined) throw cause
    throw new Failure(
      `The folder ${folder} cannot be used: ${(cause as Error).message}. Choose another with --folder, or --memory.`,
      1,
    )
  }
  const { credentials } = emulator
  client = createClient({
    appId: credentials.app_id,
    privateKey: credentials.app_private_key,
    alipayPublicKey: credentials.alipay_public_key,
    gateway: `http://127.0.0.1:${listening.port}/gateway.do`,
  })
  emulator.start()
  made.resolve(emulator)
  const shop = client
  return {
    description: { gateway: `${baseUrl}/gateway.do`, wallet: `${baseUrl}/wallet`, ...credentials },
    async close() {
      await listening.close()
      await emulator.stop()
      await shop.close()
    },
  }
}

/** The demo shop has no cashier page here: the buyer goes straight to the wallet with the code. */
async function placeOrder(
  client: AlipayClient,
  { subject, amount }: { readonly subject: string; readonly amount: Fen },
): Promise<{ readonly checkoutUrl: string }> {
  const { qr_code } = await client.trade.precreate({
    out_trade_no: `shop_${randomUUID().replaceAll('-', '')}`,
    total_amount: formatYuan(amount),
    subject,
  })
  return { checkoutUrl: qr_code }
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

function portRefused(port: number, cause: NodeJS.ErrnoException): unknown {
  if (cause.code === 'EADDRINUSE') {
    return new Failure(
      `Port ${port} is taken. Stop what uses it, or choose another with --port (0 takes any).`,
      1,
    )
  }
  if (cause.code === 'EACCES') {
    return new Failure(`Port ${port} may not be opened. Choose one above 1023 with --port.`, 1)
  }
  return cause
}

/** What people need to use it. */
export function formatEmulator(
  description: EmulatorDescription,
  { folder, lan }: EmulatorCommandOptions,
  style: Style,
): string {
  const { gateway, wallet, app_id, seller_id } = description
  const base = wallet.replace(/\/wallet$/, '')
  return `
  ${style.bold('An Alipay of your own')}: no account, no real money

    Gateway      ${style.bold(gateway)}
    Wallet       ${wallet}    pay as the buyer
    Demo shop    ${base}/shop
    Fault panel  ${base}/panel    lose answers, forge notifications, move the clock
    Control API  ${base}/control-api

    app_id       ${app_id}
    seller_id    ${seller_id}
    Keys         ${base}/_emulator/credentials${folder === undefined ? '' : ` (kept in ${folder}/)`}

  In any SDK set: the gateway above (serverUrl, gatewayHost), app_id, app_private_key
  (app_private_key_pkcs1 where the SDK wants PKCS#1) and alipay_public_key; sign_type RSA2.
  The npm package alipay-sdk, for one:

    new AlipaySdk({ endpoint: '${base}', gateway: '${gateway}', appId: '${app_id}',
      privateKey: app_private_key_pkcs1, alipayPublicKey: alipay_public_key })
${lan ? `\n  ${style.yellow('Everybody in this network can pay, read the keys and set faults.')}\n` : ''}
  Stop with Ctrl+C.

`
}
