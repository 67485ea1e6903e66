/**
 * Many writers share one commit, and none of them notices.
 *
 * @module
 */

import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { StoreUnavailable } from '../../src/payments/payment-store.ts'
import { openDatabase, type DatabaseSync } from '../../src/store/database-sync.ts'
import { GroupCommit, type GroupCommitOptions } from '../../src/store/group-commit.ts'
import { testFolder } from './opened-stores.ts'

interface Opened {
  readonly group: GroupCommit
  readonly database: DatabaseSync
  /** What another connection sees: what is committed. */
  committed(): unknown[]
  /** What was told to `onFatal`. */
  readonly fatal: Error[]
}

async function open(
  options: Partial<GroupCommitOptions> = {},
  change: (database: DatabaseSync) => DatabaseSync = (database) => database,
): Promise<Opened> {
  const file = join(testFolder(), 'group.db')
  const database = await openDatabase(file)
  const other = await openDatabase(file)
  onTestFinished(() => {
    database.close()
    other.close()
  })
  database.exec('PRAGMA journal_mode=WAL; create table word (text text unique not null)')
  const fatal: Error[] = []
  const group = new GroupCommit(change(database), {
    onFatal: (error) => void fatal.push(error),
    ...options,
  })
  const committed = () =>
    other
      .prepare('select text from word order by rowid')
      .all()
      .map((row) => (row as { text: unknown }).text)
  return { group, database, committed, fatal }
}

function writer({ database }: Opened): (...texts: (string | null)[]) => number {
  const insert = database.prepare('insert into word values (?)')
  return (...texts) => {
    for (const text of texts) insert.run(text)
    return texts.length
  }
}

