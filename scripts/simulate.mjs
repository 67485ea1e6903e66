/**
 * `npm run simulate -- --seeds N --from S`: simulates the engine with faults that are drawn from
 * seeds, see test/simulation.
 *
 * @module
 */
import { join } from 'node:path'
import { root, run } from './run.mjs'
import { checkNode, install } from './setup.mjs'

checkNode()
install()
const program = join(root, 'test', 'simulation', 'simulate.ts')
process.exitCode = run(process.execPath, ['--import', 'tsx', program, ...process.argv.slice(2)])
