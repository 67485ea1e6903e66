/**
 * What RSA operations take on this machine in this moment: beside the server, on the same cores, a
 * few are done five times a second, and their CPU is added up. A core that is shared, throttled or
 * hot takes longer for these and for everything else. Tells on SIGUSR2, as a JSON line on stderr.
 *
 * @module
 */
import { generateKeyPairSync, sign, verify } from 'node:crypto'

/** Enough for a mean over 20 s, and some 1 % of a core. */
const [EVERY_MS, SIGNS, VERIFIES] = [200, 5, 50]

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const content = Buffer.alloc(600, 'request')
const signature = sign('sha256', content, privateKey)
const counted = { signs: 0, signsMs: 0, verifies: 0, verifiesMs: 0 }

setInterval(() => {
  counted.signs += SIGNS
  counted.signsMs += cpuMs(SIGNS, () => sign('sha256', content, privateKey))
  counted.verifies += VERIFIES
  counted.verifiesMs += cpuMs(VERIFIES, () => verify('sha256', content, publicKey, signature))
}, EVERY_MS)

/** Of so many operations, once what they need is in the caches: the least that they take. */
function cpuMs(count, operation) {
  operation()
  const began = process.cpuUsage()
  for (let index = 0; index < count; index++) operation()
  const { user, system } = process.cpuUsage(began)
  return (user + system) / 1_000
}

process.on('SIGUSR2', () => process.stderr.write(`${JSON.stringify({ counted })}\n`))
process.stdout.write('The yardstick is ready\n')
