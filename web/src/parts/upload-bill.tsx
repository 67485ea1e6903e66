/**
 * A bill that somebody has as a file, compared as if it had been fetched.
 *
 * @module
 */
import { InboxOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { Progress, Upload } from 'antd'
import { useState, type ReactNode } from 'react'
import { useNavigate } from 'react-router'
import type { Reconciliation } from '../api/objects.ts'
import { sendFile } from '../api/request.ts'
import { useTexts } from '../language/language.tsx'
import { Comparing } from './comparing.tsx'
import { Dialog } from './dialog.tsx'
import { Problem } from './problem.tsx'

/** The dialog. */
export function UploadBill({ close }: { readonly close: () => void }): ReactNode {
  const { reconciliations: texts } = useTexts()
  const client = useQueryClient()
  const navigate = useNavigate()
  const [sent, setSent] = useState<number | null>(null)
  const [error, setError] = useState<unknown>(null)
  const take = async (file: File): Promise<void> => {
    setError(null)
    setSent(0)
    try {
      const compared = await sendFile<Reconciliation>('/v1/bills', file, setSent)
      close()
      await navigate(`/reconciliations/${compared.id}`)
    } catch (problem) {
      setError(problem)
      setSent(null)
    }
    await client.invalidateQueries({ queryKey: ['reconciliations'] })
  }
  return (
    <Dialog title={texts.upload} onCancel={close} footer={null}>
      <p className="quiet">{texts.uploadText}</p>
      {error !== null && <Problem error={error} />}
      {sent === null ? (
        <Upload.Dragger
          accept=".zip,.csv"
          maxCount={1}
          showUploadList={false}
          beforeUpload={(file) => {
            void take(file)
            return false
          }}
        >
          <p className="ant-upload-drag-icon">
            <InboxOutlined />
          </p>
          <p>{texts.uploadDrop}</p>
        </Upload.Dragger>
      ) : sent < 1 ? (
        <div role="status">
          <p style={{ marginBottom: 4 }}>{texts.uploading}</p>
          <Progress percent={Math.floor(sent * 100)} aria-label={texts.uploading} />
        </div>
      ) : (
        <Comparing before={texts.checking} />
      )}
    </Dialog>
  )
}
