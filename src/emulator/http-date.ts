/**
 * The form of time in HTTP headers.
 *
 * @module
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7}
 */

import type { Instant } from '../alipay/time.ts'

const format = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'UTC',
  weekday: 'short',
  day: '2-digit',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

/** Writes an instant as `Sun, 06 Nov 1994 08:49:37 GMT`. */
export function httpDate(time: Instant): string {
  const parts = Object.fromEntries(
    format.formatToParts(time).map(({ type, value }) => [type, value]),
  )
  const { weekday, day, year, hour, minute, second } = parts
  return `${weekday}, ${day} ${monthOf(time)} ${year} ${hour}:${minute}:${second} GMT`
}

/** By number: the names that `en-GB` writes (`Sept`) are not those of HTTP. */
function monthOf(time: Instant): string {
  return MONTHS[Number(monthFormat.format(time)) - 1] ?? ''
}

const monthFormat = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', month: 'numeric' })
