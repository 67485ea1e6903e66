/**
 * `saoma backup`, beside a server that takes payments.
 *
 * @module
 */

import { copyFileSync, existsSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { saoma, startDev, temporaryFolder } from '../saoma-program.ts'

test('a backup that was made while a server runs starts a server with all that was sold', async () => {
  const dev = await startDev()
  const payment = await dev.api('POST', '/payments', { amount: 1800, subject: '美式咖啡' })
  const copy = join(temporaryFolder(), 'copy.db')
  const result = await saoma(['backup', copy, `--folder=${dev.options.folder}`, '--json'])
  expect([result.code, result.stderr]).toEqual([0, ''])
  expect(JSON.parse(result.stdout)).toEqual({ file: copy, bytes: statSync(copy).size })
  expect(statSync(copy).mode & 0o777).toBe(0o600)

  await dev.api('POST', '/payments', { amount: 2000, subject: '拿铁' })
  await dev.kill('SIGKILL')
  const folder = temporaryFolder()
  mkdirSync(folder, { recursive: true })
  copyFileSync(copy, join(folder, 'saoma.db'))
  const restored = await startDev({ ...dev.options, folder })
  expect(await restored.api('GET', '/payments')).toMatchObject({ data: [{ id: payment.id }] })
})

test('nothing is overwritten, and a folder without a database is said to have none', async () => {
  const dev = await startDev()
  const { folder } = dev.options
  const taken = join(folder, 'server.json')
  const refused = await saoma(['backup', taken, `--folder=${folder}`])
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('overwrites nothing')])

  const empty = temporaryFolder()
  const absent = await saoma(['backup', join(empty, 'copy.db'), `--folder=${empty}`])
  expect([absent.code, absent.stderr]).toEqual([2, expect.stringContaining('no database')])
  expect(existsSync(join(empty, 'copy.db'))).toBe(false)
})
