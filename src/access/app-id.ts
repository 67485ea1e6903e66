/**
 * What an application is called here: everything that is asked for belongs to one.
 *
 * @module
 */

import { createHash } from 'node:crypto'

/**
 * The id of the application whose rows a store holds: the same in every database.
 *
 * @param identity The mode and the APPID, e.g. `live 2021000000000000`.
 * @returns `app_…`
 */
export function appIdOf(identity: string): string {
  return `app_${createHash('sha256').update(`app ${identity}`).digest('hex').slice(0, 24)}`
}