/** A connection whose statement fails as SQLite's does. */
function failing(database: DatabaseSync, statement: string, errcode: number): DatabaseSync {
  return new Proxy(database, {
    get(target, name) {
      if (name === 'prepare') {
        return (text: string) =>
          text === statement
            ? {
                run() {
                  throw Object.assign(new Error('disk I/O error'), { errcode })
                },
              }
            : target.prepare(text)
      }
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

describe('writes of one turn', () => {
  test('share one transaction, in the order in which they came', async () => {
    const points: string[] = []
    const opened = await open({ crashPoint: (point) => void points.push(point) })
    const write = writer(opened)
    const texts = ['a', 'b', 'c']
    const counts = await Promise.all(texts.map((text) => opened.group.write(() => write(text))))
    expect(counts).toEqual([1, 1, 1])
    expect(opened.committed()).toEqual(texts)
    expect(points).toEqual(['store-before-commit', 'store-after-commit'])
  })

  test('resolve after their commit, and are not seen before it', async () => {
    const seen: unknown[] = []
    const opened = await open({
      crashPoint: (point) => void seen.push([point, opened.committed()]),
    })
    const write = writer(opened)
    await opened.group.write(() => write('a')).then(() => seen.push('resolved'))
    expect(seen).toEqual([['store-before-commit', []], ['store-after-commit', ['a']], 'resolved'])
  })

  test('wait for whoever schedules them', async () => {
    let flush: () => void = () => {}
    const opened = await open({ scheduleFlush: (given) => void (flush = given) })
    const write = writer(opened)
    const writing = [opened.group.write(() => write('a')), opened.group.write(() => write('b'))]
    await new Promise(setImmediate)
    expect(opened.committed()).toEqual([])
    flush()
    expect(opened.committed()).toEqual(['a', 'b'])
    await Promise.all(writing)
    void opened.group.write(() => write('c'))
    flush()
    expect(opened.committed()).toEqual(['a', 'b', 'c'])
  })

  test('that are very many are committed in several transactions', async () => {
    let commits = 0
    const opened = await open({
      crashPoint: (point) => void (commits += +(point === 'store-after-commit')),
    })
    const write = writer(opened)
    const texts = Array.from({ length: 1_200 }, (_, index) => `${index}`)
    await Promise.all(texts.map((text) => opened.group.write(() => write(text))))
    expect(opened.committed()).toEqual(texts)
    expect(commits).toBe(3)
  })

  test('of which some throw, also after they have written, hurt no other', async () => {
    const opened = await open()
    const write = writer(opened)
    const results = await Promise.allSettled([
      opened.group.write(() => write('a')),
      opened.group.write(() => {
        write('b')
        throw new RangeError('of its own')
      }),
      opened.group.write(() => write('c', 'a')),
      opened.group.write(() => write('d', null)),
      opened.group.write(() => write('e', 'f')),
    ])
    expect(results).toMatchObject([
      { value: 1 },
      { reason: { name: 'RangeError', message: 'of its own' } },
      { reason: { message: expect.stringContaining('UNIQUE') } },
      { reason: { message: expect.stringContaining('NOT NULL') } },
      { value: 2 },
    ])
    expect(opened.committed()).toEqual(['a', 'e', 'f'])
    expect(opened.fatal).toEqual([])
  })

  test('that come after the close are refused; those before it are committed', async () => {
    const opened = await open()
    const write = writer(opened)
    const before = opened.group.write(() => write('a'))
    opened.group.close()
    expect(opened.committed()).toEqual(['a'])
    expect(await before).toBe(1)
    await expect(opened.group.write(() => write('b'))).rejects.toMatchObject({
      name: 'StoreUnavailable',
      outcome: 'not_applied',
      message: 'The store is closed.',
    })
    expect(() => opened.group.assertUsable()).toThrow(StoreUnavailable)
  })
})

describe('a disk that is full', () => {
  test('has the writes rejected as not applied, and the store lives on', async () => {
    const opened = await open()
    const write = writer(opened)
    await opened.group.write(() => write('before'))
    opened.database.exec('PRAGMA max_page_count=3')
    const large = (letter: string) => letter.repeat(3_000)
    const results = await Promise.allSettled([
      opened.group.write(() => write('a')),
      opened.group.write(() => write(...['b', 'c', 'd', 'e'].map(large))),
    ])
    for (const result of results) {
      expect(result).toMatchObject({
        reason: { name: 'StoreUnavailable', outcome: 'not_applied', message: /full/ },
      })
    }
    expect(opened.committed()).toEqual(['before'])
    opened.database.exec('PRAGMA max_page_count=1000000')
    expect(await opened.group.write(() => write('after'))).toBe(1)
    expect(opened.committed()).toEqual(['before', 'after'])
    expect(opened.fatal).toEqual([])
  })

  test('at the commit itself is the same', async () => {
    const opened = await open({}, (database) => failing(database, 'COMMIT', 13))
    const write = writer(opened)
    await expect(opened.group.write(() => write('a'))).rejects.toMatchObject({
      outcome: 'not_applied',
    })
    expect(opened.committed()).toEqual([])
    expect(opened.fatal).toEqual([])
  })
})

test('another program that has locked the file is waited for, and then not blamed on the disk', async () => {
  const opened = await open()
  const write = writer(opened)
  opened.database.exec('PRAGMA busy_timeout=1')
  const other = await openDatabase(opened.database.location() ?? '')
  other.exec('BEGIN IMMEDIATE')
  await expect(opened.group.write(() => write('a'))).rejects.toMatchObject({
    outcome: 'not_applied',
    message: expect.stringContaining('locked'),
  })
  other.exec('ROLLBACK')
  other.close()
  expect(await opened.group.write(() => write('a'))).toBe(1)
})

describe('an I/O error', () => {
  test('at the commit leaves it unknown, and is the last that the store does', async () => {
    const opened = await open({}, (database) => failing(database, 'COMMIT', 10 | (4 << 8)))
    const write = writer(opened)
    const results = await Promise.allSettled(
      ['a', 'b'].map((text) => opened.group.write(() => write(text))),
    )
    for (const result of results) {
      expect(result).toMatchObject({ reason: { name: 'StoreUnavailable', outcome: 'unknown' } })
    }
    expect(opened.fatal).toMatchObject([{ message: expect.stringContaining('Look at the disk') }])
    await expect(opened.group.write(() => write('c'))).rejects.toMatchObject({
      outcome: 'not_applied',
    })
    expect(() => opened.group.assertUsable()).toThrow('Look at the disk')
    expect(opened.fatal).toHaveLength(1)
  })

  test('before the commit has written nothing, and is as fatal', async () => {
    const opened = await open({}, (database) => failing(database, 'BEGIN IMMEDIATE', 10))
    const write = writer(opened)
    const many = Array.from({ length: 600 }, (_, index) =>
      opened.group.write(() => write(`${index}`)),
    )
    for (const result of await Promise.allSettled(many)) {
      expect(result).toMatchObject({ reason: { name: 'StoreUnavailable', outcome: 'not_applied' } })
    }
    expect(opened.fatal).toHaveLength(1)
    expect(opened.committed()).toEqual([])
  })
})
