import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { defaultSettings, settingsSchema } from '../../src/emulator/settings.ts'
import { emulatorAt } from './merchant.ts'
import { methods } from '../../src/emulator/methods/index.ts'

const page = readFileSync(new URL('../../docs/reference/emulator.md', import.meta.url), 'utf8')

/** The first cells of a section's tables. */
function names(heading: string): string[] {
  const section = page.split(/^(?=#{2,3} )/m).find((part) => part.startsWith(`${heading}\n`)) ?? ''
  return [...section.matchAll(/^\| `([^`]+)`\s*\|/gm)].map(([, name = '']) => name)
}

test('the reference page names every method, fault and setting, in the order of the program', async () => {
  const { faults } = await emulatorAt()
  const of = (scope: string) =>
    faults.catalogue.filter((fault) => fault.scope === scope).map(({ name }) => name)
  expect(names('## What it imitates')).toEqual([...methods.keys()])
  expect(names('### Of the gateway')).toEqual(of('gateway'))
  expect(names('### Of notifications')).toEqual(of('notification'))
  expect(names('### Of bills')).toEqual(of('bill'))
  expect(names('## Switches')).toEqual(Object.keys(settingsSchema.shape))
})

test('the defaults on the reference page are the defaults', () => {
  for (const [name, value] of Object.entries(defaultSettings)) {
    const cell = new RegExp(`^\\| \`${name}\`\\s*\\| ([^|]+)\\|`, 'm').exec(page)?.[1] ?? ''
    const [first = ''] = cell.split(',')
    expect([name, first.replaceAll('`', '').trim()]).toEqual([
      name,
      Array.isArray(value) ? '[]' : String(value),
    ])
  }
})

test('the reference page names every route that answers', async () => {
  const emulator = await emulatorAt()
  const routes = [...page.matchAll(/^\| `(GET|PUT|POST|PATCH|DELETE) (\/_emulator\/[^`?]+)/gm)]
  expect(routes).toHaveLength(24)
  for (const [, method = '', path = ''] of routes) {
    const response = await emulator.fetch(
      new Request(`${emulator.baseUrl}${path}`, {
        method,
        ...(method === 'GET'
          ? {}
          : { body: '{}', headers: { 'content-type': 'application/json' } }),
      }),
    )
    expect(await response.text()).not.toContain('There is no such route')
  }
})
