/**
 * Runs the merchant's server until it is stopped.
 *
 * @module
 */

import { createClient, GatewayClock } from '../alipay/index.ts'
import { readServeConfiguration, type Environment } from './configuration.ts'
import { readCrashHook } from './crash-hook.ts'
import { Failure } from './failure.ts'
import { createLog } from './log.ts'
import { openStore, startMerchantServer } from './merchant-server.ts'
import { describeConsole } from './owner-code.ts'
import { untilStopped } from './until-stopped.ts'

/**
 * Starts the server that the environment describes.
 *
 * @throws {Failure} If a setting is missing or wrong, or the database can not be written to any
 *   more: then the process must end, and the next one reads what was kept.
 */
export async function serve(env: Environment): Promise<void> {
  const configuration = readServeConfiguration(env)
  const { folder, gateway, publicUrl } = configuration
  const log = createLog()
  const crashPoint = readCrashHook(env)
  const clock = new GatewayClock({
    onAlarm({ kind, ...alarm }) {
      log({ level: 'warn', event: `clock.${kind}`, ...alarm })
      // A machine that slept is behind until Alipay is asked for the time.
      if (kind === 'step') void client.measureClock().catch(() => {})
    },
  })
  // First: a wrong key is told before anything is opened.
  const client = createClient({ ...gateway.client, clock })
  const identity = `${gateway.mode} ${gateway.client.appId}`
  const store = await openStore({ ...configuration, identity, clock, log, crashPoint })
  const server = await startMerchantServer({
    ...configuration,
    identity,
    client,
    store,
    clock,
    log,
    crashPoint,
  })
  // Before it is said: whoever reads it may stop it at once.
  const stopped = untilStopped()
  process.stdout.write(
    `saoma runs at ${server.url} (public: ${publicUrl}), against ${client.gateway}, ${gateway.mode} mode.\n` +
      `The API key is in ${folder}/api-key-${gateway.mode}. Stop with Ctrl+C.\n` +
      describeConsole(publicUrl, server.ownerCode),
  )
  const failed = await Promise.race([stopped, store.failed])
  // What is in memory may be more than was kept: nothing of it must be acted on, so nothing is
  // brought to its end either.
  if (!(failed instanceof Error)) await server.close()
  // When all is told: what is still open may never close, such as connections to a frozen database.
  setImmediate(() => process.exit())
  if (failed instanceof Error) throw new Failure(failed.message)
}
