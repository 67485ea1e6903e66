/**
 * Ports for servers that go away and come back under the same address.
 *
 * @module
 */
import { createServer } from 'node:net'

const given = new Set<number>()

/**
 * A free port of the loopback address that stays free while its server is down: it is none of those
 * that the system hands out to outgoing connections and to who asks for port 0.
 */
export async function fixedPort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000)
    if (given.has(port) || !(await isFree(port))) continue
    given.add(port)
    return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
