/**
 * What a process and a database server take of the machine: from Node, and from `/proc`, where
 * there is one.
 *
 * @module
 */
import { existsSync, readFileSync } from 'node:fs'
import { childrenOf } from '../../test/machines/process-tree.ts'

/** What was used during a time. */
export interface Resources {
  readonly elapsedMs: number
  /** Milliseconds of all threads of this process, user and system. */
  readonly cpuMs: number
  /** Bytes in memory of this process, in megabytes, at the end. */
  readonly rssMb: number
  /** The same of the server with its processes, shared memory counted once; `null` without one. */
  readonly serverCpuMs: number | null
  readonly serverRssMb: number | null
}

/** Begins to count. Returns the way to read what was used since. */
export function countResources(serverPid?: number): () => Resources {
  const began = performance.now()
  const cpu = process.cpuUsage()
  const serverCpu = serverPid === undefined ? null : treeCpuMs(serverPid)
  return () => {
    const { user, system } = process.cpuUsage(cpu)
    const serverCpuNow = serverPid === undefined ? null : treeCpuMs(serverPid)
    return {
      elapsedMs: performance.now() - began,
      cpuMs: (user + system) / 1_000,
      rssMb: process.memoryUsage.rss() / 2 ** 20,
      serverCpuMs: serverCpu === null || serverCpuNow === null ? null : serverCpuNow - serverCpu,
      serverRssMb: serverPid === undefined ? null : treeRssMb(serverPid),
    }
  }
}

/** Milliseconds of a tick of `/proc/…/stat`: the same on all Linux machines that there are. */
const TICK_MS = 10

/** The processes that run, and those that have ended and are counted with the first one. */
function treeCpuMs(pid: number): number | null {
  if (!existsSync(`/proc/${pid}/stat`)) return null
  const [user, system, endedUser, endedSystem] = ticksOf(pid)
  const children = childrenOf(pid).map((child) => {
    const [childUser, childSystem] = ticksOf(child)
    return childUser + childSystem
  })
  const ticks = [user, system, endedUser, endedSystem, ...children]
  return ticks.reduce((sum, value) => sum + value, 0) * TICK_MS
}

/** `utime`, `stime`, `cutime`, `cstime`; 0 of a process that is gone. */
function ticksOf(pid: number): [number, number, number, number] {
  try {
    // The name, in brackets, may hold spaces.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11, 15).map(Number)
    return [user, system, endedUser, endedSystem]
  } catch {
    return [0, 0, 0, 0]
  }
}

function treeRssMb(pid: number): number | null {
  if (!existsSync(`/proc/${pid}/smaps_rollup`)) return null
  const kilobytes = [pid, ...childrenOf(pid)].map((process) => {
    try {
      const text = readFileSync(`/proc/${process}/smaps_rollup`, 'utf8')
      return Number(/^Pss: +(\d+)/m.exec(text)?.[1] ?? 0)
    } catch {
      return 0
    }
  })
  return kilobytes.reduce((sum, value) => sum + value, 0) / 1_024
}
