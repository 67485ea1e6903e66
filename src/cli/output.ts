/**
 * How commands write to a terminal: colours where they are wanted, and nothing that a pasted text
 * could do to it.
 *
 * @module
 */

import type { Environment } from './configuration.ts'

/** Text effects; each gives the text as it is where colours are not wanted. */
export interface Style {
  bold(text: string): string
  dim(text: string): string
  red(text: string): string
  green(text: string): string
  yellow(text: string): string
}

/**
 * Effects for a stream: on for a terminal, unless `NO_COLOR` is set.
 *
 * @see {@link https://no-color.org}
 */
export function createStyle(stream: { readonly isTTY?: boolean }, env: Environment): Style {
  const on = stream.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'
  const effect =
    (start: number, end: number) =>
    (text: string): string =>
      on ? `\u{1B}[${start}m${text}\u{1B}[${end}m` : text
  return {
    bold: effect(1, 22),
    dim: effect(2, 22),
    red: effect(31, 39),
    green: effect(32, 39),
    yellow: effect(33, 39),
  }
}

/** Shows control characters instead of letting them act: what is printed came from elsewhere. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/[\u{0}-\u{8}\u{B}-\u{1F}\u{7F}-\u{9F}]/gu, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16)
    return `\\x${code.padStart(2, '0')}`
  })
}

/** A table of two columns, the first one aligned, each line indented by two blanks. */
export function columns(rows: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(0, ...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`.trimEnd()).join('\n')
}
