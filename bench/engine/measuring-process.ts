/**
 * A process that makes one measurement: its parent sends what is asked, and gets what came of it.
 *
 * @module
 */
import { measurements, type MeasurementName } from './measurements.ts'

const name = process.argv[2] as MeasurementName
const measure = (await measurements[name]()) as (request: unknown) => Promise<unknown>

process.once('message', (request) => {
  void measure(request).then((result) => process.send?.(result, () => process.exit()))
})

process.once('disconnect', () => process.exit())
