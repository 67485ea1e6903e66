/**
 * Makes a measurement in a process of its own, so that none has the memory, the compiled code or
 * the rubbish of another.
 *
 * @module
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Measurement, MeasurementName } from './measurements.ts'

const program = fileURLToPath(new URL('measuring-process.ts', import.meta.url))

/**
 * Asks, and waits for the answer.
 *
 * @throws If the process ended without one; it has said why.
 */
export async function measure<Name extends MeasurementName>(
  name: Name,
  request: Parameters<Measurement<Name>>[0],
): Promise<Awaited<ReturnType<Measurement<Name>>>> {
  const child = fork(program, [name], { serialization: 'advanced' })
  let result: { readonly value: unknown } | undefined
  child.on('message', (value) => (result = { value }))
  child.send(request)
  await once(child, 'exit')
  if (result === undefined) throw new Error(`The measurement "${name}" ended early.`)
  return result.value as Awaited<ReturnType<Measurement<Name>>>
}
