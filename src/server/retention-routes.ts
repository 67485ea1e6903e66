/**
 * `/v1/retention`: what is kept for how long, and what was pruned.
 *
 * @module
 */
import { z } from 'zod'
import { formatRfc3339 } from '../alipay/index.ts'
import { RETENTION_KIND_NAMES, type RetentionRun } from '../retention/index.ts'
import { ok, operation, type AnyOperation } from './operation.ts'
import { notFound, type Problem } from './problem.ts'
import { retention, retentionRun } from './schemas.ts'

const NONE = {
  retention_not_kept: { status: 404, description: 'This server prunes nothing.' },
} as const

/** The run that a call has begun, for when it takes longer than a request may. */
const begun = new WeakMap<object, RetentionRun>()

const getRetention = operation({
  method: 'GET',
  path: '/v1/retention',
  id: 'getRetention',
  summary: 'See what is kept for how long',
  description:
    'Sales, refunds, their timelines and the books are never pruned. What is listed is, each night, as far as nothing is open about it.',
  scope: 'settings:read',
  answers: { 200: { description: 'By kind.', schema: retention } },
  problems: NONE,
  async handle({ app: { retention: its } }) {
    if (its === undefined) return notPruned()
    const states = await its.states()
    const kinds = RETENTION_KIND_NAMES.map((kind) => {
      const state = states.find((one) => one.kind === kind)
      const finishedAt = state?.finishedAt ?? null
      return {
        kind,
        days: its.rules[kind],
        pruned: state?.pruned ?? 0,
        finished_at: finishedAt === null ? null : formatRfc3339(finishedAt),
      }
    })
    return ok({ object: 'retention', kinds })
  },
})

const runRetention = operation({
  method: 'POST',
  path: '/v1/retention/run',
  id: 'runRetention',
  summary: 'Prune now, or count what would be pruned',
  description: 'In small batches beside what else goes on. 202 means that it goes on by itself.',
  scope: 'settings:write',
  audit: 'retention.run',
  body: z.strictObject({
    dry_run: z.boolean('dry_run is true or false').default(false).describe('Only count'),
  }),
  answers: {
    200: { description: 'It is over.', schema: retentionRun },
    202: { description: 'It goes on; the rows so far.', schema: retentionRun },
  },
  problems: NONE,
  async handle(call) {
    const { app, body } = call
    if (app.retention === undefined) return notPruned()
    const run = app.retention.run({ isTrial: body.dry_run })
    begun.set(call, run)
    await run.done
    return ok(runJson(run, body.dry_run, 'finished'))
  },
  async late(call) {
    const run = begun.get(call)
    return run && { status: 202, body: runJson(run, call.body.dry_run, 'running') }
  },
})

/** The operations of retention. */
export const retentionOperations: readonly AnyOperation[] = [getRetention, runRetention]

function runJson({ counts }: RetentionRun, dry_run: boolean, status: 'finished' | 'running') {
  const pruned = [...counts].map(([kind, rows]) => ({ kind, rows }))
  return { object: 'retention_run', dry_run, status, pruned }
}

function notPruned(): Problem {
  return notFound('retention_not_kept', 'This server prunes nothing: give it `retention`.')
}
