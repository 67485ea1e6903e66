/**
 * Builds `dist`: compiled modules with their types, the browser's assets beside them, the program
 * in `dist/cli` and the back office's front end in `dist/web`. Written next to the old `dist` and
 * swapped in at the end, so that a build that fails or is interrupted leaves what was there.
 *
 * @module
 */
import { chmodSync, cpSync, existsSync, readdirSync, renameSync, rmSync, utimesSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'
import { build } from 'vite'
import { root, run, tool } from './run.mjs'

/** Found by Node when they are asked for: they are compiled for each machine. */
const NATIVE = ['@photostructure/sqlite', 'pg-native']

const ASSETS = new Set(['.css', '.js', '.html', '.svg'])

const began = new Date()
const source = join(root, 'src')
const target = join(root, 'dist')
const fresh = join(root, `dist.${process.pid}`)

rmSync(fresh, { recursive: true, force: true })
try {
  const status = compile() || buildPages()
  if (status === 0) {
    await buildProgram()
    copyAssets()
    swapIn()
  }
  process.exitCode = status
} finally {
  rmSync(fresh, { recursive: true, force: true })
}

function compile() {
  return run(process.execPath, [
    tool('typescript'),
    '--project',
    join(root, 'tsconfig.build.json'),
    '--outDir',
    fresh,
  ])
}

/** The back office, in files that a browser may keep for ever. */
function buildPages() {
  return run(process.execPath, [
    join(root, 'node_modules', 'vite', 'bin', 'vite.js'),
    'build',
    '--config',
    join(root, 'web', 'vite.config.ts'),
    '--outDir',
    join(fresh, 'web'),
    '--emptyOutDir',
    '--logLevel',
    'warn',
  ])
}

/**
 * The program, in few files with the packages that it uses: Node takes most of a second to find and
 * load the thousand modules that they are. What a command loads when it runs stays a file of its
 * own. Names stay, and each module's path stands before it, so that stacks can be read.
 */
function buildProgram() {
  return build({
    configFile: false,
    root,
    logLevel: 'warn',
    plugins: [{ name: 'in-place', transform: keepPlace }],
    ssr: { noExternal: true, external: NATIVE },
    build: {
      ssr: join('src', 'cli', 'saoma.ts'),
      outDir: join(fresh, 'cli'),
      target: 'node20',
      license: { fileName: 'licenses.md' },
      rolldownOptions: {
        output: { chunkFileNames: '[name].js', minify: false },
        experimental: { attachDebugInfo: 'simple' },
      },
    },
  })
}

/** A module still finds the files that lie beside it, though its code has come to `dist/cli`. */
function keepPlace(code, id) {
  if (!id.startsWith(source)) return
  const place = relative(join(source, 'cli'), id)
  return code.replaceAll('import.meta.url', `new URL('${place}', import.meta.url).href`)
}

/** Whatever lies in a folder called `assets` and is not TypeScript keeps its place. */
function copyAssets() {
  for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
    const path = relative(source, join(entry.parentPath, entry.name))
    const inAssets = path.split(sep).slice(0, -1).includes('assets')
    if (entry.isFile() && inAssets && ASSETS.has(extname(path))) {
      cpSync(join(source, path), join(fresh, path))
    }
  }
}

function swapIn() {
  const program = join(fresh, 'cli', 'saoma.js')
  if (existsSync(program)) chmodSync(program, 0o755)
  rmSync(target, { recursive: true, force: true })
  renameSync(fresh, target)
  utimesSync(target, began, began)
}
