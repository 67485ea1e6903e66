/**
 * A dialog that is there only while it is needed.
 *
 * @module
 */
import { Modal, type ModalProps } from 'antd'
import { useEffect, useState, type ReactNode } from 'react'

/** An open dialog. When it is gone, what had the focus before has it again. */
export function Dialog(props: Omit<ModalProps, 'open'>): ReactNode {
  const [before] = useState(() => document.activeElement)
  useEffect(
    () => () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    },
    [before],
  )
  return <Modal open {...props} />
}
