/**
 * How far a comparison of a bill is, while it runs.
 *
 * @module
 */
import { useQuery } from '@tanstack/react-query'
import { Progress } from 'antd'
import type { ReactNode } from 'react'
import type { List, Reconciliation } from '../api/objects.ts'
import { request } from '../api/request.ts'
import { useTexts } from '../language/language.tsx'

/** Between two looks, in milliseconds. */
const LOOK_MS = 700

/** Follows what runs now; `before`: what is done until a first row is compared. */
export function Comparing({ before }: { readonly before: string }): ReactNode {
  const { reconciliations: texts } = useTexts()
  const { data } = useQuery({
    queryKey: ['reconciliations', 'running'],
    queryFn: () => request<List<Reconciliation>>('GET', '/v1/reconciliations'),
    refetchInterval: LOOK_MS,
  })
  const one = data?.data.find(({ status }) => status === 'running')
  const rows = one?.rows_read ?? 0
  const part = one?.rows ? Math.floor((rows / one.rows) * 100) : 100
  return (
    <div role="status">
      <p style={{ marginBottom: 4 }}>{rows === 0 ? before : texts.comparing(rows)}</p>
      <Progress percent={part} status="active" showInfo={Boolean(one?.rows)} aria-label={before} />
      <p className="quiet">{texts.keepsOn}</p>
    </div>
  )
}
