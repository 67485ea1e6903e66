/**
 * The list of the 60 scenarios in `docs/internals/testing.md` is what the tests are: none is
 * missing, none is named that there is not.
 *
 * @module
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CRASH_POINTS } from '../../src/payments/index.ts'
import { root } from '../saoma-program.ts'

/** A scenario, and a test that shows it or a part of it. */
interface Row {
  readonly scenario: number
  readonly isPart: boolean
  readonly claim: string
  /** From the root of the checkout, with `/`. */
  readonly file: string
}

const SCENARIOS = Array.from({ length: 60 }, (_, index) => index + 1)

const page = readFileSync(join(root, 'docs', 'internals', 'testing.md'), 'utf8')
const sources = testFiles(join(root, 'test')).map((path) => ({
  file: relative(root, path).split(sep).join('/'),
  text: readFileSync(path, 'utf8'),
}))
const shown = sources.flatMap(({ file, text }) => rowsOf(file, text)).toSorted(byScenario)
const open = tableBelow('## What is not held yet').map(
  ([scenario = '', missing = '', by = '']) => ({
    scenario: Number(scenario),
    missing,
    by,
  }),
)

test('every scenario has a test with its number, or is said to have none', () => {
  const known = new Set([...shown, ...open].map(({ scenario }) => scenario))
  expect(SCENARIOS.filter((scenario) => !known.has(scenario))).toEqual([])
  expect([...known].filter((scenario) => !SCENARIOS.includes(scenario))).toEqual([])
})

test('the list names the tests that there are, in their order', () => {
  const listed = tableBelow('## The scenarios').map(
    ([scenario = '', claim = '', file = '']): Row => ({
      scenario: Number.parseInt(scenario, 10),
      isPart: scenario.includes('in part'),
      claim: claim.replaceAll('\\', ''),
      file: /\]\(\.\.\/\.\.\/([^)]+)\)/.exec(file)?.[1] ?? file,
    }),
  )
  expect(listed.map(line)).toEqual(shown.map(line))
})

test('what is held in part, or not at all, is said to be so, with what is missing', () => {
  const parts = new Set(shown.filter(({ isPart }) => isPart).map(({ scenario }) => scenario))
  const none = SCENARIOS.filter((number) => !shown.some(({ scenario }) => scenario === number))
  expect(open.map(({ scenario }) => scenario)).toEqual(
    [...parts, ...none].toSorted((a, b) => a - b),
  )
  for (const { missing } of open) expect(missing).not.toBe('')
})

test('what comes with a folder is not said to be missing once the folder is there', () => {
  const folders = new Set(open.flatMap(({ by }) => [...by.matchAll(/`([^`]+)`/g)].map((m) => m[1])))
  expect([...folders].filter((folder) => existsSync(join(root, folder ?? '')))).toEqual([])
})

test('at each point where the engine may die a scenario has it die', () => {
  const texts = sources.filter(({ file }) => file.startsWith('test/scenarios/'))
  const isUsed = (point: string) => texts.some(({ text }) => text.includes(`'${point}'`))
  expect(CRASH_POINTS.filter((point) => !isUsed(point))).toEqual([])
})

describe('a list that is wrong', () => {
  const text = `test('scenario 7: a', () => {})\ntest.each([1])("scenario 8, in part: b %i", () => {})`

  test('would be caught: tests are found by their names', () => {
    expect(rowsOf('test/a.test.ts', text)).toEqual([
      { scenario: 7, isPart: false, claim: 'a', file: 'test/a.test.ts' },
      { scenario: 8, isPart: true, claim: 'b %i', file: 'test/a.test.ts' },
    ])
  })
})

function testFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return testFiles(path)
    const isList = path.endsWith(join('scenarios', 'list.test.ts'))
    return entry.name.endsWith('.test.ts') && !isList ? [path] : []
  })
}

/** Every name of a test, or of a group of tests, that begins with the number of a scenario. */
function rowsOf(file: string, text: string): Row[] {
  const name = /(['"`])scenario (\d+)(, in part)?: ((?:\\.|(?!\1).)*)\1/g
  return [...text.matchAll(name)].map(([, , scenario, part, claim = '']) => ({
    scenario: Number(scenario),
    isPart: part !== undefined,
    claim,
    file,
  }))
}

function byScenario(a: Row, b: Row): number {
  return a.scenario - b.scenario || (a.file < b.file ? -1 : a.file > b.file ? 1 : 0)
}

function line({ scenario, isPart, claim, file }: Row): string {
  return `${scenario}${isPart ? ', in part' : ''} | ${claim} | ${file}`
}

/** The cells of the first table below a heading, without its head. */
function tableBelow(heading: string): string[][] {
  const [, below = ''] = page.split(`${heading}\n`)
  const [table = ''] = below.match(/(?:^\|.*\|$\n?)+/m) ?? []
  return table
    .trim()
    .split('\n')
    .slice(2)
    .map((row) =>
      row
        .slice(1, -1)
        .split(' | ')
        .map((cell) => cell.trim()),
    )
}
