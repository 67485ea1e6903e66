/**
 * The rules of the house, proved by reading the sources: who may import whom, what is only said in
 * one place, how files are named and opened. Every rule is also shown to catch a breach planted for
 * it.
 *
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

interface SourceFile {
  /** From the root of the checkout, with `/`. */
  readonly path: string
  readonly text: string
}

const root = fileURLToPath(new URL('..', import.meta.url))
const repository = readTree('')
const source = repository.filter(({ path }) => path.startsWith('src/'))
const modules = source.filter(({ path }) => path.endsWith('.ts'))

/** What each part may import from the others; `(types)` allows `import type` alone. */
const IMPORTS: Record<string, readonly string[]> = {
  alipay: [],
  payments: ['alipay'],
  webhooks: ['alipay', 'payments'],
  books: ['alipay', 'payments'],
  alarms: ['alipay', 'payments', 'webhooks'],
  access: ['alipay', 'payments'],
  retention: ['alipay', 'payments'],
  store: ['alipay', 'payments', 'webhooks', 'access', 'books', 'alarms', 'retention'],
  server: ['alipay', 'payments', 'webhooks', 'access', 'books', 'alarms', 'retention'],
  client: ['payments (types)'],
  emulator: ['alipay'],
  cli: [
    'alipay',
    'payments',
    'webhooks',
    'access',
    'books',
    'alarms',
    'retention',
    'store',
    'server',
    'client',
    'emulator',
    'testing',
  ],
  // The package's entries: `saoma` and `saoma/testing`.
  index: [
    'alipay',
    'payments',
    'webhooks',
    'access',
    'books',
    'alarms',
    'retention',
    'store',
    'server (types)',
  ],
  testing: ['alipay', 'emulator'],
}

/** Third-party packages, for the parts that may not take what they like. */
const PACKAGES: Record<string, readonly string[]> = {
  alipay: ['undici'],
  client: [],
}

describe('imports', () => {
  test('point one way', () => {
    expect(modules.flatMap(wrongImports)).toEqual([])
  })

  test.each([
    ['src/alipay/a.ts', `import { b } from '../payments/b.ts'`, 'alipay may not import payments'],
    ['src/alipay/a.ts', `import { z } from 'zod'`, 'alipay may not import the package zod'],
    ['src/alipay/a.ts', `const z = await import('zod')`, 'alipay may not import the package zod'],
    ['src/payments/a.ts', `export * from '../store/b.ts'`, 'payments may not import store'],
    ['src/payments/a.ts', `import '../emulator/b.ts'`, 'payments may not import emulator'],
    [
      'src/books/a.ts',
      `import type { B } from '../webhooks/b.ts'`,
      'books may not import webhooks',
    ],
    ['src/server/a.ts', `import {\n  b,\n} from '../store/b.ts'`, 'server may not import store'],
    ['src/index.ts', `import { b } from './emulator/b.ts'`, 'index may not import emulator'],
    ['src/index.ts', `import { b } from './server/b.ts'`, 'index may not import server'],
    ['src/cli/a.ts', `import { b } from 'saoma/server'`, 'cli may not import the package saoma'],
    ['src/cli/a.ts', `import { b } from '../../test/b.ts'`, 'cli may not import test/b.ts'],
    ['src/attic/a.ts', `import '../alipay/b.ts'`, 'attic is not in the table of imports'],
    ['src/store/a.ts', `import { t } from 'vitest'`, 'vitest is not among the dependencies'],
  ])('of %s: %s is caught', (path, text, message) => {
    expect(wrongImports({ path, text }).join()).toContain(message)
  })

  test.each([
    ['src/alipay/trade/a.ts', `import { b } from '../b.ts'\nimport { c } from 'node:fs'`],
    ['src/alipay/a.ts', `import { Pool } from 'undici'`],
    ['src/alipay/a.ts', `/** @example import { a } from '../payments/a.ts' */ const b = 1`],
    ['src/store/a.ts', `import { b } from '../payments/b.ts'`],
    ['src/index.ts', `export type { B } from './server/b.ts'`],
    ['src/testing.ts', `export { b } from './emulator/b.ts'`],
  ])('of %s: %s is allowed', (path, text) => {
    expect(wrongImports({ path, text })).toEqual([])
  })
})

/** What may not be written, where, and what to write instead. */
interface Ban {
  readonly what: string
  readonly pattern: RegExp
  readonly instead: string
  /** The paths that it holds for, and those that it is made for. */
  readonly where: RegExp
  readonly except?: RegExp
  /** Comments may say it. */
  readonly inCodeOnly?: true
  readonly planted: string
}

