/**
 * What the shop decides for all of its people.
 *
 * @module
 */
import { useQuery } from '@tanstack/react-query'
import { Button, Card, InputNumber, Skeleton, Space, Switch } from 'antd'
import { useState, type ReactNode } from 'react'
import { fen, yuan } from '../../../src/client/money.ts'
import type { ShopSettings } from '../api/objects.ts'
import { request } from '../api/request.ts'
import { useMay } from '../api/session.tsx'
import { useTexts } from '../language/language.tsx'
import { useAct } from '../parts/act.ts'
import { PageHead } from '../parts/page-head.tsx'
import { Problem } from '../parts/problem.tsx'

/** Before somebody chooses one, in fen. */
const USUAL_LIMIT = 100_000

/** The page of settings. */
export default function Settings(): ReactNode {
  const { menu } = useTexts()
  const { data, error, refetch } = useQuery({
    queryKey: ['settings'],
    queryFn: () => request<ShopSettings>('GET', '/v1/settings'),
  })
  return (
    <>
      <PageHead title={menu.settings} />
      {error !== null && <Problem error={error} again={() => void refetch()} />}
      {data === undefined && error === null && <Skeleton active />}
      {data !== undefined && (
        <Approval key={String(data.refund_approval_above)} above={data.refund_approval_above} />
      )}
    </>
  )
}

function Approval({ above }: { readonly above: number | null }): ReactNode {
  const { common, settings: texts } = useTexts()
  const may = useMay()
  const act = useAct('settings')
  const [isOn, setOn] = useState(above !== null)
  const [limit, setLimit] = useState<string | null>(yuan(above ?? USUAL_LIMIT))
  const isLocked = !may('settings:write')
  const save = (): void => {
    void act(
      () =>
        request('PATCH', '/v1/settings', {
          body: { refund_approval_above: isOn ? fen(limit ?? '') : null },
        }),
      common.saved,
    )
  }
  return (
    <Card title={texts.approval} style={{ maxWidth: 640 }}>
      <p className="quiet" style={{ marginTop: 0 }}>
        {texts.approvalText}
      </p>
      <Space wrap size={16}>
        <Switch checked={isOn} onChange={setOn} disabled={isLocked} aria-label={texts.approvalOn} />
        <span>{texts.approvalOn}</span>
        {isOn && (
          <InputNumber<string>
            stringMode
            min="0"
            max="100000000"
            precision={2}
            controls={false}
            prefix="¥"
            suffix={texts.unit}
            value={limit}
            onChange={setLimit}
            disabled={isLocked}
            aria-label={texts.threshold}
            style={{ width: 220 }}
          />
        )}
        {!isLocked && (
          <Button type="primary" disabled={isOn && !limit} onClick={save}>
            {common.save}
          </Button>
        )}
      </Space>
    </Card>
  )
}
