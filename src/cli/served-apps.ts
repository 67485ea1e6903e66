/**
 * The applications of a server: those of its configuration, which stay, and those that were added
 * to it, by whichever node.
 *
 * @module
 */

import { appIdOf, type AccessStore, type App, type AppChange } from '../access/index.ts'
import type { Clock } from '../alipay/index.ts'
import type { AppDirectory, AppRegistry, ServedApp } from '../server/index.ts'
import type { MerchantApp } from './merchant-app.ts'

/** What another node added or changed is known here after so many milliseconds. */
export const APPS_LOOK_MS = 5_000

/** What the directory is made of. */
export interface ServedAppsOptions {
  readonly mode: 'live' | 'test'
  /** Those of the configuration; the first is the operator's. */
  readonly configured: readonly [MerchantApp, ...MerchantApp[]]
  readonly store: Pick<AccessStore, 'insertApp' | 'updateApp' | 'deleteApp' | 'listApps'>
  readonly clock: Clock
  /** Makes one that was added. */
  readonly make: (app: App) => MerchantApp
  readonly onError: (error: unknown) => void
}

/** The directory of a server that runs. */
export interface ServedApps extends AppDirectory {
  readonly registry: AppRegistry
  /** All that run. */
  running(): readonly MerchantApp[]
  /** Opens all, those that were added before among them. */
  open(): Promise<void>
  /** Starts all, and looks for what other nodes add and change. */
  start(): void
  stop(): Promise<void>
}

/** Makes it. */
export function createServedApps(options: ServedAppsOptions): ServedApps {
  const { mode, configured, store, clock, make, onError } = options
  const homeId = configured[0].served.id
  const added = new Map<string, { readonly app: MerchantApp; updatedAt: number }>()
  let isStarted = false
  let timer: NodeJS.Timeout | undefined
  // One after the other: two looks at once would run an application twice.
  let looking: Promise<unknown> = Promise.resolve()

  const running = (): readonly MerchantApp[] => [
    ...configured,
    ...[...added.values()].map(({ app }) => app),
  ]
  const list = (): readonly ServedApp[] => running().map(({ served }) => served)
  const isConfigured = (id: string): boolean => configured.some(({ served }) => served.id === id)

  const take = async (app: App): Promise<void> => {
    const known = added.get(app.id)
    if (known !== undefined) {
      if (known.updatedAt === app.updatedAt) return
      known.updatedAt = app.updatedAt
      known.app.change(app)
      return
    }
    if (isConfigured(app.id)) return
    const fresh = make(app)
    await fresh.open()
    added.set(app.id, { app: fresh, updatedAt: app.updatedAt })
    if (isStarted) fresh.start()
  }

  const look = async (): Promise<void> => {
    const apps = await store.listApps(homeId)
    for (const app of apps) await take(app)
    for (const [id, { app }] of added) {
      if (apps.some((one) => one.id === id)) continue
      added.delete(id)
      await app.stop()
    }
  }
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const done = looking.then(work)
    looking = done.catch(() => {})
    return done
  }
  const servedAs = async (app: App): Promise<ServedApp> => {
    await inTurn(() => take(app))
    const found = added.get(app.id)
    if (found === undefined) throw new Error('An application that was just taken is gone')
    return found.app.served
  }

  const registry: AppRegistry = {
    async add({ appId, ...rest }) {
      const identity = `${mode} ${appId}`
      const id = appIdOf(identity)
      if (list().some(({ client }) => client.appId === appId)) return 'exists'
      const now = clock.now()
      const app = {
        ...rest,
        id,
        homeId,
        identity,
        createdAt: now,
        updatedAt: now,
        retiredAt: null,
      }
      return (await store.insertApp(app)) ? servedAs(app) : 'exists'
    },
    async change(id, { isRetired, ...rest }) {
      if (isConfigured(id)) return 'configured'
      const known = added.get(id)?.app.served
      if (known === undefined) return undefined
      const now = clock.now()
      // When it was retired first is what matters afterwards.
      const retiredAt = isRetired === true ? (known.retiredAt ?? now) : null
      const change: AppChange = { ...rest, ...(isRetired !== undefined && { retiredAt }) }
      const app = await store.updateApp(homeId, id, { ...change, updatedAt: now })
      return app && servedAs(app)
    },
    async remove(id) {
      if (isConfigured(id)) return 'configured'
      if (!(await store.deleteApp(homeId, id))) return undefined
      await inTurn(look)
      return 'removed'
    },
  }

  return {
    list,
    find: (id) => list().find((app) => app.id === id),
    registry,
    running,
    async open() {
      for (const app of configured) await app.open()
      await inTurn(look)
    },
    start() {
      isStarted = true
      for (const app of running()) app.start()
      timer ??= setInterval(() => void inTurn(look).catch(onError), APPS_LOOK_MS).unref()
    },
    async stop() {
      clearInterval(timer)
      timer = undefined
      await looking
      isStarted = false
      await Promise.all(running().map((app) => app.stop()))
    },
  }
}
