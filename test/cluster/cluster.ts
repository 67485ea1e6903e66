/**
 * Several nodes of one installation behind one address.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { vi } from 'vitest'
import {
  openInstallation,
  type Installation,
  type InstallationDatabase,
  type InstallationOptions,
  type NodeSettings,
} from '../crash/installation.ts'
import { fixedPort } from '../machines/fixed-port.ts'
import type { GuardedProcess } from '../machines/guarded-process.ts'
import { PATIENCE } from '../saoma-program.ts'
import { startBalancer } from './balancer.ts'

/** One node of several. */
export interface ClusterNode {
  readonly port: number
  /** Its own address, past the balancer. */
  readonly url: string
  /** Starts it, with these settings for this once; it may end at once, as without a database. */
  start(settings?: NodeSettings): Promise<void>
  /** Its process, the last one that there was. */
  process(): GuardedProcess
  isUp(): boolean
  /** Kills it as a power cut does; resolves when it is dead. */
  kill(): Promise<void>
  /** Stops it in order; resolves with its exit code. */
  stop(): Promise<number | null>
  /** Has it stand still; the balancer knows. */
  pause(): void
  /** Has it go on. */
  resume(): void
  /** Nobody comes to it through the balancer any more. */
  hide(): void
  /** Waits until it stands still at a point of `SAOMA_PAUSE_AT`; the balancer knows from then on. */
  paused(): Promise<void>
}

/** An installation of several nodes. */
export interface Cluster extends Installation {
  readonly nodes: readonly ClusterNode[]
}

/** How a cluster is made. */
export interface ClusterOptions extends Omit<InstallationOptions, 'publicPort' | 'database'> {
  readonly database: InstallationDatabase
  readonly nodes: number
  /** Settings of single nodes. */
  readonly envOf?: (node: number) => Readonly<Record<string, string>>
}

/** Makes a cluster; none of its nodes runs yet. */
export async function openCluster({
  nodes: count,
  envOf,
  ...options
}: ClusterOptions): Promise<Cluster> {
  const balancer = await startBalancer()
  const installation = await openInstallation({ ...options, publicPort: balancer.port })
  const open = new Set<ClusterNode>()
  const route = (): void =>
    balancer.route(nodes.filter((node) => open.has(node)).map(({ port }) => port))
  const nodes: ClusterNode[] = []
  for (let index = 0; index < count; index++) {
    nodes.push(
      createNode(installation, await fixedPort(), envOf?.(index) ?? {}, (node, isOpen) => {
        if (isOpen) open.add(node)
        else open.delete(node)
        route()
      }),
    )
  }
  return { ...installation, nodes }
}

function createNode(
  installation: Installation,
  port: number,
  env: Readonly<Record<string, string>>,
  onChange: (node: ClusterNode, isOpen: boolean) => void,
): ClusterNode {
  let running: GuardedProcess | undefined
  let isUp = false
  const theProcess = (): GuardedProcess => {
    if (running) return running
    throw new Error('The node was never started')
  }
  const node: ClusterNode = {
    port,
    url: `http://127.0.0.1:${port}`,
    process: theProcess,
    isUp: () => isUp,
    async start(settings = {}) {
      const started = await installation.start({
        ...settings,
        port,
        env: { ...env, ...settings.env },
      })
      running = started
      isUp = true
      const forget = (): void => {
        if (running === started) isUp = false
      }
      started.ended().then(forget, forget)
      // One that has ended by now is known to have.
      await nextTurn()
      if (isUp) onChange(node, true)
    },
    async kill() {
      onChange(node, false)
      isUp = false
      await theProcess().kill('SIGKILL')
    },
    async stop() {
      onChange(node, false)
      return theProcess().kill('SIGTERM')
    },
    pause() {
      onChange(node, false)
      theProcess().pause()
    },
    resume() {
      theProcess().resume()
      onChange(node, true)
    },
    hide: () => onChange(node, false),
    async paused() {
      await theProcess().line('"event":"crash_point"')
      await vi.waitUntil(() => stateOf(theProcess().pid) === 'T', PATIENCE)
      onChange(node, false)
    },
  }
  return node
}

/** `R`unning, `S`leeping, s`T`opped; Linux, `proc(5)`. */
function stateOf(pid: number): string {
  return /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1] ?? ''
}
