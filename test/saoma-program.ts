/**
 * The program `saoma` as users run it: processes of its own, on free ports, with a folder of their
 * own that is gone after the test.
 *
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished, vi } from 'vitest'
import { freePort } from '../src/cli/free-port.ts'

/** The root of the checkout. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/** Whether `dist` is at least as new as the sources. */
export async function isBuilt(): Promise<boolean> {
  const setup = (await import(new URL('../scripts/setup.mjs', import.meta.url).href)) as {
    isBuilt: () => boolean
  }
  return setup.isBuilt()
}

// A test starts several processes.
vi.setConfig({ testTimeout: 60_000 })

/** Generous: other tests use the same machine. */
export const PATIENCE = { timeout: 15_000, interval: 50 }

/** A process that starts loads all of the program first, while others do the same. */
const STARTING = { timeout: 40_000, interval: 50 }

/** A process that runs, and what it has said so far. */
export interface Running {
  readonly pid: number
  readonly stdout: () => string
  readonly stderr: () => string
  /** Sends a signal and waits for the end; resolves with the exit code, `null` after a signal. */
  kill(signal: NodeJS.Signals): Promise<number | null>
  /** Waits until it ends by itself. */
  ended(): Promise<number | null>
}

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

/** A `saoma dev` that is ready. */
export interface Dev extends Running {
  readonly options: DevOptions
  /** Where the merchant's server is. */
  readonly server: string
  /** Where the emulator and its pages are. */
  readonly emulator: string
  /** Calls the merchant API below `/v1`. */
  api<T = Payment>(method: Method, path: string, body?: object): Promise<T>
  /** Calls the emulator's control API below `/_emulator`. */
  control<T = object>(method: Method, path: string, body?: object): Promise<T>
  /** What a buyer does: scans the code of a payment. Resolves with the number of the trade. */
  scan(payment: Payment): Promise<string>
  /** What the same buyer does then. */
  pay(tradeNo: string): Promise<void>
  advance(seconds: number): Promise<void>
  /** The methods that the gateway was called with for an order, oldest first. */
  calls(payment: Payment): Promise<readonly string[]>
  /** Waits until the payment has a status. */
  until(payment: Payment, status: string): Promise<Payment>
}

/** What tests look at of the merchant API's payment. */
export interface Payment {
  readonly id: string
  readonly status: string
  readonly amount: number
  readonly amount_refunded: number
  readonly checkout_url: string
  readonly scanned_at: string | null
  readonly created_at: string
  readonly next_action: { readonly qr_code: string } | null
  readonly alipay: { readonly out_trade_no: string; readonly trade_no: string | null }
}

/** Where a `saoma dev` is to run. */
export interface DevOptions {
  readonly port: number
  readonly emulatorPort: number
  readonly folder: string
}

/** The buyer who pays. */
const BUYER = '2088102100000016'

/** Has something done at the end: of the test, or of what else it was made for. */
export type AtEnd = (work: () => void | Promise<void>) => void

