/**
 * Where a key or a certificate comes from: an option, which may be a file or the text itself, or
 * the environment.
 *
 * @module
 */

import { existsSync, readFileSync } from 'node:fs'
import type { Environment } from './configuration.ts'
import { Failure } from './failure.ts'

/** A text that was configured, and where. */
export interface Source {
  /** Bytes of a file, which may be DER, or the text itself. */
  readonly content: string | Buffer
  /** As a person would name it: `--certificate alipay.crt`, `SAOMA_ALIPAY_PUBLIC_KEY`. */
  readonly origin: string
  /** The file it was read from. */
  readonly file: string | undefined
}

/**
 * Reads what an option names: a file where there is one of that name, else the text of a key.
 *
 * @throws {Failure} If it is neither.
 */
export function readOption(name: string, value: string | undefined): Source | undefined {
  if (value === undefined) return undefined
  if (existsSync(value)) return readSource(value, `${name} ${value}`)
  if (looksLikeKey(value)) return { content: value, origin: name, file: undefined }
  throw new Failure(`${name}: there is no file ${JSON.stringify(value)}, and it is not a key.`)
}

/**
 * Reads a variable, or the file that it or its twin `…_FILE` names.
 *
 * @throws {Failure} If that file cannot be read.
 */
export function readVariable(name: string, env: Environment): Source | undefined {
  const value = env[name] ?? ''
  if (value !== '' && !name.endsWith('_FILE'))
    return { content: value, origin: name, file: undefined }
  const fileVariable = name.endsWith('_FILE') ? name : `${name}_FILE`
  const file = env[fileVariable] ?? ''
  return file === '' ? undefined : readSource(file, fileVariable)
}

function readSource(file: string, origin: string): Source {
  try {
    return { content: readFileSync(file), origin, file }
  } catch {
    throw new Failure(`${origin}: the file ${JSON.stringify(file)} cannot be read.`)
  }
}

/** Armour, or more letters of base64 than a file's name has. */
function looksLikeKey(text: string): boolean {
  return text.includes('-----') || /^[A-Za-z0-9+/=\s\\]{22,}$/.test(text)
}
