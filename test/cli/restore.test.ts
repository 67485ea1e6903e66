/**
 * `saoma restore`: what a backup gives back, and what it refuses.
 *
 * @module
 */

import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { saoma, startDev, temporaryFolder, untilStatus } from '../saoma-program.ts'

test('a restored folder goes on with what was open, and nothing of the backup is lost', async () => {
  const dev = await startDev()
  const body = { amount: 1800, subject: '美式咖啡' }
  const paid = await dev.api('POST', '/payments', body)
  await dev.pay(await dev.scan(paid))
  await dev.until(paid, 'succeeded')
  const open = await dev.api('POST', '/payments', body)
  await dev.scan(open)
  const copy = join(temporaryFolder(), 'copy.db')
  expect((await saoma(['backup', copy, `--folder=${dev.options.folder}`])).code).toBe(0)
  await dev.kill('SIGKILL')

  const refused = await saoma(['restore', copy, `--folder=${dev.options.folder}`])
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('Nothing is over')])

  const folder = temporaryFolder()
  const restored = await saoma(['restore', copy, `--folder=${folder}`, '--json'])
  expect([restored.code, restored.stderr]).toEqual([0, ''])
  expect(JSON.parse(restored.stdout)).toMatchObject({
    file: join(folder, 'saoma.db'),
    identity: 'the emulator of saoma dev',
    payments: 2,
    open_payments: 1,
    open_refunds: 0,
    last_change: expect.stringContaining('T'),
  })
  // Alipay was not restored: it knows of all that was.
  cpSync(join(dev.options.folder, 'emulator'), join(folder, 'emulator'), { recursive: true })
  const again = await startDev({ ...dev.options, folder })
  expect((await again.api('GET', `/payments/${paid.id}`)).status).toBe('succeeded')
  expect((await again.api('GET', `/payments/${open.id}`)).status).toBe('pending')

  // What went back since the backup is not known: a refund waits, until an owner says otherwise.
  const refund = await again.api('POST', '/refunds', { payment: paid.id, amount: 100 })
  expect(refund.status).toBe('requires_action')
  const kinds = async () => {
    const { data } = (await again.api('GET', '/attention')) as unknown as { data: Kind[] }
    return data.map(({ kind }) => kind)
  }
  expect(await kinds()).toEqual(['refund_hold', 'refund_held'])
  const hold = await saoma(['refunds', 'hold', `--folder=${folder}`])
  expect(hold.stdout).toMatch(/are held: .*\n.*\n {2}\d{4}-\d\d-\d\d {2}missing\n/)
  const released = await saoma([
    'refunds',
    'release',
    '--reason=nothing was refunded',
    '--json',
    `--folder=${folder}`,
  ])
  expect(JSON.parse(released.stdout)).toMatchObject({ object: 'refund_hold', status: 'lifted' })
  await untilStatus(() => again.api('GET', `/refunds/${refund.id}`), 'succeeded')
  expect(await kinds()).toEqual([])

  const beside = await saoma(['restore', copy, `--folder=${folder}`])
  expect([beside.code, beside.stderr]).toEqual([1, expect.stringContaining(`pid ${again.pid}`)])
})

interface Kind {
  readonly kind: string
}

test('what is no backup, or a damaged one, is refused before anything is written', async () => {
  const dev = await startDev()
  for (let count = 0; count < 30; count++) {
    await dev.api('POST', '/payments', { amount: 1, subject: '茶'.repeat(200) })
  }
  const copy = join(temporaryFolder(), 'copy.db')
  await saoma(['backup', copy, `--folder=${dev.options.folder}`])
  const bytes = readFileSync(copy)
  const damaged = join(temporaryFolder(), 'damaged.db')
  // A page in the middle, and a tail that never came to the disk.
  writeFileSync(damaged, bytes.fill(0xff, 3 * 8192 + 8, 4 * 8192))
  const cut = join(temporaryFolder(), 'cut.db')
  writeFileSync(cut, readFileSync(copy).subarray(0, Math.floor(bytes.length / 2)))
  const text = join(temporaryFolder(), 'text.db')
  writeFileSync(text, 'not a database, but long enough to look like one? '.repeat(100))

  const folder = temporaryFolder()
  for (const file of [damaged, cut, text]) {
    const refused = await saoma(['restore', file, `--folder=${folder}`])
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining('cannot be restored'),
    ])
  }
  const absent = await saoma(['restore', join(folder, 'none.db'), `--folder=${folder}`])
  expect([absent.code, absent.stderr]).toEqual([2, expect.stringContaining('There is no')])
  expect((await saoma(['restore', copy, `--folder=${folder}`])).code).toBe(0)
})
