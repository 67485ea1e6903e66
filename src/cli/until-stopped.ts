/**
 * Waits for the operator to stop a command.
 *
 * @module
 */

/** Resolves at the first SIGINT or SIGTERM. The next one ends the process at once. */
export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    const stop = (): void => {
      process.off('SIGINT', stop).off('SIGTERM', stop)
      resolve()
    }
    process.on('SIGINT', stop).on('SIGTERM', stop)
  })
}
