/**
 * Writes docs/reference/openapi.json, the OpenAPI document of the merchant API, from the very
 * operations that answer. Run it after changing one; a test compares.
 *
 * @module
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { register } from 'tsx/esm/api'
import { root } from './run.mjs'

register()
const { openApi } = await import('../src/server/openapi.ts')
const { operations } = await import('../src/server/operations.ts')
const file = join(root, 'docs', 'reference', 'openapi.json')
writeFileSync(file, `${JSON.stringify(openApi(operations), null, 2)}\n`)
