import 'reflect-metadata'
import { Controller, Get, Module, Param, Post, Redirect } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { nodeListener } from 'saoma/server'
import { checkout, home, isPaid, port, saoma } from '../saoma.mjs'

@Controller('orders')
class Orders {
  @Post()
  @Redirect(undefined, 303)
  async order() {
    return { url: await checkout(`ORDER-${Date.now()}`) }
  }

  @Get(':id')
  async show(@Param('id') id: string) {
    return `${id}: ${(await isPaid(id)) ? 'paid' : 'waiting'}\n`
  }
}

@Module({ controllers: [Orders] })
class Shop {}

const app = await NestFactory.create(Shop, { logger: ['warn', 'error'] })

// Before `listen`, which adds Nest's parsers: Alipay's signature is over the raw body.
app.use('/pay', nodeListener(saoma))

await app.listen(port, '127.0.0.1')
console.log(`The shop is open at ${home}`)
