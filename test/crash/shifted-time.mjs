/**
 * Loaded before a program (`node --import`), has its time run ahead of the machine's by as many
 * milliseconds as a file says in that moment, a 64-bit float: the time of day and the one that
 * nobody can set. So several processes live through minutes together, and what stands still
 * meanwhile has slept through them. Timers go on as they are.
 *
 * @module
 */
import { openSync, readSync } from 'node:fs'
import { performance } from 'node:perf_hooks'

const file = openSync(process.env.SAOMA_TEST_SHIFT, 'r')
const shift = new Float64Array(1)
const timeOfDay = Date.now
const sinceStart = performance.now.bind(performance)

Date.now = () => timeOfDay() + shiftMs()
performance.now = () => sinceStart() + shiftMs()

function shiftMs() {
  readSync(file, shift, 0, 8, 0)
  return shift[0]
}
