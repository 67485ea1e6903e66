/**
 * Serves the route handlers of a folder as Next does, by its conventions for file names: Next
 * itself is 300 MB and needs a build.
 *
 * @module
 */
import { readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { nodeListener } from 'saoma/server'

const [, , folder] = process.argv
const load = (file) => import(pathToFileURL(join(folder, file)).href)

process.env.NEXT_RUNTIME = 'nodejs'
await (await load('instrumentation.js')).register()
const files = readdirSync(join(folder, 'app'), { recursive: true })
  .filter((file) => file.endsWith('route.js'))
  .map((file) => join('app', file))
const routes = await Promise.all(
  files.map(async (file) => ({ pattern: patternOf(file), handlers: await load(file) })),
)

/** `app/pay/[...path]/route.js` is `/pay/:path+`. */
function patternOf(file) {
  const path = file.replace(/^app(.*)\/route\.js$/, '$1')
  return new RegExp(
    `^${path.replace(/\[\.{3}(\w+)\]/g, '(?<$1>.+)').replace(/\[(\w+)\]/g, '(?<$1>[^/]+)')}$`,
  )
}

async function answer(request) {
  const { pathname } = new URL(request.url)
  for (const { pattern, handlers } of routes) {
    const found = pattern.exec(pathname)
    const handler = handlers[request.method]
    if (found && handler) return handler(request, { params: Promise.resolve({ ...found.groups }) })
  }
  return new Response(null, { status: 404 })
}

const { PORT } = process.env
createServer(nodeListener({ fetch: answer })).listen(Number(PORT), '127.0.0.1', () =>
  console.log('The shop is open'),
)
