/**
 * A process of its own that opens a store: `hold` keeps it open, `write` writes payments until it
 * is killed, and says each one on stdout once its commit has come back.
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
  const write = async (id: string): Promise<string> => {
    await payments.insert(commitOf(id), lease())
    await payments.save(commitOf(id, { version: 2, status: 'succeeded' }))
    return id
  }
  if (task === 'lease') {
    await payments.insert(commitOf('leased'), lease())
    say('leased')
  }
  if (task === 'write') {
    for (let number = 1; ; number++) say(await write(`pay_${number}`))
  }
  setInterval(() => {}, 60_000)
} catch (error) {
  if (!(error instanceof StoreInUse)) throw error
  say(`refused by ${error.pid}: ${error.code}`)
}
