/**
 * `saoma keys rewrap`: everything sealed is sealed with the newest master key.
 *
 * @module
 */

import { GatewayClock } from '../alipay/index.ts'
import { MasterKeyInvalid } from '../access/index.ts'
import type { ResealResult } from '../store/index.ts'
import { readServeConfiguration, type Environment } from './configuration.ts'
import { Failure } from './failure.ts'
import { openMasterKey } from './folder.ts'
import { openStore } from './merchant-server.ts'

/** What was sealed again, and the id of the key that opens everything now. */
export interface RewrapResult extends ResealResult {
  readonly key: string
}

/**
 * Seals again what an older key has sealed.
 *
 * @throws {Failure} If a key is missing that something was sealed with.
 * @throws {StoreInUse} If a server has the SQLite file.
 */
export async function rewrapKeys(env: Environment): Promise<RewrapResult> {
  const { folder, database, gateway, masterKey } = readServeConfiguration(env)
  const vault = openMasterKey(folder, gateway.mode, masterKey)
  const identity = `${gateway.mode} ${gateway.client.appId}`
  const clock = new GatewayClock()
  const store = await openStore({ folder, database, identity, clock, log: () => {} })
  try {
    const result = await store.reseal((sealed, rowId) => vault.reseal(sealed, rowId))
    return { ...result, key: vault.id }
  } catch (error) {
    if (!(error instanceof MasterKeyInvalid)) throw error
    throw new Failure(`SAOMA_MASTER_KEY: ${error.message}`, 1)
  } finally {
    await store.close()
  }
}
