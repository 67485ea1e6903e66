/**
 * A process of its own that opens a store: `hold` keeps it open, `write` writes payments, ten at a
 * time, until it is killed, and says each one on stdout once its commit has come back.
 *
 * @module
 */

import { writeSync } from 'node:fs'
import { openSqliteStore, StoreInUse } from '../../src/store/index.ts'
import { commitOf, lease } from './payments-to-store.ts'

const [file = '', task = 'hold'] = process.argv.slice(2)
const say = (line: string): unknown => writeSync(1, `${line}\n`)

try {
  const { payments } = await openSqliteStore(file)
  say('open')
  let count = 0
  const write = async (): Promise<void> => {
    const id = `pay_${++count}`
    await payments.insert(commitOf(id), lease())
    await payments.save(commitOf(id, { version: 2, status: 'succeeded' }))
    say(id)
    return write()
  }
  if (task === 'lease') {
    await payments.insert(commitOf('leased'), lease())
    say('leased')
  }
  if (task === 'write') await Promise.all(Array.from({ length: 10 }, write))
  setInterval(() => {}, 60_000)
} catch (error) {
  if (!(error instanceof StoreInUse)) throw error
  say(`refused by ${error.pid}: ${error.code}`)
}
