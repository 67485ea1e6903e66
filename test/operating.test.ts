/**
 * The pages for operators promise what tests hold: each line names one, and it is there.
 *
 * @module
 */

import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { StoreUnavailable } from '../src/payments/index.ts'
import { root, temporaryFolder } from './saoma-program.ts'
import { startServer } from './server/server-under-test.ts'

const folder = join(root, 'docs', 'operating')
const page = readFileSync(join(folder, 'what-happens-when.md'), 'utf8')

/** Lines of tables that say something: not their heads. */
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('|') && !/^\|\s*(?:-+|it dies by|what fails)\s*\|/.test(line))

test('every line names a test', () => {
  expect(rows.length).toBeGreaterThan(30)
  expect(rows.filter((row) => namedTest(row) === undefined)).toEqual([])
})

test('every test that is named is there', () => {
  expect(rows.filter((row) => !isThere(namedTest(row)))).toEqual([])
})

test('one that is not there would be found out', () => {
  expect(isThere({ file: 'test/operating.test.ts', title: ['one that is', 'absent'].join() })).toBe(
    false,
  )
  expect(isThere({ file: 'test/absent.test.ts', title: 'a' })).toBe(false)
})

test('the pages for operators are all linked from their first one', () => {
  const index = readFileSync(join(folder, 'README.md'), 'utf8')
  const others = readdirSync(folder).filter((name) => name !== 'README.md')
  expect(others.filter((name) => !index.includes(`](${name})`))).toEqual([])
})

const registered = await metricsOf()

test('the dashboard, the rules and the pages name no metric that the server does not have', () => {
  const files = ['deploy/grafana/saoma.json', 'deploy/prometheus/alerts.yaml']
  const pages = readdirSync(folder).map((name) => `docs/operating/${name}`)
  for (const file of [...files, ...pages]) {
    const text = readFileSync(join(root, file), 'utf8')
    const named = text.match(/\b(?:saoma|process|nodejs)_[a-z0-9_]+\b/g) ?? []
    const metrics = named.map((name) => name.replace(/_bucket$/, ''))
    expect([file, metrics.filter((name) => !registered.includes(name))]).toEqual([file, []])
  }
})

test('every metric of ours is on the page, and every situation has one', () => {
  const metrics = readFileSync(join(folder, 'metrics.md'), 'utf8')
  const ours = registered.filter((name) => name.startsWith('saoma_'))
  expect(ours.length).toBeGreaterThan(6)
  expect(ours.filter((name) => !metrics.includes(`\`${name}\``))).toEqual([])
  const situations = readFileSync(join(folder, 'situations.md'), 'utf8')
  const numbered = situations.split('\n').filter((line) => /^\| \d+ /.test(line))
  expect(numbered).toHaveLength(20)
  expect(numbered.filter((line) => !/`saoma_\w+`\s*\|$/.test(line))).toEqual([])
})

test('each rule says when, how bad, and what to do', () => {
  const text = readFileSync(join(root, 'deploy/prometheus/alerts.yaml'), 'utf8')
  const { groups } = parse(text) as { groups: { rules: Record<string, unknown>[] }[] }
  for (const rule of groups.flatMap(({ rules }) => rules)) {
    expect(rule).toEqual({
      alert: expect.stringMatching(/^Saoma[A-Z]\w+$/) as string,
      expr: expect.any(String) as string,
      for: expect.stringMatching(/^\d+m$/) as string,
      labels: { severity: expect.stringMatching(/^(?:critical|warning)$/) as string },
      annotations: {
        summary: expect.any(String) as string,
        description: expect.any(String) as string,
      },
    })
  }
})

const promtool = process.env['SAOMA_PROMTOOL'] || 'promtool'
const hasPromtool = spawnSync(promtool, ['--version']).status === 0

/** What Prometheus says of rules: `SUCCESS`, or what is wrong with them. */
function check(rules: string): { readonly isRight: boolean; readonly said: string } {
  const file = join(temporaryFolder(), 'rules.yaml')
  writeFileSync(file, rules)
  const { status, stdout, stderr } = spawnSync(promtool, ['check', 'rules', file], {
    encoding: 'utf8',
  })
  return { isRight: status === 0, said: stdout + stderr }
}

