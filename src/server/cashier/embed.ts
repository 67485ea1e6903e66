/**
 * `/embed.js`: the script with which a shop shows the cashier page inside a page of its own.
 *
 * @module
 */
import { Hono } from 'hono'
import { compress } from 'hono/compress'
import type { RouteEnvironment } from '../options.ts'
import { assetContent } from './assets.ts'

/**
 * Serves the script. Its address is written into shops, so it cannot name its content: browsers ask
 * again after five minutes.
 */
export function embedRoute(): Hono<RouteEnvironment> {
  const app = new Hono<RouteEnvironment>()
  app.get('/', compress(), (c) =>
    c.body(assetContent('embed.js'), 200, {
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=300',
      // A shop that isolates its origin can load it, too.
      'cross-origin-resource-policy': 'cross-origin',
    }),
  )
  return app
}
