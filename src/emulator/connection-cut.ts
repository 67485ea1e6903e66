/**
 * What a handler throws to have the connection cut.
 *
 * @module
 */

/**
 * Thrown by an emulator's `fetch` where no answer may be given. A server destroys the socket, as
 * `listen` does; a caller without a socket takes it as what it would have seen: no answer.
 */
export class ConnectionCut extends Error {
  readonly code = 'ERR_EMULATOR_CONNECTION_CUT'

  constructor(fault: string) {
    super(`The fault ${fault} cut the connection: there is no answer`)
    this.name = 'ConnectionCut'
  }
}
