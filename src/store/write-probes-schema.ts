/**
 * What is written to find out whether the database can be. What the columns mean stands in
 * `schema.ts`.
 *
 * @module
 */

/** The statement that makes it, the same on both databases. */
export function writeProbesSchema(): readonly string[] {
  return ['create table write_probes (id integer primary key, written_at bigint not null)']
}
