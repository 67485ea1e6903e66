/**
 * The statements that one payment took, made to be those of any number of others: its ids are
 * replaced, wherever they stand in a parameter.
 *
 * @module
 */

/** A text with its ids taken out, to be filled in for the n-th copy. */
export type Stamp<Value> = (copy: number) => Value

/** Replaces the end of each id by the number of the copy, so that none has those of another. */
export class Stamps {
  readonly #ids: readonly string[]
  readonly #pattern: RegExp

  /** @param ids Letters, digits and underscores; longer than {@link SUFFIX_LENGTH}. */
  constructor(ids: readonly string[]) {
    this.#ids = ids
    this.#pattern = new RegExp(`(${ids.join('|')})`)
  }

  /** Whether a parameter names one of the ids. */
  isNamedIn(parameters: readonly unknown[]): boolean {
    return this.#ids.some((id) => JSON.stringify(parameters).includes(id))
  }

  /** Makes the parameters of copies. */
  of(parameters: readonly unknown[]): Stamp<unknown[]> {
    const stamps = parameters.map((parameter) => this.#ofValue(parameter))
    return (copy) => stamps.map((stamp) => stamp(copy))
  }

  /** Makes copies of a text. */
  ofText(text: string): Stamp<string> {
    const parts = text.split(this.#pattern)
    if (parts.length === 1) return () => text
    return (copy) => {
      const suffix = copy.toString(36).padStart(SUFFIX_LENGTH, '0')
      return parts
        .map((part, index) => (index % 2 === 0 ? part : part.slice(0, -SUFFIX_LENGTH) + suffix))
        .join('')
    }
  }

  #ofValue(value: unknown): Stamp<unknown> {
    if (typeof value === 'string') return this.ofText(value)
    if (typeof value !== 'object' || value === null) return () => value
    const stamps = Object.entries(value).map(
      ([name, inner]) => [name, this.#ofValue(inner)] as const,
    )
    return (copy) => Object.fromEntries(stamps.map(([name, stamp]) => [name, stamp(copy)]))
  }
}

/** More copies than any measurement makes: 36 to the power of it. */
const SUFFIX_LENGTH = 8
