/**
 * What the documents say holds: links lead somewhere, examples compile, commands and settings are
 * those that there are.
 *
 * @module
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { Command } from 'commander'
import { describe, expect, onTestFinished, test } from 'vitest'
import { root, startDev } from './saoma-program.ts'

interface Document {
  /** From the root of the checkout, with `/`. */
  readonly path: string
  readonly text: string
}

const READMES = ['README.md', 'README.zh.md']
const documents = [...READMES, 'CONTRIBUTING.md', 'SECURITY.md', ...markdownBelow('docs')].map(
  (path): Document => ({ path, text: readFileSync(join(root, path), 'utf8') }),
)

describe('links', () => {
  test('lead to a file, and to a heading in it', () => {
    expect(documents.flatMap(brokenLinks)).toEqual([])
  })

  test.each([
    ['[a](absent.md)', 'absent.md'],
    ['[a](README.md#absent)', 'README.md#absent'],
    ['[a](#absent)', '#absent'],
    ['[a][1]\n\n[1]: absent.md', 'absent.md'],
    ['<img src="absent.svg" />', 'absent.svg'],
  ])('that lead nowhere are caught: %s', (text, target) => {
    expect(brokenLinks({ path: 'planted.md', text: `# A\n\n${text}\n` })).toEqual([
      `planted.md: ${target} leads nowhere`,
    ])
  })

  test('in code are none', () => {
    const text = '# A\n\n`[a](absent.md)`\n\n```md\n[a](absent.md)\n```\n\n[b](#a) [c](LICENSE)\n'
    expect(brokenLinks({ path: 'planted.md', text })).toEqual([])
  })
})

