/**
 * Something done at the server: told when it is done, told when it is not, and shown anew.
 *
 * @module
 */
import { useQueryClient } from '@tanstack/react-query'
import { App } from 'antd'
import { useTexts } from '../language/language.tsx'
import { useComplain } from './problem.tsx'

/** Does it, and has lists of that name ask again. Resolves with `undefined` where it failed. */
export function useAct(
  name: string,
): <Answer>(work: () => Promise<Answer>, done?: string) => Promise<Answer | undefined> {
  const client = useQueryClient()
  const { message } = App.useApp()
  const complain = useComplain()
  return async (work, done) => {
    try {
      const answer = await work()
      if (done !== undefined) void message.success(done)
      return answer
    } catch (error) {
      complain(error)
      return undefined
    } finally {
      await client.invalidateQueries({ queryKey: [name] })
    }
  }
}

/** Asks before something that cannot be undone. */
export function useConfirm(): (
  title: string,
  content: string,
  ok: string,
  work: () => Promise<unknown>,
) => void {
  const { modal } = App.useApp()
  const { common } = useTexts()
  return (title, content, ok, work) =>
    void modal.confirm({
      title,
      content,
      okText: ok,
      cancelText: common.cancel,
      okButtonProps: { danger: true },
      onOk: work,
    })
}
