/**
 * Runs the merchant's server until it is stopped.
 *
 * @module
 */

import { systemClock } from '../alipay/index.ts'
import { readServeConfiguration, type Environment } from './configuration.ts'
import { startMerchantServer } from './merchant-server.ts'
import { untilStopped } from './until-stopped.ts'

/**
 * Starts the server that the environment describes.
 *
 * @throws {Failure} If a setting is missing or wrong.
 */
export async function serve(env: Environment): Promise<void> {
  const configuration = readServeConfiguration(env)
  const { folder, gateway, publicUrl } = configuration
  const server = await startMerchantServer({
    ...configuration,
    clock: systemClock,
    log: (entry) => process.stderr.write(`${JSON.stringify(entry)}\n`),
  })
  process.stdout.write(
    `saoma runs at ${server.url} (public: ${publicUrl}), against ${server.client.gateway}, ${gateway.mode} mode.\n` +
      `The API key is in ${folder}/api-key-${gateway.mode}. Stop with Ctrl+C.\n`,
  )
  await untilStopped()
  await server.close()
}
