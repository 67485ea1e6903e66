/**
 * `saoma export`: all that a server knows, in a file of which everybody can tell whether it is
 * whole.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ExportSums } from '../../src/cli/export-sums.ts'
import { saoma, startDev, temporaryFolder } from '../saoma-program.ts'

test('every object once, and a file that is not whole is found out', async () => {
  const dev = await startDev()
  const sold = await dev.api('POST', '/payments', { amount: 1800, subject: '美式咖啡' })
  await dev.pay(await dev.scan(sold))
  await dev.until(sold, 'succeeded')
  const { id: refund } = await dev.api('POST', '/refunds', { payment: sold.id, amount: 100 })
  const open = await dev.api('POST', '/payments', { amount: 1800, subject: '茶' })
  const file = join(temporaryFolder(), 'all.jsonl')
  const folder = `--folder=${dev.options.folder}`

  const written = await saoma(['export', '--output', file, '--json', folder])
  expect([written.code, written.stderr]).toEqual([0, ''])
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const { kinds } = JSON.parse(written.stdout) as { kinds: { kind: string; count: number }[] }
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  const objects = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  const ids = (name: string) => objects.filter(({ object }) => object === name).map(({ id }) => id)
  expect(ids('payment')).toEqual([open.id, sold.id])
  expect(ids('refund')).toEqual([refund])
  expect(objects.filter(({ type }) => type === 'payment.succeeded')).toHaveLength(1)
  // The export itself is in the audit log, too.
  const audited = objects.filter(({ object }) => object === 'audit_entry')
  expect(audited.map(({ action }) => action)).toContain('refund.create')
  expect(kinds.map(({ kind }) => kind)).toEqual([
    'payments',
    'refunds',
    'events',
    'reconciliations',
    'audit_entries',
  ])
  expect(kinds.reduce((sum, { count }) => sum + count, kinds.length)).toBe(lines.length)

  const checked = await saoma(['export', 'check', file, '--json'])
  expect([checked.code, JSON.parse(checked.stdout)]).toEqual([0, { file, kinds }])
  const refused = await saoma(['export', '--output', file, folder])
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('overwritten')])
  const wrong = await saoma(['export', '--kinds', 'secrets', folder])
  expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('kind is one of')])
  writeFileSync(file, lines.slice(0, -1).join('\n'))
  const cut = await saoma(['export', 'check', file])
  expect([cut.code, cut.stderr]).toEqual([1, expect.stringContaining('not whole')])

  // What would be pruned is told; nothing here is old.
  const trial = await saoma(['prune', '--dry-run', folder])
  expect([trial.code, trial.stdout]).toEqual([0, expect.stringMatching(/events +0/)])
})

test('sums are added up however the bytes come, and any change breaks them', () => {
  const text = '{"id":"a"}\n{"id":"茶"}\n'
  const whole = (count: number, sum: string) =>
    `${text}${JSON.stringify({ object: 'export_end', kind: 'payments', count, sha256: sum })}\n`
  const read = (all: string, size: number) => {
    const sums = new ExportSums()
    const bytes = Buffer.from(all)
    for (let at = 0; at < bytes.length; at += size) sums.add(bytes.subarray(at, at + size))
    return sums.end()
  }
  const sum = createHash('sha256').update(text).digest('hex')
  for (const size of [1, 7, 1_000]) {
    expect(read(whole(2, sum), size)).toEqual([{ kind: 'payments', count: 2, sha256: sum }])
  }
  expect(() => read(whole(3, sum), 7)).toThrow('2 of 3')
  expect(() => read(whole(2, sum).replace('茶', '水'), 7)).toThrow(
    'are not those that were written',
  )
  expect(() => read(text, 7)).toThrow('breaks off')
  expect(() => read('', 7)).toThrow('breaks off')
  expect(() => read(`${whole(2, sum)}{"id"`, 7)).toThrow('breaks off')
})
