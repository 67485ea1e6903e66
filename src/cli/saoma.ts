#!/usr/bin/env node
/**
 * The program `saoma`: runs the command that is asked for, and says what became of it.
 *
 * @module
 */

import { CommanderError } from 'commander'
import { Failure } from './failure.ts'
import { createStyle } from './output.ts'
import { createProgram } from './program.ts'

const program = createProgram()

// `saoma verify | head` closes the pipe early, which is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit()
  throw error
})

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = report(error)
}

/** Tells people what to do about a failure, without a stack; answers the exit code. */
function report(error: unknown): number {
  // Commander has printed its own message, and ends `--help` and `--version` in this way too.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  const style = createStyle(process.stderr, process.env)
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(`${style.red('saoma:')} ${message}\n`)
  if (process.env['SAOMA_DEBUG']) process.stderr.write(`${stackOf(error)}\n`)
  return error instanceof Failure ? error.exitCode : 1
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return ''
  const cause = error.cause === undefined ? '' : `\nCaused by: ${stackOf(error.cause)}`
  return `${error.stack ?? ''}${cause}`
}
