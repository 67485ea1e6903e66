/**
 * Writes docs/reference/limits.md from the sources: every constant that is named as a limit, with
 * its value and the first sentence of its docstring. A test fails where the page is behind.
 *
 * @module
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isMain, root } from './run.mjs'

const PAGE = join(root, 'docs', 'reference', 'limits.md')

const PARTS = [
  ['payments', 'Payments and refunds'],
  ['webhooks', 'Webhooks'],
  ['access', 'API keys'],
  ['server', 'HTTP'],
  ['store', 'Databases'],
  ['alipay', 'Calls to Alipay'],
]

/** A constant with its docstring. */
const LIMIT =
  /\/\*\*((?:(?!\*\/)[^])*)\*\/\n(?:export )?const ([A-Z][A-Z_]*_(?:MAX|MIN|KEPT|DEFAULT)(?:_MS)?)(?::[^=]+)? =\s*([^'"\n][^\n]*)/g

/** The page as it should be. */
export function limitsPage() {
  const sections = PARTS.map(([part, title]) => {
    const rows = limitsOf(part).map(
      ({ name, value, words, file }) => `| \`${name}\` | ${value} | ${words} | \`${file}\` |`,
    )
    const head = ['| name | value | what it limits | in |', '| --- | --- | --- | --- |']
    return [`## ${title}`, '', ...head, ...rows].join('\n')
  })
  return `# Limits

Everything that could grow has a limit with a name. What is beyond it is refused or waits; nothing is dropped. The
names are those of the sources, from which this page is written (\`node scripts/limits.mjs\`).

${sections.join('\n\n')}
`
}

function limitsOf(part) {
  const folder = join(root, 'src', part)
  const files = readdirSync(folder, { recursive: true })
    .map(String)
    .filter((file) => file.endsWith('.ts'))
    .toSorted((a, b) => (a < b ? -1 : 1))
  return files.flatMap((file) => {
    const text = readFileSync(join(folder, file), 'utf8')
    return [...text.matchAll(LIMIT)].map(([, docstring, name, value]) => ({
      name,
      value: valueOf(name, value),
      words: sentenceOf(docstring),
      file: `src/${part}/${file.replaceAll('\\', '/')}`,
    }))
  })
}

/** `5 s` for `5_000` of a name that ends in `_MS`; what is computed stands as it is written. */
function valueOf(name, text) {
  const number = Number((/^(?:toFen\()?([\d_]+)\)?$/.exec(text)?.[1] ?? 'x').replaceAll('_', ''))
  if (Number.isNaN(number)) return `\`${text}\``
  if (!name.endsWith('_MS')) return number.toLocaleString('en')
  if (number % 60_000 === 0) return `${number / 60_000} min`
  return number % 1_000 === 0 ? `${number / 1_000} s` : `${number} ms`
}

function sentenceOf(docstring) {
  const text = docstring
    .replaceAll(/^\s*\*/gm, '')
    .replaceAll(/\{@link (?:\w+\.)*(\w+)\}/g, '`$1`')
    .replaceAll(/\s+/g, ' ')
    .replace(/ @see .*/, '')
    .trim()
  return (/^.*?[.](?= |$)/.exec(text)?.[0] ?? text).replaceAll('|', '\\|')
}

if (isMain(import.meta.url)) writeFileSync(PAGE, limitsPage())
