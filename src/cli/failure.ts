/**
 * A failure that a person can mend: its message is all that is printed.
 *
 * @module
 */

/** Ends the command with a message and an exit code; never printed with a stack. */
export class Failure extends Error {
  /** 1: it did not work out; 2: it was asked for in the wrong way. */
  readonly exitCode: number

  constructor(message: string, exitCode = 2) {
    super(message)
    this.name = 'Failure'
    this.exitCode = exitCode
  }
}
