/**
 * How the tests run.
 *
 * @module
 */
import { availableParallelism } from 'node:os'
import { configDefaults, defineConfig } from 'vitest/config'

/** Many processes, for minutes: with `npm test -- --all` alone. */
const LONG = [
  'test/cli/users.test.ts',
  'test/cluster/{failover,nodes,pause}.test.ts',
  'test/crash/named-requests.test.ts',
]

export default defineConfig({
  test: {
    environment: 'node',
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...(process.env['SAOMA_TEST_ALL'] ? [] : LONG)],
    // Processes, not threads: SQLite's binding is native, and some tests change the folder they stand in.
    pool: 'forks',
    // Tests start servers, browsers and databases of their own, so a worker is more than one process.
    maxWorkers: Math.min(4, availableParallelism()),
    setupFiles: ['test/property-seed.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
