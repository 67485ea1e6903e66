/**
 * The measurements by name. Each is loaded where it runs, so that a process holds its own alone.
 *
 * @module
 */

/** What can be measured, and how it is asked. */
export const measurements = {
  signatures: async () => (await import('./signatures.ts')).measureSignatures,
  disk: async () => (await import('./disk.ts')).measureDisk,
  throughput: async () => (await import('./throughput.ts')).measureThroughput,
  bareSqlite: async () => (await import('./bare-sqlite.ts')).measureBareSqlite,
  barePostgres: async () => (await import('./bare-postgres.ts')).measureBarePostgres,
  peer: async () => (await import('./peer.ts')).measurePeer,
  openPayments: async () => (await import('./open-payments.ts')).measureOpenPayments,
  costPerPoll: async () => (await import('./cost-per-poll.ts')).measureCostPerPoll,
}

/** A measurement's name. */
export type MeasurementName = keyof typeof measurements

/** The measurement of a name. */
export type Measurement<Name extends MeasurementName> = Awaited<
  ReturnType<(typeof measurements)[Name]>
>
