/**
 * Scripts by which a shell completes `saoma`: made from the commands themselves, so that they know
 * each command, each option, and the values that an option may have.
 *
 * @module
 */

import type { Command, Option } from 'commander'

/** The shells that are known. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const

/** One of them. */
export type Shell = (typeof SHELLS)[number]

/** The script of a shell. */
export function completionScript(program: Command, shell: Shell): string {
  return SCRIPTS[shell](placesOf(program))
}

/** A command, or a group of them, as far as it has been typed. */
interface Place {
  /** `payments list`; empty for the program itself. */
  readonly name: string
  readonly commands: readonly Word[]
  readonly options: readonly Word[]
  /** What may stand there without a dash. */
  readonly values: readonly string[]
  /** Options that take a value, under all their names. */
  readonly taking: readonly { readonly flags: readonly string[]; readonly value: Value }[]
}

interface Word {
  readonly word: string
  readonly description: string
}

/** A choice of texts, the name of a file or of a folder, or what nobody can guess. */
type Value = readonly string[] | 'file' | 'folder' | 'any'

function placesOf(command: Command, parents: readonly string[] = []): Place[] {
  const options = command.createHelp().visibleOptions(command)
  const inner = command.commands
  const place: Place = {
    name: parents.join(' '),
    commands: inner.map((one) => ({ word: one.name(), description: one.description() })),
    options: options.flatMap((option) =>
      flagsOf(option).map((word) => ({ word, description: option.description })),
    ),
    values: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
    taking: options
      .filter(({ required, optional }) => required || optional)
      .map((option) => ({ flags: flagsOf(option), value: valueOf(option) })),
  }
  return [place, ...inner.flatMap((one) => placesOf(one, [...parents, one.name()]))]
}

function flagsOf({ short, long }: Option): string[] {
  return [short, long].filter((flag) => flag !== undefined && flag !== null)
}

function valueOf({ argChoices, flags }: Option): Value {
  if (argChoices !== undefined) return argChoices
  if (/<folder>/.test(flags)) return 'folder'
  return /<file\b/.test(flags) ? 'file' : 'any'
}

const SCRIPTS: Readonly<Record<Shell, (places: readonly Place[]) => string>> = { bash, zsh, fish }

function bash(places: readonly Place[]): string {
  const cases = (line: (place: Place) => string): string =>
    places.map((place) => `    ${quote(place.name)}) ${line(place)} ;;`).join('\n')
  const words = ({ commands, options, values }: Place): string =>
    [...commands, ...options]
      .map(({ word }) => word)
      .concat(values)
      .join(' ')
  const values = valueCases(places, {
    choices: (choices) => `COMPREPLY=($(compgen -W ${quote(choices.join(' '))} -- "$typed"))`,
    file: 'compopt -o filenames; COMPREPLY=($(compgen -f -- "$typed"))',
    folder: 'compopt -o filenames; COMPREPLY=($(compgen -d -- "$typed"))',
    any: 'COMPREPLY=()',
  })
  return `# Completion of saoma in bash. For every shell: saoma completion bash >> ~/.bashrc
_saoma() {
  local typed="\${COMP_WORDS[COMP_CWORD]}" place='' before='' word at words
  for ((at = 1; at < COMP_CWORD; at++)); do
    word="\${COMP_WORDS[at]}"
    case "$place $before" in
      ${takingPattern(places)}) ;;
      *) case "\${place:+$place }$word" in
        ${namesPattern(places)}) place="\${place:+$place }$word" ;;
      esac ;;
    esac
    before="$word"
  done
  case "$place $before" in
${values}
  esac
  case "$place" in
${cases((place) => `words=${quote(words(place))}`)}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$typed"))
}
complete -F _saoma saoma
`
}