/** Every query of the dashboard, as rules that record it. */
function queriesOf(dashboard: string): string {
  const { panels } = JSON.parse(dashboard) as { panels: { targets: { expr: string }[] }[] }
  const rules = panels.flatMap(({ targets }, panel) =>
    targets.map(({ expr }, target) => ({ record: `panel:query:${panel}_${target}`, expr })),
  )
  return JSON.stringify({ groups: [{ name: 'dashboard', rules }] })
}

describe.skipIf(!hasPromtool)('Prometheus itself takes', () => {
  const rules = readFileSync(join(root, 'deploy/prometheus/alerts.yaml'), 'utf8')
  const dashboard = readFileSync(join(root, 'deploy/grafana/saoma.json'), 'utf8')

  test('the rules', () => {
    const { isRight, said } = check(rules)
    expect(isRight, said).toBe(true)
  })

  test('the queries of the dashboard', () => {
    const { isRight, said } = check(queriesOf(dashboard))
    expect(isRight, said).toBe(true)
  })

  test('neither with a mistake', () => {
    expect(check(rules.replace('min(saoma_store_up)', 'min(saoma_store_up')).isRight).toBe(false)
    expect(check(queriesOf(dashboard.replace('sum by (', 'sum bye ('))).isRight).toBe(false)
  })
})

test('what is asked of metrics is written as they are: brackets and quotes are closed', () => {
  const text = readFileSync(join(root, 'deploy/prometheus/alerts.yaml'), 'utf8')
  const { groups } = parse(text) as { groups: { rules: { expr: string }[] }[] }
  const dashboard = readFileSync(join(root, 'deploy/grafana/saoma.json'), 'utf8')
  const { panels } = JSON.parse(dashboard) as { panels: { targets: { expr: string }[] }[] }
  const asked = [...groups.flatMap(({ rules }) => rules), ...panels.flatMap((one) => one.targets)]
  expect(asked.map(({ expr }) => expr).filter((expr) => !isClosed(expr))).toEqual([])
  expect(isClosed('sum(rate(saoma_events_total{type="a}[5m]))')).toBe(false)
  expect(isClosed('min(saoma_store_up')).toBe(false)
})

/** Whether each bracket and quote of a query has its other half. */
function isClosed(expr: string): boolean {
  const open: string[] = []
  for (const mark of expr.replaceAll(/"[^"]*"/g, '').match(/[()[\]{}"]/g) ?? []) {
    if ('([{'.includes(mark)) open.push(mark)
    else if (open.pop() !== { ')': '(', ']': '[', '}': '{' }[mark]) return false
  }
  return open.length === 0
}

test('each panel of the dashboard has a place of its own, and asks something', () => {
  const text = readFileSync(join(root, 'deploy/grafana/saoma.json'), 'utf8')
  const { panels } = JSON.parse(text) as {
    panels: {
      gridPos: { x: number; y: number; w: number; h: number }
      targets: { expr: string }[]
    }[]
  }
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)} ${y + Math.floor(cell / w)}`),
  )
  expect(new Set(cells).size).toBe(cells.length)
  expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true)
  expect(panels.every(({ targets }) => targets.every(({ expr }) => expr !== ''))).toBe(true)
})

test('what stands is measured: the database, and what a person has to look at', async () => {
  const { api, payments } = startServer()
  const text = await (await api('GET', '/metrics')).text()
  expect(text).toMatch(/^saoma_store_up 1$/m)
  expect(text).toMatch(/^saoma_attention\{kind="payment_review"\} 0$/m)
  payments.list = () => Promise.reject(new StoreUnavailable('away', 'not_applied'))
  expect(await (await api('GET', '/metrics')).text()).toMatch(/^saoma_store_up 0$/m)
})

async function metricsOf(): Promise<string[]> {
  const { api } = startServer()
  const text = await (await api('GET', '/metrics')).text()
  return [...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name = '']) => name)
}

interface NamedTest {
  readonly file: string
  /** A part of its title. */
  readonly title: string
}

function namedTest(row: string): NamedTest | undefined {
  const [, file, title] = /`(test\/[\w/-]+\.test\.ts)`: ([^|]+?)\s*\|\s*$/.exec(row) ?? []
  return file === undefined || title === undefined ? undefined : { file, title }
}

function isThere(named: NamedTest | undefined): boolean {
  if (named === undefined || !existsSync(join(root, named.file))) return false
  const text = readFileSync(join(root, named.file), 'utf8')
  // As the title of a test or of what tests are gathered in, in one piece.
  return text
    .split('\n')
    .some((line) => line.includes(named.title) && /['`"]/.test(line.split(named.title)[0] ?? ''))
}