// A letter in brackets keeps a pattern from finding itself.
const BANS: readonly Ban[] = [
  {
    what: 'a cast to Fen',
    pattern: /\bas (?:readonly )?Fen\b/,
    instead: 'toFen() or parseYuan() of src/alipay/money.ts, which check',
    where: /^src\//,
    except: /^src\/alipay\/money\.ts$/,
    inCodeOnly: true,
    planted: 'const amount = 100 as Fen',
  },
  {
    what: 'a cast to Instant',
    pattern: /\bas (?:readonly )?Instant\b/,
    instead: 'toInstant(), addMs() or a parser of src/alipay/time.ts, which check',
    where: /^src\//,
    except: /^src\/alipay\/time\.ts$/,
    inCodeOnly: true,
    planted: 'const at = row.at as Instant',
  },
  {
    what: 'the machine’s clock',
    pattern: /\bDate\.now\b|\bnew Date\b/,
    instead: 'a Clock that is passed in, and the formats of src/alipay/time.ts',
    where: /^src\//,
    except: /^src\/alipay\/time\.ts$|\/assets\//,
    inCodeOnly: true,
    planted: 'const now = Date.now()',
  },
  {
    what: 'the environment',
    pattern: /\bprocess\.env\b/,
    instead: 'an option, which src/cli fills from the environment',
    where: /^src\//,
    except: /^src\/cli\//,
    inCodeOnly: true,
    planted: 'const key = process.env.KEY',
  },
  {
    what: 'a note to finish it later',
    pattern: /\b(?:FIX[M]E|TO[D]O|XX[X])\b/,
    instead: 'the finished thing, or nothing',
    where: /^(?:src|test|bench|scripts|docs|examples|web)\//,
    planted: ['// TO', 'DO: later'].join(''),
  },
  {
    what: 'a package registry’s host',
    pattern:
      /registry\.(?:npm|yarnpkg|npmmirror)|npmmirror\.com|npm\.pkg\.github|\bnpmjs\.(?:org|com)/,
    instead: 'the package’s name; every reader has a registry of their own',
    where: /./,
    except: /^test\/architecture\.test\.ts$/,
    planted: 'https://registry.npmjs.org/undici',
  },
  {
    what: 'a path of one machine',
    pattern: /(?<![\w.$)}\]*/-])\/(?:work|root)(?![\w-])/,
    instead: 'a path from the root of the repository, or a temporary folder',
    where: /./,
    except: /^test\/architecture\.test\.ts$/,
    planted: `const folder = '/work/main'`,
  },
]

describe('what is not written', () => {
  test.each(BANS)('$what: instead, $instead', (ban) => {
    expect(repository.flatMap((file) => breaches(ban, file))).toEqual([])
  })

  test.each(BANS)('$what would be caught', (ban) => {
    const breach = breaches(ban, { path: 'src/payments/planted.ts', text: `\n${ban.planted}\n` })
    expect(breach).toEqual([`src/payments/planted.ts:2: ${ban.what}; instead: ${ban.instead}`])
  })
})

describe('files', () => {
  test('are named after what they hold', () => {
    expect(repository.flatMap(emptyName)).toEqual([])
    expect(emptyName({ path: 'src/payments/refund-helpers.ts', text: '' })).toHaveLength(1)
    expect(emptyName({ path: 'src/core/refund.ts', text: '' })).toHaveLength(1)
  })

  test('open with a docstring that has @module', () => {
    expect(modules.flatMap(unopened)).toEqual([])
    expect(unopened({ path: 'src/a.ts', text: '/** About a. */\nexport {}' })).toHaveLength(1)
  })

  test('are at most 100 columns wide', () => {
    expect(source.flatMap(wideLines)).toEqual([])
    expect(wideLines({ path: 'src/a.ts', text: `\n${'a'.repeat(101)}` })).toHaveLength(1)
  })

  test('say what each exported name is for', () => {
    expect(modules.flatMap(undocumented)).toEqual([])
    const text =
      '/** @module */\nexport function a() {}\n/** B. */\nexport const b = 1\nexport type C = 1'
    expect(undocumented({ path: 'src/a.ts', text })).toEqual([
      'src/a.ts:2: a has no docstring',
      'src/a.ts:5: C has no docstring',
    ])
  })
})

function wrongImports({ path, text }: SourceFile): string[] {
  const part = partOf(path)
  const allowed = IMPORTS[part]
  if (allowed === undefined) return [`${path}: ${part} is not in the table of imports`]
  return importsOf(text).flatMap(({ from, typesOnly }) => {
    if (from.startsWith('node:')) return []
    if (!from.startsWith('.')) return wrongPackage(path, part, from)
    const target = new URL(from, `file:///${path}`).pathname.slice(1)
    if (!target.startsWith('src/')) return [`${path}: ${part} may not import ${target}`]
    const other = partOf(target)
    if (other === part || allowed.includes(other)) return []
    if (typesOnly && allowed.includes(`${other} (types)`)) return []
    return [`${path}: ${part} may not import ${other}, only ${allowed.join(', ') || 'itself'}`]
  })
}

