/**
 * `saoma/testing`: an emulator of Alipay in the process of a test, a clock that can be moved, and
 * notifications that are signed as Alipay's.
 *
 * @module
 */

import { createEmulator, listen, type Emulator, type EmulatorOptions } from './emulator/index.ts'

export { MovableClock } from './alipay/index.ts'
export {
  ConnectionCut,
  createEmulator,
  listen as listenEmulator,
  type Emulator,
  type EmulatorOptions,
  type FormSigning,
  type MadeUpNotification,
} from './emulator/index.ts'

/** An emulator that runs on a port of its own. */
export interface StartedEmulator {
  readonly emulator: Emulator
  /** Give these to `createClient`. */
  readonly clientOptions: {
    readonly gateway: string
    readonly appId: string
    readonly privateKey: string
    readonly alipayPublicKey: string
  }
  /** Ends it: port, connections and what it was about to send. */
  close(): Promise<void>
}

/**
 * Starts an emulator on a free port of this machine. Notifications are sent by themselves, and
 * expired trades are closed, by its clock: `emulator.advanceClock(ms)` puts it forward.
 */
export async function startEmulator(
  options: Omit<EmulatorOptions, 'baseUrl'> = {},
): Promise<StartedEmulator> {
  let answer: Emulator['fetch'] = async () => new Response(null, { status: 503 })
  const listening = await listen({ fetch: (request) => answer(request) }, { port: 0 })
  const baseUrl = `http://127.0.0.1:${listening.port}`
  const emulator = await createEmulator({ ...options, baseUrl })
  answer = (request) => emulator.fetch(request)
  emulator.start()
  const { app_id: appId, app_private_key: privateKey } = emulator.credentials
  const { alipay_public_key: alipayPublicKey } = emulator.credentials
  return {
    emulator,
    clientOptions: { gateway: `${baseUrl}/gateway.do`, appId, privateKey, alipayPublicKey },
    async close() {
      await listening.close()
      await emulator.stop()
    },
  }
}
