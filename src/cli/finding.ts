/**
 * What `saoma doctor` has to say of one thing that it looked at.
 *
 * @module
 */

/** What one look has found. */
export interface Finding {
  /** `warning`: it works, and may not for long, or not as well as it could. */
  readonly status: 'right' | 'warning' | 'wrong'
  /** What was looked at. */
  readonly what: string
  /** What was found. */
  readonly found: string
  /** The way to mend it; `null` where nothing has to be. */
  readonly mend: string | null
}

/** Milliseconds that a connection is waited for. */
export const PATIENCE_MS = 5_000

/** It is as it should be. */
export function right(what: string, found: string): Finding {
  return { status: 'right', what, found, mend: null }
}

/** It works, and should be mended all the same. */
export function warning(what: string, found: string, mend: string): Finding {
  return { status: 'warning', what, found, mend }
}

/** It keeps a server from taking payments. */
export function wrong(what: string, found: string, mend: string): Finding {
  return { status: 'wrong', what, found, mend }
}

/** A code where there is one: messages of databases may repeat a password. */
export function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'failed'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
