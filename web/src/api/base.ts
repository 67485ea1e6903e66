/**
 * Where the server is mounted: the shop's own program may have it below an address of its own.
 *
 * @module
 */

/** Before `/console` and `/v1`; `''` where it has the whole origin. */
export const BASE = (
  document.querySelector<HTMLLinkElement>('link[rel=icon]')?.getAttribute('href') ?? ''
).replace(/\/console\/icon\.svg$/, '')