function wrongPackage(path: string, part: string, from: string): string[] {
  const name = from.split('/', from.startsWith('@') ? 2 : 1).join('/')
  const allowed = PACKAGES[part]
  if (name === 'saoma' || (allowed && !allowed.includes(name))) {
    return [`${path}: ${part} may not import the package ${name}`]
  }
  return name in dependencies() ? [] : [`${path}: ${name} is not among the dependencies`]
}

function dependencies(): Record<string, string> {
  const text = repository.find(({ path }) => path === 'package.json')?.text ?? '{}'
  return (JSON.parse(text) as { dependencies: Record<string, string> }).dependencies
}

/** `src/payments/worker.ts` is of payments, `src/index.ts` is index. */
function partOf(path: string): string {
  return (path.split('/')[1] ?? '').replace(/\.ts$/, '')
}

function importsOf(text: string): { from: string; typesOnly: boolean }[] {
  const statement =
    /\b(?:import|export)\b(\s+type\b)?(?:[\w\s{},*$]*?\bfrom)?\s*\(?\s*['"]([^'"\n]+)['"]/g
  return [...withoutComments(text).matchAll(statement)].map(([, type, from = '']) => ({
    from,
    typesOnly: type !== undefined,
  }))
}

/**
 * The text with its comments blanked, line by line. Strings are passed over: `'https://…'` is no
 * comment.
 */
function withoutComments(text: string): string {
  const strings = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/
  const comments = /\/\*[^]*?\*\/|(?<!\\)\/\/.*/
  return text.replace(new RegExp(`${strings.source}|${comments.source}`, 'g'), (match) =>
    match.startsWith('/') ? match.replace(/[^\n]/g, ' ') : match,
  )
}

function breaches(ban: Ban, { path, text }: SourceFile): string[] {
  if (!ban.where.test(path) || ban.except?.test(path)) return []
  return linesOf(ban.inCodeOnly ? withoutComments(text) : text)
    .filter(({ line }) => ban.pattern.test(line))
    .map(({ number }) => `${path}:${number}: ${ban.what}; instead: ${ban.instead}`)
}

function emptyName({ path }: SourceFile): string[] {
  const empty = /^(?:utils?|helpers?|common|misc|shared|core|managers?|services?)$/
  const found = path.split(/[/.-]/).find((word) => empty.test(word))
  return found ? [`${path}: "${found}" names nothing; name the concept that is inside`] : []
}

function unopened({ path, text }: SourceFile): string[] {
  const opening = /^(?:#!.*\n)?\/\*\*[^]*?\*\//.exec(text)?.[0]
  if (opening?.includes('@module')) return []
  return [`${path}: open it with one or two sentences on what it knows, and @module`]
}

function wideLines({ path, text }: SourceFile): string[] {
  if (path.endsWith('.svg')) return []
  // Addresses, patterns and the program's sentences are better found in one piece than broken.
  const unbreakable =
    /https?:\/\/\S+|^\s*\/[^*/\s].*\/[a-z]*$|^(?!\s*(?:\/?\*|\/\/))[^'"`]*(['"`]).*\1/
  return linesOf(text)
    .filter(({ line }) => line.length > 100 && line.replace(unbreakable, '').length > 100)
    .map(({ number }) => `${path}:${number}: wider than 100 columns`)
}

function undocumented({ path, text }: SourceFile): string[] {
  const exported =
    /^export (?:declare )?(?:default )?(?:abstract )?(?:async )?(?:function\*?|class|const|let|interface|type) (\w+)/gm
  const documented = new Set<string>()
  return [...text.matchAll(exported)].flatMap(({ 1: name = '', index }) => {
    const docstring = /\/\*\*(?:(?!\*\/)[^])*\*\/\n$/.exec(text.slice(0, index))?.[0]
    // Only the first of several overloads needs one.
    if (docstring && !docstring.includes('@module')) documented.add(name)
    if (documented.has(name)) return []
    return [`${path}:${text.slice(0, index).split('\n').length}: ${name} has no docstring`]
  })
}

function linesOf(text: string): { line: string; number: number }[] {
  return text.split('\n').map((line, index) => ({ line, number: index + 1 }))
}

/** Every text file of the repository that people wrote. */
function readTree(folder: string): SourceFile[] {
  const skipped =
    /^(?:\.git|\.saoma|node_modules|\.screenshots|dist(?:\..*)?|coverage|package-lock\.json)$/
  const written = /\.(?:[cm]?[jt]sx?|json|md|css|html|svg|ya?ml|sh)$|^(?:Dockerfile|run)$|ignore$/
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (skipped.test(entry.name)) return []
    if (entry.isDirectory()) return readTree(path)
    if (!entry.isFile() || !written.test(entry.name)) return []
    return [{ path, text: readFileSync(join(root, path), 'utf8') }]
  })
}
