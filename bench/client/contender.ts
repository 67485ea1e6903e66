/**
 * A process that is one contender. Its parent sends the setting first, then one message for each
 * round; it answers each with what the round took.
 *
 * @module
 */
import { contenders, type Call, type ContenderName, type Setting } from './contenders.ts'

/** Asks for one round. */
export interface RoundRequest {
  readonly setting: Setting
  readonly seconds: number
}

/** What came of a round. */
export interface Round {
  readonly callsPerSecond: number
  /** Milliseconds of all threads of this process, user and system, for each call. */
  readonly cpuMsPerCall: number
}

const name = process.argv[2] as ContenderName
const calls = new Map<number, Call>()

process.on('message', (request: RoundRequest) => {
  void runRound(request).then((round) => process.send?.(round))
})

process.once('disconnect', () => process.exit())

async function runRound({ setting, seconds }: RoundRequest): Promise<Round> {
  const call = calls.get(setting.concurrency) ?? (await contenders[name](setting))
  calls.set(setting.concurrency, call)

  const cpuBefore = process.cpuUsage()
  const began = performance.now()
  const end = began + seconds * 1000
  let done = 0
  async function callUntilEnd(): Promise<void> {
    while (performance.now() < end) {
      await call()
      done += 1
    }
  }
  await Promise.all(Array.from({ length: setting.concurrency }, callUntilEnd))
  const cpu = process.cpuUsage(cpuBefore)
  const elapsedMs = performance.now() - began
  return {
    callsPerSecond: (done * 1000) / elapsedMs,
    cpuMsPerCall: (cpu.user + cpu.system) / 1000 / done,
  }
}
