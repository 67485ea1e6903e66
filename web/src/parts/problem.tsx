/**
 * What went wrong, in the words of the one who has to do something about it.
 *
 * @module
 */
import { Alert, App, Button } from 'antd'
import type { ReactNode } from 'react'
import { SaomaError } from '../api/request.ts'
import { useTexts } from '../language/language.tsx'

/** The sentence for an error. */
export function useExplain(): (error: unknown) => string {
  const { problems } = useTexts()
  return (error) => {
    if (!(error instanceof SaomaError)) return String(error)
    const own = problems[error.code] ?? error.message
    const alipay = error.alipay?.sub_msg ?? ''
    return alipay === '' ? own : `${own} (${alipay})`
  }
}

/** An error in the place where something should have been. */
export function Problem({
  error,
  again,
}: {
  readonly error: unknown
  readonly again?: () => void
}): ReactNode {
  const texts = useTexts()
  const explain = useExplain()
  const isMissing =
    error instanceof SaomaError && error.status === 404 && !(error.code in texts.problems)
  const isForbidden = error instanceof SaomaError && error.status === 403
  const id = error instanceof SaomaError ? error.requestId : null
  return (
    <Alert
      type={isMissing ? 'info' : 'error'}
      showIcon
      style={{ margin: '12px 0' }}
      title={
        isForbidden ? texts.common.forbidden : isMissing ? texts.common.unfinished : explain(error)
      }
      description={
        error instanceof SaomaError && error.outcome === 'unknown'
          ? texts.outcome.unknown
          : id === null
            ? undefined
            : texts.outcome.requestId(id)
      }
      action={
        again && (
          <Button size="small" onClick={again}>
            {texts.common.retry}
          </Button>
        )
      }
    />
  )
}

/** Tells of an error at the top of the screen. */
export function useComplain(): (error: unknown) => void {
  const { message } = App.useApp()
  const explain = useExplain()
  return (error) => void message.error(explain(error))
}
