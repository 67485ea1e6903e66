/**
 * Which application is shown: the address says it (`/console/app_…/payments`), so that a link means
 * the same to whoever it is sent to; else the one that this browser showed last.
 *
 * @module
 */
import { BASE } from './base.ts'
import { keepApp } from './request.ts'

const CONSOLE = `${BASE}/console`
const KEPT = 'saoma-app'

/** What is shown, and below which address. */
export interface Shown {
  /** `app_…`. */
  readonly id: string
  readonly base: string
}

/** Where nobody has signed in yet. */
export const OUTSIDE = CONSOLE

/**
 * Finds it, has the address name it where there are several, and all calls mean it. `undefined`
 * where the address names one that is not among them.
 */
export function showApp(apps: readonly { readonly id: string }[]): Shown | undefined {
  const named = namedInAddress()
  const wanted = named ?? localStorage.getItem(KEPT)
  const found = apps.find(({ id }) => id === wanted) ?? (named === null ? apps[0] : undefined)
  keepApp(null)
  if (found === undefined) return undefined
  const { id } = found
  if (named === null && apps.length === 1) return { id, base: CONSOLE }
  keepApp(id)
  localStorage.setItem(KEPT, id)
  const base = `${CONSOLE}/${id}`
  if (named === null) {
    const page = location.pathname.slice(CONSOLE.length).replace(/^\/$/, '')
    history.replaceState(history.state, '', `${base}${page}${location.search}${location.hash}`)
  }
  return { id, base }
}

/** Shows a page of another one. Nothing of the one before stays: the program begins anew. */
export function switchApp(id: string, page = ''): void {
  location.assign(`${CONSOLE}/${id}${page}`)
}

/** Leaves one that cannot be shown. */
export function leaveApp(): void {
  localStorage.removeItem(KEPT)
  location.assign(CONSOLE)
}

function namedInAddress(): string | null {
  return /^\/(app_\w+)(?:\/|$)/.exec(location.pathname.slice(CONSOLE.length))?.[1] ?? null
}
