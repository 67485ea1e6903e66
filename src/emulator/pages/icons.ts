/**
 * The pages' line icons: decoration, named by the text beside them.
 *
 * @module
 */
import { html } from 'hono/html'
import type { Html } from './page.ts'

function icon(...paths: string[]): Html {
  return html`<svg
    viewBox="0 0 24 24"
    width="24"
    height="24"
    fill="none"
    stroke="currentColor"
    stroke-width="1.6"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
    focusable="false"
  >
    ${paths.map((d) => html`<path d="${d}" />`)}
  </svg>`
}

/** Drawings by name. */
export const icons = {
  shop: icon(
    'M4 10v10h16V10',
    'M3 10l2-6h14l2 6a3 3 0 0 1-6 0 3 3 0 0 1-6 0 3 3 0 0 1-6 0',
    'M9.5 20v-5h5v5',
  ),
  wallet: icon(
    'M4 7a2 2 0 0 1 2-2h11v3',
    'M4 7v10a2 2 0 0 0 2 2h14V8H5a1 1 0 0 1-1-1',
    'M16.5 13.5h.01',
  ),
  fault: icon('M12 4 2.5 20h19z', 'M12 10v4.5', 'M12 17.3h.01'),
  api: icon('M8 8l-4 4 4 4', 'M16 8l4 4-4 4', 'M13.5 6l-3 12'),
  scan: icon(
    'M4 8V5a1 1 0 0 1 1-1h3',
    'M16 4h3a1 1 0 0 1 1 1v3',
    'M20 16v3a1 1 0 0 1-1 1h-3',
    'M8 20H5a1 1 0 0 1-1-1v-3',
    'M4 12h16',
  ),
  code: icon(
    'M4 4h6v6H4z',
    'M14 4h6v6h-6z',
    'M4 14h6v6H4z',
    'M14 14h2v2h-2z',
    'M18 18h2v2h-2z',
    'M20 14h.01',
    'M14 20h.01',
  ),
  photo: icon(
    'M4 8h3.5L9 5.5h6L16.5 8H20v11H4z',
    'M12 10a3.2 3.2 0 1 0 0 6.4 3.2 3.2 0 0 0 0-6.4z',
  ),
  picture: icon('M4 6h16v12H4z', 'M4 16l4.5-4.5L12 15l3-3 5 5', 'M15.5 9.5h.01'),
  close: icon('M6 6l12 12', 'M18 6L6 18'),
  americano: icon(
    'M5 9h12v6a5 5 0 0 1-5 5h-2a5 5 0 0 1-5-5z',
    'M17 10.5h1.5a2.5 2.5 0 0 1 0 5H17',
    'M9 3.5c-1 1 1 1.8 0 3',
    'M13 3.5c-1 1 1 1.8 0 3',
  ),
  latte: icon('M6 8h12l-1.4 12H7.4z', 'M5 8h14', 'M7 8l.8-4h8.4L17 8', 'M6.7 14h10.6'),
  croissant: icon(
    'M3 16c0-6 4-10 9-10s9 4 9 10c-1.8 1-3.6.6-4.5-.5-.5-2-2-3.5-4.5-3.5s-4 1.5-4.5 3.5C6.6 16.6 4.8 17 3 16z',
    'M9.5 6.5l.8 5.6',
    'M14.5 6.5l-.8 5.6',
    'M5.2 9.8l3 3.6',
    'M18.8 9.8l-3 3.6',
  ),
  cent: icon(
    'M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17z',
    'M9 8l3 4 3-4',
    'M12 12v5',
    'M9.5 12.5h5',
    'M9.5 14.8h5',
  ),
}
