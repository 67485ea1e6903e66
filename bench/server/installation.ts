/**
 * What is measured: `saoma serve` as a process, and Alipay, emulated, as another. Both are real
 * programs on real ports, and every message between them is signed and verified.
 *
 * @module
 */
import { join } from 'node:path'
import { fixedPort } from '../../test/machines/fixed-port.ts'
import { startGuarded } from '../../test/machines/guarded-process.ts'
import { machineFolder } from '../../test/machines/machine-folder.ts'
import { countedBy } from './counted.ts'

const root = new URL('../..', import.meta.url).pathname
const program = join(root, 'dist', 'cli', 'saoma.js')

/** The merchant's key. */
export const API_KEY = 'sk_test_0123456789abcdef0123456789abcdef01234567'

/** What a server has done since its start. */
export interface Counted {
  readonly sign: number
  readonly verify: number
  /** Milliseconds of all its threads, user and system. */
  readonly cpuMs: number
}

/** What the yardstick has done since its start, and the CPU milliseconds that it took. */
export interface RsaCounted {
  readonly signs: number
  readonly signsMs: number
  readonly verifies: number
  readonly verifiesMs: number
}

/** Both processes. */
export interface BenchInstallation {
  /** Where the server is. */
  readonly url: string
  /** Where the emulator is. */
  readonly alipay: string
  counted(): Promise<Counted>
  /** RSA operations that were done beside it, to be compared with. */
  yardstick(): Promise<RsaCounted>
  close(): Promise<void>
}

/**
 * Starts both.
 *
 * @param database `postgres://…`; without it SQLite in a folder of its own.
 */
export async function openInstallation(database: string | undefined): Promise<BenchInstallation> {
  const folder = machineFolder('bench-server')
  const options = { cwd: folder.path, env: process.env }
  const alipayPort = await fixedPort()
  const emulator = startGuarded(
    process.execPath,
    [program, 'emulator', '--json', `--port=${alipayPort}`],
    options,
  )
  const described = JSON.parse(await emulator.line('{')) as Record<string, string>
  const port = await fixedPort()
  const url = `http://127.0.0.1:${port}`
  const server = startGuarded(
    process.execPath,
    ['--import', join(root, 'bench', 'server', 'count-rsa.mjs'), program, 'serve'],
    {
      cwd: folder.path,
      env: {
        ...process.env,
        SAOMA_GATEWAY: described['gateway'],
        SAOMA_APP_ID: described['app_id'],
        SAOMA_APP_PRIVATE_KEY: described['app_private_key'],
        SAOMA_ALIPAY_PUBLIC_KEY: described['alipay_public_key'],
        SAOMA_PUBLIC_URL: url,
        SAOMA_PORT: String(port),
        SAOMA_FOLDER: folder.path,
        SAOMA_API_KEY: API_KEY,
        SAOMA_REQUESTS_PER_SECOND: '100000',
        ...(database && { SAOMA_DATABASE_URL: database }),
      },
    },
  )
  await server.line('Stop with Ctrl+C')
  const yardstick = startGuarded(
    process.execPath,
    [join(root, 'bench', 'server', 'yardstick.mjs')],
    options,
  )
  await yardstick.line('ready')
  return {
    url,
    alipay: `http://127.0.0.1:${alipayPort}`,
    counted: () => countedBy<Counted>(server),
    yardstick: () => countedBy<RsaCounted>(yardstick),
    async close() {
      await yardstick.kill('SIGTERM')
      await server.kill('SIGTERM')
      await emulator.kill('SIGTERM')
      folder.remove()
    },
  }
}
