/**
 * Loaded before `saoma serve`: counts the RSA operations that it really does, and how much CPU it
 * has taken; tells both on SIGUSR2, as a JSON line on stderr.
 *
 * @module
 */
import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'

const counted = { sign: 0, verify: 0 }
for (const name of ['sign', 'verify']) {
  const original = crypto[name]
  crypto[name] = (...args) => {
    counted[name] += 1
    return original(...args)
  }
}
syncBuiltinESMExports()

process.on('SIGUSR2', () => {
  const { user, system } = process.cpuUsage()
  const cpuMs = (user + system) / 1_000
  process.stderr.write(`${JSON.stringify({ counted: { ...counted, cpuMs } })}\n`)
})