test('a page has one title', () => {
  const titles = ({ text }: Document) => withoutFences(text).match(/^# .+$/gm) ?? []
  expect(documents.filter((page) => titles(page).length !== 1).map(({ path }) => path)).toEqual([])
})

test.each(READMES)('%s names the two commands', (path) => {
  const { text = '' } = documents.find((page) => page.path === path) ?? {}
  expect(text).toMatch(/^npm start\b/m)
  expect(text).toMatch(/^npm test\b/m)
})

test.each(READMES)('%s shows the shop that the tests run', (path) => {
  const { text = '' } = documents.find((page) => page.path === path) ?? {}
  const shop = readFileSync(join(root, 'examples', 'shop-express', 'shop.mjs'), 'utf8')
  expect(text).toContain(`\`\`\`js\n${shop}\`\`\``)
})

test.each(['shop.mjs', 'shop.test.mjs'])(
  'the guide to testing shows the %s that is run',
  (file) => {
    const page = documents.find(({ path }) => path === 'docs/guides/testing.md')?.text ?? ''
    const program = readFileSync(join(root, 'examples', 'testing', file), 'utf8')
    expect(page).toContain(`\`\`\`js\n${program}\`\`\``)
  },
)

test('every command that is named is there', async () => {
  const known = await commands()
  expect(known).toEqual(expect.arrayContaining(['dev', 'keys check']))
  const isKnown = (name: string, next: string) =>
    known.includes(`${name} ${next}`) ||
    (known.includes(name) && (next === '' || !known.some((words) => words.startsWith(`${name} `))))
  const wrong = documents.flatMap(({ path, text }) =>
    commandsIn(text)
      .filter(([name, next]) => !isKnown(name, next))
      .map((words) => `${path}: saoma ${words.join(' ')}`),
  )
  expect(wrong).toEqual([])
})

test('the page of limits is what the sources say', async () => {
  const { limitsPage } = (await import(join(root, 'scripts', 'limits.mjs'))) as {
    limitsPage: () => string
  }
  const page = documents.find(({ path }) => path === 'docs/reference/limits.md')?.text ?? ''
  // Prettier sets the columns of a table.
  const plain = (text: string) => text.replace(/ +/g, ' ').replace(/-+/g, '-')
  expect(plain(page)).toBe(plain(limitsPage()))
  expect(page).toContain('`BODY_BYTES_MAX`')
})

test('every setting that is named is read, and every setting that is read is named', () => {
  const named = new Set(
    documents.flatMap(({ text }) => text.match(/\bSAOMA_[A-Z_]*[A-Z]\b/g) ?? []),
  )
  const read = settingsReadBelow('src/cli')
  const byPrograms = new Set([
    ...read,
    ...['scripts', 'test/browser'].flatMap((folder) => [...settingsReadBelow(folder)]),
  ])
  // A secret may also be given as a file.
  const isRead = (name: string) =>
    byPrograms.has(name) || byPrograms.has(name.replace(/_FILE$/, ''))
  const isNamed = (name: string) => named.has(name) || named.has(`${name}_FILE`)
  expect([...named].filter((name) => !isRead(name))).toEqual([])
  expect([...read].filter((name) => !isNamed(name))).toEqual([])
})

const typed = documents.filter(({ text }) => fences(text, 'ts').length > 0)

test('both READMEs and the pages about code have examples', () => {
  expect(typed.map(({ path }) => path)).toEqual(
    expect.arrayContaining([...READMES, 'docs/concepts/webhooks.md', 'docs/reference/emulator.md']),
  )
})

test.each(typed)('the examples of $path compile', ({ text }) => {
  // What a framework gives: the request that is answered.
  const given = 'declare global { const request: Request }\n'
  expect(compile(given + fences(text, 'ts').join('\n'))).toBe('')
})

test.each(documents.filter(({ path }) => path !== 'docs/guides/testing.md'))(
  'every example of $path is in a language that is checked',
  ({ path, text }) => {
    const others = [...text.matchAll(/^ *```(\w+)$/gm)].map(([, language = '']) => language)
    const shown = READMES.includes(path) ? ['js'] : (BY_OTHER_TESTS[path] ?? [])
    expect(others.filter((language) => ![...CHECKED, ...shown].includes(language))).toEqual([])
  },
)

/**
 * Run by the tests of what they are about: `test/browser/cashier.test.ts`,
 * `test/cli/traces.test.ts`.
 */
const BY_OTHER_TESTS: Readonly<Record<string, readonly string[]>> = {
  'docs/guides/cashier-page.md': ['html'],
  'docs/operating/traces.md': ['js'],
}

/** Compiled, run or read by a shell here, or no program at all. */
const CHECKED = ['ts', 'sh', 'text', 'http', 'mermaid', 'ini', 'caddyfile', 'yaml']

test.each(documents.filter(({ text }) => fences(text, 'sh').length > 0))(
  'the commands of $path are read by a shell',
  ({ text }) => {
    for (const script of fences(text, 'sh')) {
      // `<the clone>` stands for what the reader has.
      const input = script.replaceAll(/<[^>\n]+>/g, 'something')
      const { status, stderr } = spawnSync('sh', ['-n'], { input, encoding: 'utf8' })
      expect([status, stderr]).toEqual([0, ''])
    }
  },
)

test('the first request of the page of the API takes a payment', async () => {
  const page = documents.find(({ path }) => path === 'docs/reference/http-api.md')?.text ?? ''
  const [first = ''] = fences(page, 'sh')
  const dev = await startDev()
  const script = first
    .replace('.saoma/', `${dev.options.folder}/`)
    .replace('http://127.0.0.1:6200', dev.server)
  expect(script).not.toBe(first)
  const child = spawn('sh', ['-c', script])
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => (said += part))
  await once(child, 'close')
  expect(JSON.parse(said)).toMatchObject({ object: 'payment', amount: 1800, status: 'pending' })
})

test('an example that does not compile is caught', () => {
  const code = `import { createClient } from 'saoma/alipay'\nexport const a = createClient({})\n`
  expect(compile(code)).toContain('error TS')
})

/** The code of a language, without the indentation of the list that it stands in. */
function fences(text: string, language: string): string[] {
  const found = text.matchAll(new RegExp(`^( *)\`\`\`${language}\\n([^]*?)^ *\`\`\`$`, 'gm'))
  return [...found].map(([, indent = '', code = '']) => code.replaceAll(`\n${indent}`, '\n'))
}

function brokenLinks({ path, text }: Document): string[] {
  const prose = withoutFences(text).replace(/`[^`\n]*`/g, '')
  const targets = [
    ...prose.matchAll(/\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g),
    ...prose.matchAll(/^\[[^\]]+\]:\s+(\S+)/gm),
    ...prose.matchAll(/\s(?:src|href)="([^"]+)"/g),
  ].map(([, target = '']) => target)
  return targets
    .filter(
      (target) => !/^[a-z][a-z+.-]*:/i.test(target) && !leadsSomewhere({ path, text }, target),
    )
    .map((target) => `${path}: ${target} leads nowhere`)
}

function leadsSomewhere({ path, text }: Document, target: string): boolean {
  const [file = '', anchor] = target.split('#').map((part) => decodeURIComponent(part))
  const goal = join(root, posix.dirname(path), file)
  if (!existsSync(goal)) return false
  if (anchor === undefined) return true
  return anchorsOf(file === '' ? text : readFileSync(goal, 'utf8')).has(anchor)
}

/** The anchors that GitHub gives to headings, and those that are written by hand. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>()
  for (const [, heading = ''] of withoutFences(text).matchAll(/^#{1,6} +(.+?) *$/gm)) {
    const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    const name = plain
      .toLowerCase()
      .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
      .replaceAll(' ', '-')
    let unique = name
    for (let copy = 1; anchors.has(unique); copy++) unique = `${name}-${copy}`
    anchors.add(unique)
  }
  for (const [, id = ''] of text.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(id)
  return anchors
}

function withoutFences(text: string): string {
  return text.replace(/^ *(```+|~~~+).*\n[^]*?^ *\1 *$/gm, '')
}

