/**
 * The cashier page's few pictures, drawn with lines in the colour of the text.
 *
 * @module
 */
import { raw } from 'hono/html'
import type { CheckoutView } from '../../payments/index.ts'

const PATHS = {
  check: '<path d="m12.5 24.5 8 8 15-17"/>',
  clock: '<circle cx="24" cy="24" r="14"/><path d="M24 16v8l5 4"/>',
  cross: '<path d="m15 15 18 18m0-18L15 33"/>',
  back: '<path d="M15 21h14a7 7 0 0 1 0 14h-8M21 14l-7 7 7 7"/>',
  phone: '<rect x="14" y="7" width="20" height="34" rx="4"/><path d="m19.5 24 3.5 3.5 6-7"/>',
  turning: '<path class="turning" d="M24 9a15 15 0 1 1-15 15"/>',
  question:
    '<path d="M18 18.5a6 6 0 1 1 8.5 5.6c-1.6.8-2.5 1.9-2.5 3.9v1"/><path d="M24 35.5v.1"/>',
}

/** The icon of each state. */
export const STATE_ICONS: Readonly<Record<CheckoutView['state'], keyof typeof PATHS>> = {
  preparing: 'turning',
  waiting: 'phone',
  scanned: 'phone',
  confirming: 'turning',
  paid: 'check',
  expired: 'clock',
  canceled: 'cross',
  failed: 'cross',
  refunded: 'back',
}

/** An icon, hidden from those who listen: the text next to it says the same. */
export function icon(name: keyof typeof PATHS) {
  return raw(
    `<svg class="icon" viewBox="0 0 48 48" fill="none" stroke="currentColor" stroke-width="3.5"` +
      ` stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${PATHS[name]}</svg>`,
  )
}