/** A new folder, which is removed at the end. */
export function temporaryFolder(atEnd: AtEnd = onTestFinished): string {
  const folder = mkdtempSync(join(tmpdir(), 'saoma-'))
  atEnd(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  return folder
}

/** Starts the program; it is killed at the end if it still runs. */
export async function startSaoma(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  atEnd: AtEnd = onTestFinished,
): Promise<Running> {
  const child = spawn(process.execPath, [...(await program()), ...args], {
    cwd: temporaryFolder(atEnd),
    env: { ...withoutSettings(process.env), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const stdout = collect(child, 'stdout')
  const stderr = collect(child, 'stderr')
  const closed = once(child, 'close').then(([code]) => code as number | null)
  const running = {
    pid: child.pid ?? 0,
    stdout,
    stderr,
    ended: () => closed,
    kill(signal: NodeJS.Signals) {
      child.kill(signal)
      return closed
    },
  }
  atEnd(async () => void (await running.kill('SIGKILL')))
  return running
}

/** Runs the program to its end. */
export async function saoma(
  args: readonly string[],
  env?: Readonly<Record<string, string>>,
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const running = await startSaoma(args, env)
  const code = await running.ended()
  return { code, stdout: running.stdout(), stderr: running.stderr() }
}

/** Free ports and a new folder. */
export async function devOptions(atEnd: AtEnd = onTestFinished): Promise<DevOptions> {
  return { port: await freePort(), emulatorPort: await freePort(), folder: temporaryFolder(atEnd) }
}

/** The command line of a `saoma dev`. */
export function devArgs({ port, emulatorPort, folder }: DevOptions): string[] {
  return ['dev', `--port=${port}`, `--emulator-port=${emulatorPort}`, `--folder=${folder}`]
}

/** Starts `saoma dev` and waits until it is ready. */
export async function startDev(given?: DevOptions, atEnd: AtEnd = onTestFinished): Promise<Dev> {
  const options = given ?? (await devOptions(atEnd))
  const running = await startSaoma(devArgs(options), {}, atEnd)
  await untilSaid(running, 'Stop with Ctrl+C')
  const server = `http://127.0.0.1:${options.port}`
  const emulator = `http://127.0.0.1:${options.emulatorPort}`
  const authorization = `Bearer ${readFileSync(join(options.folder, 'api-key-test'), 'utf8').trim()}`
  const dev: Dev = {
    ...running,
    options,
    server,
    emulator,
    api: (method, path, body) => call(method, `${server}/v1${path}`, body, { authorization }),
    control: (method, path, body) => call(method, `${emulator}/_emulator${path}`, body),
    async scan(payment) {
      const code = payment.next_action?.qr_code
      const answer = await dev.control<{ status: string; trade: { trade_no: string } }>(
        'POST',
        '/wallet/scan',
        { buyer: BUYER, code },
      )
      if (answer.status !== 'ready') throw new Error(`The code is ${answer.status}`)
      return answer.trade.trade_no
    },
    async pay(tradeNo) {
      const body = { buyer: BUYER, trade_no: tradeNo }
      const { status } = await dev.control<{ status: string }>('POST', '/wallet/pay', body)
      if (status !== 'paid') throw new Error(`The trade is ${status}`)
    },
    async advance(seconds) {
      await dev.control('POST', '/clock', { advance_ms: seconds * 1000 })
    },
    async calls(payment) {
      const { requests } = await dev.control<{
        requests: { method: string; out_trade_no: string }[]
      }>('GET', '/requests')
      return requests
        .filter((entry) => entry.out_trade_no === payment.alipay.out_trade_no)
        .map((entry) => entry.method)
    },
    until: ({ id }, status) => untilStatus(() => dev.api('GET', `/payments/${id}`), status),
  }
  return dev
}

/** Waits until a payment, asked for again and again, has a status. */
export function untilStatus(ask: () => Promise<Payment>, status: string): Promise<Payment> {
  return vi.waitFor(async () => {
    const payment = await ask()
    if (payment.status !== status) throw new Error(`It is ${payment.status}, not ${status}`)
    return payment
  }, PATIENCE)
}

/** Waits until a process has printed something. */
export async function untilSaid(running: Running, text: string): Promise<void> {
  let over = false
  void running.ended().then(() => (over = true))
  await vi.waitUntil(() => over || running.stdout().includes(text), STARTING)
  if (running.stdout().includes(text)) return
  throw new Error(`It ended without "${text}":\n${running.stdout()}${running.stderr()}`)
}

/** The arguments of node that run what users run where it is built, else the sources. */
export async function program(): Promise<readonly string[]> {
  if (await isBuilt()) return [join(root, 'dist', 'cli', 'saoma.js')]
  return ['--import', import.meta.resolve('tsx'), join(root, 'src', 'cli', 'saoma.ts')]
}

/** Settings of the one who runs the tests must not reach the program. */
export function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('SAOMA_')))
}

function collect(child: ChildProcess, stream: 'stdout' | 'stderr'): () => string {
  let text = ''
  child[stream]?.setEncoding('utf8').on('data', (part: string) => (text += part))
  return () => text
}

async function call<T>(
  method: string,
  url: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<T> {
  const response = await fetch(url, {
    method,
    headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  })
  const answer = (await response.json()) as T
  if (!response.ok) throw new Error(`${method} ${url}: ${JSON.stringify(answer)}`)
  return answer
}
