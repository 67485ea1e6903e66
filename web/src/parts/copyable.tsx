/**
 * A number or a secret that can be taken along.
 *
 * @module
 */
import { CopyOutlined } from '@ant-design/icons'
import { App, Button } from 'antd'
import type { ReactNode } from 'react'
import { useTexts } from '../language/language.tsx'

/** The text, and a button that copies it. */
export function Copyable({ text }: { readonly text: string }): ReactNode {
  const { common } = useTexts()
  const { message } = App.useApp()
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text)
      void message.success(common.copied)
    } catch {
      void message.warning(common.copyFailed)
    }
  }
  return (
    <span style={{ display: 'inline-flex', alignItems: 'center', gap: 2, maxWidth: '100%' }}>
      <bdi className="mono">{text}</bdi>
      <Button
        type="text"
        size="small"
        icon={<CopyOutlined />}
        aria-label={`${common.copy} ${text.slice(0, 40)}`}
        onClick={() => void copy()}
      />
    </span>
  )
}
