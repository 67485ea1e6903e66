/**
 * Applications that were added to a server while it ran, beside those of its configuration.
 *
 * @module
 */

import type { Instant } from '../alipay/index.ts'

/** An application that was added. */
export interface App {
  /** `app_…`, as `appIdOf` makes it of {@link App.identity}. */
  readonly id: string
  /** The first application of the server's configuration: its nodes serve this one, too. */
  readonly homeId: string
  /** The mode and the APPID, e.g. `live 2021000000000000`: whose rows are this application's. */
  readonly identity: string
  /** The shop's name; `null` for none. */
  readonly name: string | null
  /** As the contract says. */
  readonly productCode: string
  /** The receiving account (PID); `null` for that of the contract. */
  readonly sellerId: string | null
  readonly createdAt: Instant
  readonly updatedAt: Instant
  /** Since when it takes no new payments, `null` while it does; what it took goes on. */
  readonly retiredAt: Instant | null
}

/** What may be changed of one. */
export type AppChange = Partial<Pick<App, 'name' | 'productCode' | 'retiredAt'>>