/** What follows `saoma` in code: a command, and the word after it. */
function commandsIn(text: string): (readonly [name: string, next: string])[] {
  const fences = [...text.matchAll(/^ *```.*\n([^]*?)^ *```$/gm)].filter(([fence]) =>
    /^ *```(?:sh|bash|console)?\n/.test(fence),
  )
  const spans = [...withoutFences(text).matchAll(/`([^`\n]+)`/g)]
  const called = /^(?:.*[$|;&] *|npx |[A-Z_]+=\S+ )*saoma ([a-z-]+)(?: ([a-z]+)\b)?/gm
  return [...fences, ...spans].flatMap(([, code = '']) =>
    [...code.matchAll(called)].map(([, name = '', next = '']) => [name, next] as const),
  )
}

/** Each command, `keys generate` as two words. */
async function commands(): Promise<readonly string[]> {
  const program = new Command()
  const folder = join(root, 'src', 'cli', 'commands')
  for (const file of readdirSync(folder)) {
    const { register } = (await import(join(folder, file))) as {
      register: (program: Command) => void
    }
    register(program)
  }
  return program.commands.flatMap((command) => [
    command.name(),
    ...command.commands.map((inner) => `${command.name()} ${inner.name()}`),
  ])
}

/** Settings by name, as `env['SAOMA_X']` or `{ SAOMA_X: x } = env` reads them. */
function settingsReadBelow(folder: string): Set<string> {
  const programs = filesBelow(folder).map((path) => readFileSync(join(root, path), 'utf8'))
  const reads = programs.join('\n').matchAll(/'(SAOMA_\w+)'|\b(SAOMA_\w+): |\benv\.(SAOMA_\w+)/g)
  return new Set([...reads].map(([, a, b, c]) => a ?? b ?? c ?? ''))
}

/** What the compiler says of a module that uses the package as its sources have it. */
function compile(code: string): string {
  // Below the checkout, because types are looked for from there upwards.
  const folder = join(root, 'node_modules', '.cache', `saoma-docs-${process.pid}`)
  mkdirSync(folder, { recursive: true })
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const paths = {
    saoma: ['../../../src/index.ts'],
    'saoma/alipay': ['../../../src/alipay/index.ts'],
    'saoma/client': ['../../../src/client/index.ts'],
    'saoma/server': ['../../../src/server/index.ts'],
    'saoma/testing': ['../../../src/testing.ts'],
  }
  const config = {
    extends: '../../../tsconfig.json',
    compilerOptions: { paths, noUnusedLocals: false },
    include: ['example.mts'],
    exclude: [],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  writeFileSync(join(folder, 'example.mts'), code)
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const { stdout } = spawnSync(process.execPath, [tsc], { cwd: folder, encoding: 'utf8' })
  return stdout.match(/^example\.mts.*$/gm)?.join('\n') ?? ''
}

function markdownBelow(folder: string): string[] {
  return filesBelow(folder).filter((path) => path.endsWith('.md'))
}

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length).replaceAll('\\', '/'))
}
