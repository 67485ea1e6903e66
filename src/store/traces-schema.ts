/**
 * What is kept for traces. What the column means stands in `schema.ts`.
 *
 * @module
 */

/** The statements that make it, the same on both databases. */
export function tracesSchema(): readonly string[] {
  return ['alter table payments add column trace_parent text']
}
