/**
 * How the tests run.
 *
 * @module
 */
import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    environment: 'node',
    include: ['test/**/*.test.ts'],
    // Processes, not threads: SQLite's binding is native, and some tests change the folder they stand in.
    pool: 'forks',
    // Tests start servers, browsers and databases of their own, so a worker is more than one process;
    // but it waits for them, and then another one works.
    maxWorkers: Math.min(4, availableParallelism() + 1),
    setupFiles: ['test/property-seed.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
})
