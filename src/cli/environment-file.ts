/**
 * The file of settings that `saoma init` writes: lines of `NAME=value`, as Node, Docker and systemd
 * read them.
 *
 * @module
 */

import { join } from 'node:path'
import { parseEnv } from 'node:util'
import type { Environment } from './configuration.ts'
import { Failure } from './failure.ts'
import { readIfThere } from './folder.ts'

/** The file's name, in a server's folder. */
export const ENVIRONMENT_FILE = 'saoma.env'

/**
 * The settings that hold: those of the environment, and for the rest those of a file. Without a
 * name it is the folder's own file, which is read only where no application is set.
 *
 * @param file A file that must be there, as `--env-file` names it.
 * @throws {Failure} If it cannot be read.
 */
export function readEnvironment(folder: string, env: Environment, file?: string): Environment {
  if (file === undefined && (env['SAOMA_APP_ID'] ?? '') !== '') return env
  const text = readIfThere(file ?? join(folder, ENVIRONMENT_FILE))
  if (text === undefined && file !== undefined) {
    throw new Failure(`--env-file: ${JSON.stringify(file)} cannot be read.`)
  }
  return text === undefined ? env : { ...parseEnv(text), ...given(env) }
}

/**
 * A file's text with other values; lines of other settings, and people's own, stay as they are.
 *
 * @param settings Without line breaks.
 */
export function updateEnvironmentFile(
  text: string,
  settings: Readonly<Record<string, string>>,
): string {
  const left = new Map(Object.entries(settings))
  const lines = text.split('\n').flatMap((line) => {
    const name = /^\s*(?:export\s+)?(\w+)\s*=/.exec(line)?.[1] ?? ''
    if (!Object.hasOwn(settings, name)) return [line]
    const value = left.get(name)
    left.delete(name)
    return value === undefined ? [] : [assignment(name, value)]
  })
  while (lines.at(-1) === '') lines.pop()
  const added = [...left].map(([name, value]) => assignment(name, value))
  return `${[...lines, ...added].join('\n')}\n`
}

/** Quoted only where it must be: Docker takes quotes for a part of the value. */
function assignment(name: string, value: string): string {
  if (/^[^\s'"`#\\]*$/.test(value)) return `${name}=${value}`
  return value.includes("'") ? `${name}="${value}"` : `${name}='${value}'`
}

/** An empty variable is none, as everywhere. */
function given(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
}
