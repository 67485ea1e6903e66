/**
 * Has a running server prune, and prints what it did.
 *
 * @module
 */

import { connect } from './merchant-api.ts'
import type { ObjectOptions } from './objects.ts'
import { columns } from './output.ts'

interface ApiRun {
  readonly status: 'finished' | 'running'
  readonly pruned: readonly { readonly kind: string; readonly rows: number }[]
}

/** Prunes, or counts what would be pruned. */
export async function prune(isTrial: boolean, { folder, json }: ObjectOptions): Promise<void> {
  const api = connect(process.env, folder)
  const run = await api.call<ApiRun>('POST', '/retention/run', { dry_run: isTrial })
  process.stdout.write(json ? `${JSON.stringify(run)}\n` : describe(run, isTrial))
}

function describe({ status, pruned }: ApiRun, isTrial: boolean): string {
  const rows = columns(pruned.map(({ kind, rows: count }) => [kind, String(count)] as const))
  const more = status === 'running' ? 'So far; it goes on by itself.\n' : ''
  return `${isTrial ? 'Would be removed' : 'Removed'}:\n${rows}\n${more}`
}
