/**
 * A secret that is told this once.
 *
 * @module
 */
import { Alert } from 'antd'
import type { ReactNode } from 'react'
import { useTexts } from '../language/language.tsx'
import { Copyable } from './copyable.tsx'
import { Dialog } from './dialog.tsx'

/** Shows it until it is put away. */
export function OnceShown({
  title,
  hint,
  secret,
  close,
}: {
  readonly title: string
  readonly hint?: string
  readonly secret: string
  readonly close: () => void
}): ReactNode {
  const { common } = useTexts()
  return (
    <Dialog
      title={title}
      onCancel={close}
      onOk={close}
      okText={common.done}
      cancelButtonProps={{ style: { display: 'none' } }}
      mask={{ closable: false }}
    >
      <Alert type="warning" showIcon title={common.shownOnce} style={{ marginBottom: 16 }} />
      {hint !== undefined && <p className="quiet">{hint}</p>}
      <Copyable text={secret} />
    </Dialog>
  )
}
