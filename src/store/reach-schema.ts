/**
 * What a server of several applications keeps beside them: which of them a user reaches, and what
 * the content of an application's calls is encrypted with. What the columns mean stands in
 * `schema.ts`.
 *
 * @module
 */

/** The statements that make it. */
export function reachSchema(): readonly string[] {
  return [
    'alter table users add column apps text',
    'alter table credentials add column encrypt_key text',
  ]
}
