import fastify from 'fastify'
import { nodeListener } from 'saoma/server'
import { checkout, home, isPaid, port, saoma } from './saoma.mjs'

const shop = fastify()
const pay = nodeListener(saoma)

shop.register(
  async (scope) => {
    // No parsers in this scope: Alipay's signature is over the raw body.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (request, body, done) => done(null))
    scope.all('/*', (request, reply) => {
      reply.hijack()
      request.raw.url = request.raw.url.slice('/pay'.length)
      pay(request.raw, reply.raw)
    })
  },
  { prefix: '/pay' },
)

shop.post('/orders', async (request, reply) =>
  reply.redirect(await checkout(`ORDER-${Date.now()}`), 303),
)

shop.get(
  '/orders/:id',
  async ({ params: { id } }) => `${id}: ${(await isPaid(id)) ? 'paid' : 'waiting'}\n`,
)

await shop.listen({ port })
console.log(`The shop is open at ${home}`)
