/**
 * The part of the control API that makes the emulator misbehave.
 *
 * @module
 */

import { Hono } from 'hono'
import { z } from 'zod'
import type { Emulator } from './emulator.ts'

const faultBody = z.strictObject({
  name: z.string(),
  method: z.string().optional(),
  out_trade_no: z.string().optional(),
  times: z.number().optional(),
  after: z.number().optional(),
  probability: z.number().optional(),
  delay_ms: z.number().optional(),
})

const randomBody = z.strictObject({ seed: z.int(), probability: z.number().min(0).max(1) })

/** The routes under `/_emulator/faults`. */
export function controlFaults({ faults }: Emulator): Hono {
  const app = new Hono()
  app.get('/', (c) =>
    c.json({
      catalogue: faults.catalogue,
      active: faults.active(),
      random: faults.random() ?? null,
    }),
  )
  app.post('/', async (c) => c.json(faults.add(faultBody.parse(await c.req.json())), 201))
  app.post('/random', async (c) => {
    const random = randomBody.parse(await c.req.json())
    faults.setRandom(random.probability === 0 ? undefined : random)
    return c.json({ random: faults.random() ?? null })
  })
  app.delete('/', (c) => {
    faults.clear()
    return c.json({})
  })
  app.delete('/:id', (c) =>
    faults.remove(c.req.param('id'))
      ? c.json({})
      : c.json({ error: { code: 'not_found', message: 'There is no such fault' } }, 404),
  )
  return app
}
