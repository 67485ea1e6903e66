/**
 * Who changed what.
 *
 * @module
 */
import type { ReactNode } from 'react'
import type { AuditEntry } from '../api/objects.ts'
import { useTexts } from '../language/language.tsx'
import { LongList } from '../parts/long-list.tsx'
import { Foreign, Moment } from '../parts/money.tsx'
import { PageHead } from '../parts/page-head.tsx'

/** The audit log. */
export default function Audit(): ReactNode {
  const { common, audit: texts } = useTexts()
  const act = (one: AuditEntry): string => texts.actions[one.action] ?? one.action
  const detail = (one: AuditEntry): string =>
    Object.keys(one.detail).length === 0 ? '' : JSON.stringify(one.detail)
  return (
    <>
      <PageHead title={texts.title} lead={texts.lead} />
      <LongList<AuditEntry>
        name="audit"
        path="/v1/audit_entries"
        empty={texts.none}
        columns={[
          { title: common.time, key: 'at', width: 170, render: (_, one) => <Moment at={one.at} /> },
          {
            title: texts.actor,
            key: 'actor',
            width: 190,
            render: (_, one) => <Foreign oneLine>{one.actor}</Foreign>,
          },
          { title: texts.action, key: 'action', width: 180, render: (_, one) => act(one) },
          {
            title: texts.object,
            key: 'object',
            width: 220,
            render: (_, one) => <bdi className="mono one-line">{one.object_id ?? ''}</bdi>,
          },
          {
            title: texts.detail,
            key: 'detail',
            width: 260,
            render: (_, one) => (
              <bdi className="mono one-line" title={detail(one)}>
                {detail(one)}
              </bdi>
            ),
          },
        ]}
        card={(one) => (
          <div>
            <div className="card-row">
              <strong>{act(one)}</strong>
              <span className="quiet">
                <Moment at={one.at} short />
              </span>
            </div>
            <Foreign>{one.actor}</Foreign>
            <div>
              <bdi className="mono quiet">{one.object_id ?? ''}</bdi>
            </div>
          </div>
        )}
      />
    </>
  )
}
