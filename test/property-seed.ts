/**
 * Property tests draw the same cases at each run, so that a change is judged by itself; `npm test
 * -- --all` draws new ones, to look for what nobody has met.
 *
 * @module
 */

import { configureGlobal } from 'fast-check'

if (!process.env['SAOMA_TEST_ALL']) configureGlobal({ seed: 20_261_123 })
