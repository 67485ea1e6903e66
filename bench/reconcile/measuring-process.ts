/**
 * A process of its own, so that what is measured is the comparison's memory and nothing else's.
 *
 * @module
 */
import { performance } from 'node:perf_hooks'
import { createBooks } from '../../dist/books/index.js'
import { openPlace, type Place } from '../engine/place.ts'

/** What one comparison took. */
export interface ReconcileMeasurement {
  readonly store: Place['kind']
  readonly rows: number
  readonly seconds: number
  /** Of this process, at its largest. */
  readonly megabytes: number
  readonly status: string
}

const [, , placeJson = '', bill = ''] = process.argv
const place = JSON.parse(placeJson) as Place
const { store, close } = await openPlace(place)
/** A bill and books that agree ask nobody. */
const nobody = (): never => {
  throw new Error('The books did not agree')
}
const books = createBooks({
  store: store.books,
  payments: {
    adoptTrade: nobody,
    bookBilledRefund: nobody,
    askTrade: nobody,
    askRefund: nobody,
    sync: nobody,
    refundHold: async () => undefined,
    liftRefundHold: nobody,
  },
  gateway: { bill: { downloadUrl: nobody } },
})
const began = performance.now()
const run = await books.reconcileFile(bill)
const seconds = (performance.now() - began) / 1_000
const measurement: ReconcileMeasurement = {
  store: place.kind,
  rows: run.rowsRead,
  seconds,
  megabytes: Math.round(process.resourceUsage().maxRSS / 1_024),
  status: run.status,
}
await close()
process.send?.(measurement)
process.disconnect()
