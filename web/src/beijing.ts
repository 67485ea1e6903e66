/**
 * The day in Beijing, by which bills and figures go, wherever the browser is.
 *
 * @module
 */
import dayjs from 'dayjs'

const MINUTE_MS = 60_000
const AHEAD_OF_UTC_MINUTES = 480

/** Today, with the hands of the clock as they stand in Beijing. */
export function today(): dayjs.Dayjs {
  const minutes = new Date().getTimezoneOffset() + AHEAD_OF_UTC_MINUTES
  return dayjs(Date.now() + minutes * MINUTE_MS)
}

/** When a day begins in Beijing, in RFC 3339. */
export function midnight(day: dayjs.Dayjs): string {
  return `${day.format('YYYY-MM-DD')}T00:00:00+08:00`
}
