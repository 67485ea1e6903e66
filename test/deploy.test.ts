/**
 * What saoma is deployed with: image, Compose file and systemd unit fit the program, each other and
 * the documents.
 *
 * @module
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { root, temporaryFolder } from './saoma-program.ts'

const read = (path: string): string => readFileSync(join(root, path), 'utf8')

const manifest = JSON.parse(read('package.json')) as {
  readonly version: string
  readonly bin: Readonly<Record<string, string>>
  readonly scripts: Readonly<Record<string, string>>
}
const commands = readdirSync(join(root, 'src', 'cli', 'commands')).map((file) => file.slice(0, -3))

interface Service {
  readonly image: string
  readonly env_file?: string
  readonly environment: Readonly<Record<string, string>>
  readonly ports?: readonly string[]
  readonly volumes: readonly string[]
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly healthcheck?: { readonly test: readonly string[] }
}

const compose = parse(read('compose.yaml'), { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>
  readonly volumes: Readonly<Record<string, null>>
}
const nodes = Object.entries(compose.services).filter(([, { image }]) => image === 'saoma')

const image = instructions(read('Dockerfile'))
const unit = read('deploy/saoma.service')

test.each(['compose.yaml', 'Dockerfile', 'deploy/saoma.service'])(
  'settings that %s names are documented',
  (path) => {
    const named = new Set(read(path).match(/\bSAOMA_\w+/g))
    const documented = read('docs/reference/configuration.md')
    expect(named.size).toBeGreaterThan(0)
    expect([...named].filter((name) => !documented.includes(`\`${name}\``))).toEqual([])
  },
)

describe('the image', () => {
  const copied = argumentsOf('COPY').filter((words) => !words.startsWith('--from='))
  const sources = copied.flatMap((words) => words.split(' ').slice(0, -1))

  test('is made of files that there are', () => {
    expect(sources.length).toBeGreaterThan(0)
    expect(sources.filter((path) => !existsSync(join(root, path)))).toEqual([])
  })

  test('gets those, and nothing else that lies in the folder', () => {
    const rules = read('.dockerignore').split('\n')
    const [everything, ...but] = rules.filter((rule) => rule !== '' && !rule.startsWith('#'))
    expect(everything).toBe('*')
    expect(new Set(but)).toEqual(new Set(sources.map((path) => `!${path.replace('./', '')}`)))
  })

  test('can be built from those alone, and its program starts', () => {
    const app = temporaryFolder()
    for (const path of sources) cpSync(join(root, path), join(app, path), { recursive: true })
    symlinkSync(join(root, 'node_modules'), join(app, 'node_modules'))
    const [script = ''] = /(?<=npm run )\w+/.exec(argumentsOf('RUN').join('\n')) ?? []
    const built = spawnSync('npm', ['run', script], { cwd: app, encoding: 'utf8' })
    expect(built, built.stderr).toMatchObject({ status: 0 })

    const [link = ''] = /(?<=ln -s \/app\/)\S+/.exec(argumentsOf('RUN').join('\n')) ?? []
    const program = spawnSync(join(app, link), ['--version'], { encoding: 'utf8' })
    expect(program.stdout.trim()).toBe(manifest.version)
  })

  test('runs a command that there is', () => {
    const [name = '', command] = JSON.parse(argumentsOf('CMD').join('')) as string[]
    expect(argumentsOf('RUN').join('\n')).toContain(
      `ln -s /app/${manifest.bin[name]?.slice(2)} /usr/local/bin/${name}`,
    )
    expect(commands).toContain(command)
  })

  test('runs npm scripts that there are', () => {
    const called = [...read('Dockerfile').matchAll(/npm run (\S+)/g)].map(([, name = '']) => name)
    expect(called.length).toBeGreaterThan(0)
    expect(called.filter((name) => !(name in manifest.scripts))).toEqual([])
  })

  test('gives the process no root, and a folder of its own', () => {
    const order = image.map(({ name, words }) => `${name} ${words}`)
    const [user] = argumentsOf('USER')
    const [volume] = argumentsOf('VOLUME')
    expect(user).toBe('node')
    // What is changed below a volume after it was declared is lost.
    const made = order.findIndex((line) => line.includes(`install -d -o ${user} -g ${user}`))
    expect(order[made]).toContain(` ${volume}`)
    expect(made).toBeLessThan(order.indexOf(`VOLUME ${volume}`))
    expect(argumentsOf('ENV').join(' ')).toContain(`SAOMA_FOLDER=${volume}`)
  })

  test.each([
    ['a server that is well', 200, 0],
    ['one whose database is gone', 503, 1],
    ['one that hangs up', undefined, 1],
  ])('its health check tells %s', async (_, status, code) => {
    const asked: (string | undefined)[] = []
    const server = createServer((request, response) => {
      asked.push(request.url)
      if (status === undefined) request.socket.destroy()
      else response.writeHead(status).end()
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo

    const [, command = ''] = /CMD (\[.*\])$/.exec(argumentsOf('HEALTHCHECK').join('')) ?? []
    const [program, ...args] = JSON.parse(command) as string[]
    expect(program).toBe('node')
    const check = spawn(process.execPath, args, { env: { SAOMA_PORT: String(port) } })
    expect(await once(check, 'exit')).toEqual([code, null])
    expect(asked).toEqual(['/healthz'])
  })
})

describe('compose.yaml', () => {
  test('has two servers that differ in port and folder alone', () => {
    const shared = nodes.map(([, node]) => ({ ...node, ports: null, volumes: null }))
    expect(shared).toHaveLength(2)
    expect(shared[0]).toEqual(shared[1])
    const own = nodes.flatMap(([, { ports = [], volumes }]) => [...ports, ...volumes])
    expect(new Set(own).size).toBe(4)
  })

  test('puts folder and port where the image has them', () => {
    for (const [, { ports = [], volumes }] of nodes) {
      expect(volumes.map((volume) => volume.split(':')[1])).toEqual(argumentsOf('VOLUME'))
      expect(ports.map((port) => port.split(':')[2])).toEqual(argumentsOf('EXPOSE'))
    }
    expect(argumentsOf('ENV').join(' ')).toContain(`SAOMA_PORT=${argumentsOf('EXPOSE').join('')}`)
  })

  test('names each volume that it uses, and uses each that it names', () => {
    const used = Object.values(compose.services).flatMap(({ volumes }) => volumes)
    const names = used.map((volume) => volume.split(':')[0])
    expect(new Set(names)).toEqual(new Set(Object.keys(compose.volumes)))
  })

  test('opens no port to other machines', () => {
    const ports = Object.values(compose.services).flatMap((service) => service.ports ?? [])
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([])
    expect(compose.services['database']?.ports).toBeUndefined()
  })

  test('starts the servers when PostgreSQL answers', () => {
    expect(compose.services['database']?.image).toBe('postgres:17')
    expect(compose.services['database']?.healthcheck?.test).toContain('pg_isready')
    for (const [, { depends_on }] of nodes) {
      expect(depends_on).toEqual({ database: { condition: 'service_healthy' } })
    }
  })

  test('holds no secret: they come from a file that git does not take', () => {
    const secret = /PASSWORD|_KEY|_TOKEN|_URL/
    const values = Object.values(compose.services).flatMap(({ environment }) =>
      Object.entries(environment).filter(([name]) => secret.test(name)),
    )
    expect(values.length).toBeGreaterThan(0)
    expect(values.filter(([, value]) => !/\$\{\w+:\?\}/.test(value))).toEqual([])
    expect(read('.gitignore').split('\n')).toContain(nodes[0]?.[1].env_file)
  })

  test('keeps what is Alipay’s from the database', () => {
    const { environment = {}, env_file } = compose.services['database'] ?? {}
    expect(env_file).toBeUndefined()
    expect(Object.keys(environment).filter((name) => name.startsWith('SAOMA_'))).toEqual([])
  })
})

describe('the systemd unit', () => {
  test('runs a command that there is', () => {
    const [, name = '', command] = /^ExecStart=(\S+) (\S+)$/m.exec(unit) ?? []
    expect(Object.keys(manifest.bin)).toContain(name)
    expect(commands).toContain(command)
  })

  test('keeps the database in the folder that it makes', () => {
    const [, folder] = /^StateDirectory=(.*)$/m.exec(unit) ?? []
    expect(unit).toContain(`SAOMA_FOLDER=/var/lib/${folder}\n`)
  })

  const verifies = spawnSync('systemd-analyze', ['--version']).status === 0
  test.skipIf(!verifies)('is one that systemd takes', () => {
    // The program is not installed here; where it stands is not what is looked at.
    const file = join(temporaryFolder(), 'saoma.service')
    writeFileSync(file, unit.replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`))
    const verified = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' })
    // It looks at the machine's other units too, and what it says of those is not of ours.
    const said = verified.stderr.split('\n').filter((line) => line.includes('saoma.service'))
    expect(said).toEqual([])
  })
})

/** The instructions of a Dockerfile, each on one line. */
function instructions(text: string): { readonly name: string; readonly words: string }[] {
  const lines = text.replaceAll(/^#.*\n/gm, '').replaceAll(/\\\n\s*/g, '')
  return [...lines.matchAll(/^([A-Z]+) (.+)$/gm)].map(([, name = '', words = '']) => ({
    name,
    words,
  }))
}

function argumentsOf(name: string): string[] {
  return image.filter((instruction) => instruction.name === name).map(({ words }) => words)
}
