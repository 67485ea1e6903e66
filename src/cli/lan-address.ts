/**
 * This machine's address in its local network.
 *
 * @module
 */

import { networkInterfaces } from 'node:os'

/** The first IPv4 address that others in the network can reach; 127.0.0.1 where there is none. */
export function lanAddress(): string {
  for (const addresses of Object.values(networkInterfaces())) {
    for (const { address, family, internal } of addresses ?? []) {
      if (family === 'IPv4' && !internal) return address
    }
  }
  return '127.0.0.1'
}
