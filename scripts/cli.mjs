/**
 * Writes docs/reference/cli.md, the page of all commands, from the commands themselves. Run it
 * after changing one; a test compares.
 *
 * @module
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { isMain, root } from './run.mjs'

const PAGE = join(root, 'docs', 'reference', 'cli.md')

/**
 * The page as it should be.
 *
 * @param {import('commander').Command} program
 */
export async function cliPage(program) {
  const text = `# Commands

\`saoma <command> --help\` says the same at a terminal. This page is written from the commands (\`node scripts/cli.mjs\`).
In a clone, \`saoma\` is \`node dist/cli/saoma.js\`.

${program.commands.map((command) => section(command, ['saoma'])).join('\n\n')}
`
  return format(text, { ...(await resolveConfig(PAGE)), filepath: PAGE })
}

function section(command, parents) {
  const name = [...parents, command.name()].join(' ')
  const help = command.createHelp()
  const options = help
    .visibleOptions(command)
    .filter(({ long }) => long !== '--help')
    .map((option) => [`\`${option.flags}\``, help.optionDescription(option)])
  const words = help
    .visibleArguments(command)
    .map((argument) => [`\`${argument.name()}\``, help.argumentDescription(argument)])
  const inner = command.commands.map((one) => section(one, [...parents, command.name()]))
  return [
    `${'#'.repeat(parents.length + 1)} ${name}`,
    sentence(command.description()),
    ...(inner.length > 0 ? [] : [`\`\`\`text\n${name} ${command.usage()}\n\`\`\``]),
    ...table('argument', words),
    ...table('option', options),
    ...more(command),
    ...inner,
  ].join('\n\n')
}

function table(head, rows) {
  if (rows.length === 0) return []
  const cells = rows.map(
    (row) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`,
  )
  return [[`| ${head} | |`, '| --- | --- |', ...cells].join('\n')]
}

/** What stands below the options: rules, exit codes, examples. */
function more(command) {
  let shown = ''
  command.configureOutput({ writeOut: (text) => (shown += text) }).outputHelp()
  const text = shown.slice(command.helpInformation().length).trim()
  return text === '' ? [] : [`\`\`\`text\n${text}\n\`\`\``]
}

function sentence(text) {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

if (isMain(import.meta.url)) {
  const { register } = await import('tsx/esm/api')
  register()
  const { createProgram } = await import('../src/cli/program.ts')
  writeFileSync(PAGE, await cliPage(createProgram()))
}
