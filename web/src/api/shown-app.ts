/**
 * Which application is shown: the address says it (`/console/app_…/payments`), so that a link means
 * the same to whoever it is sent to; else the one that this browser showed last.
 *
 * @module
 */
import { BASE } from './base.ts'
import type { ShownApp } from './session.tsx'

const CONSOLE = `${BASE}/console`
const KEPT = 'saoma-app'

/** Below which address the pages of an application are. Where there is one alone: below all. */
export function consoleOf(id: string | null): string {
  return id === null ? CONSOLE : `${CONSOLE}/${id}`
}

/**
 * The application to show; `undefined` where the address names one that is not among them.
 *
 * @param apps Those that can be chosen, at least one.
 */
export function chooseApp<App extends Pick<ShownApp, 'id'>>(apps: readonly App[]): App | undefined {
  const named = namedInAddress()
  if (named !== null) return apps.find(({ id }) => id === named)
  const kept = localStorage.getItem(KEPT)
  return apps.find(({ id }) => id === kept) ?? apps[0]
}

/** Has the address name it, and this browser remember it. */
export function keepChoice(id: string): void {
  localStorage.setItem(KEPT, id)
  if (namedInAddress() !== null) return
  const page = location.pathname.slice(CONSOLE.length).replace(/^\/$/, '')
  history.replaceState(history.state, '', `${consoleOf(id)}${page}${location.search}${location.hash}`)
}

/**
 * Shows another one, from its overview on: what is on the screen belongs to the one before, so the
 * page begins anew.
 */
export function switchApp(id: string, page = ''): void {
  localStorage.setItem(KEPT, id)
  location.assign(`${consoleOf(id)}${page}`)
}

/** Leaves an application that cannot be shown. */
export function leaveApp(): void {
  location.assign(CONSOLE)
}

function namedInAddress(): string | null {
  return /^\/(app_\w+)(?:\/|$)/.exec(location.pathname.slice(CONSOLE.length))?.[1] ?? null
}
