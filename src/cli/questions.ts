/**
 * Questions at a terminal.
 *
 * @module
 */

import { Failure } from './failure.ts'

/** Someone who can be asked. */
export interface Questions {
  /**
   * A line of text, without blanks around it.
   *
   * @param check What is wrong with an answer; `undefined` where nothing is.
   */
  text(
    question: string,
    options: {
      readonly suggestion?: string | undefined
      readonly check: (answer: string) => string | undefined
    },
  ): Promise<string>
  /** One of several. */
  choose<Value extends string>(
    question: string,
    choices: readonly (readonly [value: Value, label: string])[],
  ): Promise<Value>
}

/**
 * The person at the terminal.
 *
 * @param canceled What is said to one who leaves with Ctrl+C or Escape.
 */
export async function terminalQuestions(canceled: string): Promise<Questions> {
  const { isCancel, select, text } = await import('@clack/prompts')
  const answered = <Answer>(answer: Answer): Exclude<Answer, symbol> => {
    if (isCancel(answer)) throw new Failure(canceled, 1)
    return answer as Exclude<Answer, symbol>
  }
  return {
    async text(message, { suggestion, check }) {
      const answer = await text({
        message,
        ...(suggestion !== undefined && { placeholder: suggestion, defaultValue: suggestion }),
        validate: (value) => check(clean(value) || (suggestion ?? '')),
      })
      return clean(answered(answer))
    },
    async choose<Value extends string>(
      message: string,
      choices: readonly (readonly [value: Value, label: string])[],
    ) {
      const options = choices.map(([value, label]) => ({ value: value as string, label }))
      return answered(await select({ message, options })) as Value
    },
  }
}

function clean(answer: string | undefined): string {
  return (answer ?? '').trim()
}