function zsh(places: readonly Place[]): string {
  const cases = places.map(({ name, commands, options, values }) => {
    const described = [
      ...commands,
      ...options,
      ...values.map((word) => ({ word, description: '' })),
    ]
    const entries = described.map(({ word, description }) =>
      quote(`${word.replaceAll(':', '\\:')}:${description}`),
    )
    return `    ${quote(name)}) described=(${entries.join(' ')}) ;;`
  })
  const values = valueCases(places, {
    choices: (choices) => `compadd -- ${choices.map(quote).join(' ')}`,
    file: '_files',
    folder: '_files -/',
    any: '_message value',
  })
  return `#compdef saoma
# Completion of saoma in zsh. For every shell: a file _saoma in a folder of $fpath.
_saoma() {
  local place='' before='' word at
  local -a described
  for ((at = 2; at < CURRENT; at++)); do
    word="\${words[at]}"
    case "$place $before" in
      ${takingPattern(places)}) ;;
      *) case "\${place:+$place }$word" in
        ${namesPattern(places)}) place="\${place:+$place }$word" ;;
      esac ;;
    esac
    before="$word"
  done
  case "$place $before" in
${values}
  esac
  case "$place" in
${cases.join('\n')}
  esac
  _describe saoma described
}
if [[ "\${funcstack[1]}" = _saoma ]]; then _saoma "$@"; else compdef _saoma saoma; fi
`
}

function fish(places: readonly Place[]): string {
  const lines = places.flatMap(({ name, commands, options, values, taking }) => {
    const here = `complete -c saoma -n ${quote(`test "$(__saoma_place)" = ${quote(name)}`)}`
    const valued = new Map(taking.flatMap(({ flags, value }) => flags.map((flag) => [flag, value])))
    return [
      ...commands.map(
        ({ word, description }) => `${here} -f -a ${quote(word)} -d ${quote(description)}`,
      ),
      ...values.map((word) => `${here} -f -a ${quote(word)}`),
      ...options.map(({ word, description }) => {
        const flag = word.startsWith('--') ? `-l ${word.slice(2)}` : `-s ${word.slice(1)}`
        return `${here} ${flag}${fishValue(valued.get(word))} -d ${quote(description)}`
      }),
    ]
  })
  const skipped = places.flatMap(({ name, taking }) =>
    taking.flatMap(({ flags }) => flags.map((flag) => quote(`${name} ${flag}`))),
  )
  return `# Completion of saoma in fish. For every shell: ~/.config/fish/completions/saoma.fish
function __saoma_place
  set -l place ''
  set -l before ''
  for word in (commandline -opc)[2..]
    if not contains -- "$place $before" ${skipped.join(' ')}
      set -l longer (string trim -- "$place $word")
      if contains -- "$longer" ${namesOf(places).map(quote).join(' ')}
        set place $longer
      end
    end
    set before $word
  end
  echo $place
end
complete -c saoma -f
${lines.join('\n')}
`
}

function fishValue(value: Value | undefined): string {
  if (value === undefined) return ''
  if (value === 'file') return ' -r -F'
  if (value === 'folder') return ` -x -a '(__fish_complete_directories)'`
  return value === 'any' ? ' -x' : ` -x -a ${quote(value.join(' '))}`
}

/** What follows an option that takes a value, in the words of bash and zsh. */
function valueCases(
  places: readonly Place[],
  say: {
    readonly choices: (choices: readonly string[]) => string
    readonly file: string
    readonly folder: string
    readonly any: string
  },
): string {
  return places
    .flatMap(({ name, taking }) =>
      taking.map(({ flags, value }) => {
        const pattern = flags.map((flag) => quote(`${name} ${flag}`)).join('|')
        const reply = typeof value === 'string' ? say[value] : say.choices(value)
        return `    ${pattern}) ${reply}; return ;;`
      }),
    )
    .join('\n')
}

/** After these stands a value, which is no command whatever it says. */
function takingPattern(places: readonly Place[]): string {
  return places
    .flatMap(({ name, taking }) =>
      taking.flatMap(({ flags }) => flags.map((flag) => quote(`${name} ${flag}`))),
    )
    .join('|')
}

function namesPattern(places: readonly Place[]): string {
  return namesOf(places).map(quote).join('|')
}

function namesOf(places: readonly Place[]): string[] {
  return places.map(({ name }) => name).filter((name) => name !== '')
}

/** For any of the three shells. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
