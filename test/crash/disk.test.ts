/**
 * The disk under the database is full, or fails: nobody is told what was not kept.
 *
 * @module
 */
import { execFileSync, spawnSync } from 'node:child_process'
import {
  chownSync,
  closeSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { afterUse } from '../machines/lifetime.ts'
import { machineFolder } from '../machines/machine-folder.ts'
import { postgresPrograms, query, sharedPostgres } from '../machines/postgres.ts'
import { serverUser, type ServerUser } from '../machines/server-user.ts'
import { PATIENCE } from '../saoma-program.ts'
import { collect, differences } from './checker.ts'
import { openInstallation, type Installation } from './installation.ts'
import { openShop } from './merchant.ts'

const MB = 1024 ** 2

/** Where a small disk can be made: as root on Linux. */
const canMount = tryToMount()

/** Where files can be made immutable under those who have them open: as root, not in memory. */
const canFreeze = tryToFreeze()

test.skipIf(!canMount)(
  'a full disk: Alipay is told `fail`, nothing is acknowledged, and all goes on when there is room',
  async () => {
    const disk = smallDisk(4 * MB)
    const installation = await openInstallation({ folder: join(disk, 'saoma') })
    const { emulator, call, time } = installation
    const merchant = openShop(installation)
    const node = await installation.start()
    const payment = await merchant.sell({ reference: 'tea' })
    const tradeNo = merchant.scan(payment)
    await merchant.untilScanned(payment)

    const ballast = join(disk, 'ballast')
    fill(ballast)
    expect(merchant.payScanned(tradeNo)).toBe('paid')
    // Alipay may not wait as long as the engine waits for the disk.
    await node.line('"event":"notification.failed"')
    await attempted(installation)
    const [notification] = emulator.notifications.list()
    expect(notification?.status).toBe('pending')
    expect(notification?.attempts[0]?.result).toMatch(/^(?:refused|unreachable)$/)
    // Polls are due now, and learn what cannot be kept either.
    await time.advance(5_000)
    const order = { reference: 'cake', amount: 100, subject: '美式咖啡' }
    expect(await call('POST', '/payments', order)).toMatchObject({ status: 503 })
    const readiness = () => fetch(`${installation.url}/readyz`)
    const ill = await readiness()
    expect(ill.status).toBe(503)
    expect(await ill.json()).toMatchObject({ database: 'not_writable' })
    expect(await call('GET', `/payments/${payment.id}`)).toMatchObject({
      status: 200,
      body: { status: 'pending' },
    })
    expect(
      emulator.requests().filter((one) => one.method === 'alipay.trade.precreate'),
    ).toHaveLength(1)

    rmSync(ballast)
    await merchant.until(payment, 'succeeded')
    expect(await call('POST', '/payments', order)).toMatchObject({ status: 201 })
    await vi.waitFor(async () => expect((await readiness()).status).toBe(200), PATIENCE)
    await installation.untilOver()
    expect(differences(await collect(installation), merchant.acknowledged)).toEqual([])
    expect(await node.kill('SIGTERM')).toBe(0)
  },
)

test.skipIf(!hasProgram('prlimit'))(
  'a disk that fails: the process ends and says why, nothing is acknowledged, and the next one goes on',
  async () => {
    const installation = await openInstallation()
    const { emulator, folder } = installation
    const merchant = openShop(installation)
    const node = await installation.start()
    const payment = await merchant.sell({ reference: 'tea' })
    const tradeNo = merchant.scan(payment)
    await merchant.untilScanned(payment)

    // From here on a write that makes the file longer fails with an error that is not "full".
    const { size } = statSync(join(folder, 'saoma.db-wal'))
    execFileSync('prlimit', [`--pid=${node.pid}`, `--fsize=${size}`])
    expect(merchant.payScanned(tradeNo)).toBe('paid')
    expect(await node.ended()).toBe(2)
    expect(node.stderr()).toContain(
      'The database can not be written to any more. Look at the disk, then start again.',
    )
    await attempted(installation)
    expect(emulator.notifications.list()).toMatchObject([{ status: 'pending' }])

    await installation.start()
    await merchant.until(payment, 'succeeded')
    await installation.untilOver()
    expect(differences(await collect(installation), merchant.acknowledged)).toEqual([])
  },
)

test.skipIf(!canFreeze)(
  'a database that turns read-only: the process ends, none starts before it can be written, and then all goes on',
  async () => {
    const disk = machineFolder('read-only')
    afterUse(() => {
      freeze(disk.path, false)
      disk.remove()
    })
    const installation = await openInstallation({ folder: disk.path })
    const { emulator } = installation
    const merchant = openShop(installation)
    const node = await installation.start()
    const payment = await merchant.sell({ reference: 'tea' })
    const tradeNo = merchant.scan(payment)
    await merchant.untilScanned(payment)

    freeze(disk.path, true)
    expect(merchant.payScanned(tradeNo)).toBe('paid')
    expect(await node.ended()).toBe(2)
    expect(node.stderr()).toContain('The database can not be written to any more.')
    await attempted(installation)
    expect(emulator.notifications.list()).toMatchObject([{ status: 'pending' }])
    const early = await installation.start()
    expect(await early.ended()).not.toBe(0)

    freeze(disk.path, false)
    await installation.start()
    await merchant.until(payment, 'succeeded')
    await installation.untilOver()
    expect(differences(await collect(installation), merchant.acknowledged)).toEqual([])
  },
)

test.skipIf(!canMount || postgresPrograms === '')(
  'a full disk of PostgreSQL: what Alipay is told `success` of is kept, and the rest comes later',
  async () => {
    const server = await sharedPostgres()
    const disk = smallDisk(32 * MB, serverUser)
    await query(server.url, `create tablespace small location '${disk}'`)
    await query(server.url, 'create database on_small_disk tablespace small')
    const url = server.urlOf('on_small_disk')
    const installation = await openInstallation({ database: { url, direct: () => url } })
    const { emulator, read } = installation
    const merchant = openShop(installation)
    const node = await installation.start()
    const names = Array.from({ length: 30 }, (_, number) => `tea ${number}`)
    const payments = await Promise.all(names.map((reference) => merchant.sell({ reference })))
    const tradeNos = payments.map((payment) => merchant.scan(payment))

    const ballast = join(disk, 'ballast')
    fill(ballast)
    for (const tradeNo of tradeNos) expect(merchant.payScanned(tradeNo)).toBe('paid')
    await node.line('"event":"notification.failed"')
    const told = emulator.notifications.list().filter(({ status }) => status === 'delivered')
    expect(told.length).toBeLessThan(payments.length)
    const rows = await read<{ out_trade_no: string }>(
      `select out_trade_no from payments where status = 'succeeded'`,
    )
    const kept = rows.map(({ out_trade_no }) => out_trade_no)
    expect(kept).toEqual(expect.arrayContaining(told.map(({ out_trade_no }) => out_trade_no)))

    rmSync(ballast)
    for (const payment of payments) await merchant.until(payment, 'succeeded')
    await installation.untilOver()
    expect(differences(await collect(installation), merchant.acknowledged)).toEqual([])
    expect(await node.kill('SIGTERM')).toBe(0)
  },
)

/** Waits until Alipay has tried to tell of the payment. */
async function attempted({ emulator, until }: Installation): Promise<void> {
  await until(
    () => 'Alipay does not notify',
    async () => (emulator.notifications.list()[0]?.attempts.length === 1 ? true : undefined),
    0,
  )
}

function smallDisk(bytes: number, owner?: ServerUser): string {
  const folder = machineFolder('disk')
  mount(folder.path, bytes)
  if (owner) chownSync(folder.path, owner.uid, owner.gid)
  afterUse(() => {
    unmount(folder.path)
    folder.remove()
  })
  return folder.path
}

/** Takes all the room that there is. */
function fill(file: string): void {
  for (let size = MB; size >= 1; size = Math.floor(size / 2)) {
    for (;;) {
      try {
        writeFileSync(file, Buffer.alloc(size), { flag: 'a' })
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
        break
      }
    }
  }
}

function tryToMount(): boolean {
  if (process.getuid?.() !== 0 || process.platform !== 'linux') return false
  const folder = machineFolder('disk')
  try {
    mount(folder.path, MB)
    unmount(folder.path)
    return true
  } catch {
    return false
  } finally {
    folder.remove()
  }
}

function tryToFreeze(): boolean {
  const folder = machineFolder('read-only')
  const file = join(folder.path, 'saoma.db')
  writeFileSync(file, '')
  const opened = openSync(file, 'a')
  try {
    freeze(folder.path, true)
    writeSync(opened, 'x')
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  } finally {
    closeSync(opened)
    freeze(folder.path, false)
    folder.remove()
  }
}

/** Whether nobody, root neither, may write what is in a folder of a database. */
function freeze(folder: string, isFrozen: boolean): void {
  const files = readdirSync(folder).filter((name) => name.startsWith('saoma.db'))
  const paths = files.map((name) => join(folder, name))
  spawnSync('chattr', [isFrozen ? '+i' : '-i', ...paths], { stdio: 'ignore' })
}

function mount(path: string, bytes: number): void {
  const options = `size=${bytes},mode=700`
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path], { stdio: 'ignore' })
}

function unmount(path: string): void {
  execFileSync('umount', ['-l', path], { stdio: 'ignore' })
}

function hasProgram(name: string): boolean {
  try {
    execFileSync(name, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
