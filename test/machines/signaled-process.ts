/**
 * A process that says when it is told something: a line for each SIGUSR2.
 *
 * @module
 */
import { writeSync } from 'node:fs'

const say = (line: string): unknown => writeSync(1, `${line}\n`)

process.on('SIGUSR2', () => say(`told at ${Date.now()}`))
say(`ready with ${process.env['GREETING']} and ${process.argv.slice(2).join()}`)
process.stderr.write(`settings: ${Object.keys(process.env).filter(isSetting).join()}\n`)
setInterval(() => {}, 60_000)

function isSetting(name: string): boolean {
  return name.startsWith('SAOMA_') || name.startsWith('VITEST')
}
