/**
 * What the program loads when it starts: a command no more than it needs, and a server nothing of
 * what few servers use.
 *
 * @module
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { devArgs, devOptions, isBuilt, startSaoma, untilSaid } from '../saoma-program.ts'

/** Node names the files that it has loaded when it ends; the build, what is in each of them. */
interface Coverage {
  readonly result: readonly { readonly url: string }[]
}

describe.skipIf(!(await isBuilt()))('what is loaded', () => {
  test.each(['--version', '--help', 'dev --help', 'completion bash'])(
    'by `saoma %s`: how commands are read, and no part of what they do',
    async (line) => {
      const { running, loaded } = await startCounted(line.split(' '))
      expect(await running.ended()).toBe(0)
      expect(loaded()).toEqual(new Set(['commander', 'saoma/cli']))
    },
  )

  test('by a command about keys: what speaks of keys', async () => {
    const { running, loaded } = await startCounted(['keys', 'generate', '--json'])
    expect(await running.ended()).toBe(0)
    expect(loaded()).toEqual(new Set(['commander', 'saoma/cli', 'saoma/alipay']))
  })

  test('by a server on SQLite: neither the driver of PostgreSQL nor what sends mail', async () => {
    const { running, loaded } = await startCounted(devArgs(await devOptions()))
    await untilSaid(running, 'Stop with Ctrl+C')
    expect(await running.kill('SIGTERM')).toBe(0)
    const parts = loaded()
    expect(parts).toContain('kysely')
    expect([...parts].filter((part) => /^pg|^nodemailer$|clack/.test(part))).toEqual([])
  })
})

/** Starts the program; `loaded` tells afterwards which packages and parts of ours it has loaded. */
async function startCounted(args: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'saoma-loaded-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const running = await startSaoma(args, { NODE_V8_COVERAGE: folder })
  const loaded = (): Set<string> => {
    const files = readdirSync(folder)
      .flatMap((name) => (JSON.parse(readFileSync(join(folder, name), 'utf8')) as Coverage).result)
      .map(({ url }) => url)
      .filter((url) => url.includes('/dist/cli/'))
    return new Set(files.flatMap((url) => partsOf(readFileSync(fileURLToPath(url), 'utf8'))))
  }
  return { running, loaded }
}

/** The folders of `src` and the packages whose modules a file holds. */
function partsOf(text: string): string[] {
  const modules = text.matchAll(/^\/\/ (?:src\/([^/]+)|node_modules\/((?:@[^/]+\/)?[^/]+))/gm)
  return Array.from(modules, ([, ours, theirs]) => theirs ?? `saoma/${ours}`)
}
