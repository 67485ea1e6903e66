/**
 * What a server keeps beside its database: the API key, the secret part of its notify address, and
 * where it runs, so that the other commands find it.
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MasterKey, MasterKeyInvalid } from '../access/index.ts'
import { Failure } from './failure.ts'

/** A server's secrets. */
export interface ServerSecrets {
  /** The merchant's API key, `sk_test_…` or `sk_live_…`. */
  readonly apiKey: string
  /** The unguessable part of the notify address. */
  readonly notifyToken: string
}

/** Where a server runs. */
export interface RunningServer {
  readonly url: string
  readonly api_key: string
  /** Reaches all applications. */
  readonly operator_key: string
  readonly pid: number
}

/**
 * Reads the secrets of a folder; makes them where there are none yet, readable by their owner
 * alone.
 *
 * @param folder Is made where it does not exist.
 * @param given Those that several servers share.
 */
export function openSecrets(
  folder: string,
  mode: 'live' | 'test',
  given: Partial<Pick<ServerSecrets, 'apiKey' | 'notifyToken'>> = {},
): ServerSecrets {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const makeKey = (): string => `sk_${mode}_${secret()}`
  const apiKey = given.apiKey ?? readOrMake(join(folder, `api-key-${mode}`), makeKey)
  return {
    apiKey,
    notifyToken: given.notifyToken ?? readOrMake(join(folder, 'notify-token'), secret),
  }
}

/** The API key of a further application of the configuration, made where there is none yet. */
export function openApiKey(folder: string, mode: 'live' | 'test', appId: string): string {
  return readOrMake(join(folder, `api-key-${mode}-${appId}`), () => `sk_${mode}_${secret()}`)
}

/** The key that reaches all applications, made where there is none yet. */
export function openOperatorKey(folder: string, mode: 'live' | 'test'): string {
  return readOrMake(join(folder, `operator-key-${mode}`), () => `rk_${mode}_${secret()}`)
}

/**
 * The key that seals what must be read back. A live server is given one; for a test server one is
 * made in its folder, which its database and backups do not hold.
 *
 * @param given `SAOMA_MASTER_KEY`.
 * @throws {Failure} If a live server is given none, or what is given is none.
 */
export function openMasterKey(
  folder: string,
  mode: 'live' | 'test',
  given: string | undefined,
): MasterKey {
  try {
    if (given !== undefined) return MasterKey.parse(given)
    if (mode === 'live') {
      throw new Failure(
        'SAOMA_MASTER_KEY is not set: it seals webhook secrets and keys in the database, which is copied with every backup. Make one with `openssl rand -base64 32`, keep it apart from the backups, and give it in SAOMA_MASTER_KEY or a file that SAOMA_MASTER_KEY_FILE names.',
      )
    }
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    return MasterKey.parse(
      readOrMake(join(folder, 'master-key'), () => MasterKey.create().reveal()),
    )
  } catch (error) {
    if (!(error instanceof MasterKeyInvalid)) throw error
    throw new Failure(`SAOMA_MASTER_KEY: ${error.message}`)
  }
}

/** Says where the server of a folder runs. Returns what takes it back. */
export function announce(folder: string, server: RunningServer): () => void {
  const file = join(folder, 'server.json')
  writeFileSync(file, JSON.stringify(server), { mode: 0o600 })
  return () => rmSync(file, { force: true })
}

/** Where the server of a folder runs, by what it said itself; `undefined` if none does. */
export function findRunning(folder: string): RunningServer | undefined {
  const text = readIfThere(join(folder, 'server.json'))
  if (text === undefined) return undefined
  const server = JSON.parse(text) as RunningServer
  return isAlive(server.pid) ? server : undefined
}

/** Reads a small file of a folder; writes what is made where it is not there or empty. */
export function readOrMake(file: string, make: () => string): string {
  const present = readIfThere(file)?.trim()
  if (present !== undefined && present !== '') return present
  const value = make()
  writeFileSync(file, `${value}\n`, { mode: 0o600 })
  return value
}

/** Reads a small file; `undefined` where there is none. */
export function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** 160 random bits in 40 hexadecimal digits. */
function secret(): string {
  return randomBytes(20).toString('hex')
}
