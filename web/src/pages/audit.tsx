/**
 * Who changed what, when, and from where.
 *
 * @module
 */
import { useQuery } from '@tanstack/react-query'
import { Select } from 'antd'
import { useState, type ReactNode } from 'react'
import { Link } from 'react-router'
import { AUDIT_ACTIONS, type AuditAction } from '../../../src/access/audit-actions.ts'
import type { AuditEntry, List, User } from '../api/objects.ts'
import { request } from '../api/request.ts'
import { useMay } from '../api/session.tsx'
import { useTexts } from '../language/language.tsx'
import { LongList } from '../parts/long-list.tsx'
import { Foreign, Moment, yuanText } from '../parts/money.tsx'
import { PageHead } from '../parts/page-head.tsx'

/** Entries of which the people to choose from are taken, beside those of the team. */
const RECENT = 100

/** The audit log. */
export default function Audit(): ReactNode {
  const { common, audit: texts } = useTexts()
  const [actor, setActor] = useState<string | null>(null)
  const [action, setAction] = useState<AuditAction | null>(null)
  const people = usePeople()
  const did = (one: AuditEntry): string =>
    (texts.actions as Readonly<Record<string, string>>)[one.action] ?? one.action
  const areas = [...new Set(AUDIT_ACTIONS.map(areaOf))].map((area) => ({
    label: texts.areas[area] ?? area,
    options: AUDIT_ACTIONS.filter((one) => areaOf(one) === area).map((value) => ({
      value,
      label: texts.actions[value],
    })),
  }))
  return (
    <>
      <PageHead title={texts.title} lead={texts.lead} />
      <div className="toolbar">
        <Select<string | null>
          allowClear
          showSearch={{ optionFilterProp: 'label' }}
          aria-label={texts.actor}
          placeholder={texts.anyone}
          value={actor}
          onChange={(value) => setActor(value ?? null)}
          options={people}
          style={{ width: 220 }}
        />
        <Select<AuditAction | null>
          allowClear
          showSearch={{ optionFilterProp: 'label' }}
          aria-label={texts.action}
          placeholder={texts.anything}
          value={action}
          onChange={(value) => setAction(value ?? null)}
          options={areas}
          style={{ width: 220 }}
        />
      </div>
      <LongList<AuditEntry>
        name="audit"
        path="/v1/audit_entries"
        query={{ actor: actor ?? undefined, action: action ?? undefined }}
        empty={texts.none}
        width={1_000}
        columns={[
          { title: common.time, key: 'at', width: 170, render: (_, one) => <Moment at={one.at} /> },
          {
            title: texts.actor,
            key: 'actor',
            width: 150,
            render: (_, one) => <Foreign oneLine>{nameOf(one)}</Foreign>,
          },
          { title: texts.action, key: 'action', width: 170, render: (_, one) => did(one) },
          {
            title: texts.detail,
            key: 'detail',
            width: 250,
            render: (_, one) => <Detail entry={one} />,
          },
          {
            title: texts.object,
            key: 'object',
            width: 180,
            render: (_, one) => <ObjectOf entry={one} />,
          },
          {
            title: texts.address,
            key: 'address',
            width: 130,
            render: (_, one) => <bdi className="mono one-line">{addressOf(one)}</bdi>,
          },
        ]}
        card={(one) => (
          <div>
            <div className="card-row">
              <strong>{did(one)}</strong>
              <span className="quiet">
                <Moment at={one.at} short />
              </span>
            </div>
            <div className="card-row">
              <Foreign>{nameOf(one)}</Foreign>
              <bdi className="mono quiet">{addressOf(one)}</bdi>
            </div>
            <Detail entry={one} />
            <ObjectOf entry={one} />
          </div>
        )}
      />
    </>
  )
}

/** Who may have done something: the team, and whoever has lately. */
function usePeople() {
  const may = useMay()
  const { data: users } = useQuery({
    queryKey: ['users'],
    queryFn: () => request<List<User>>('GET', '/v1/users'),
    enabled: may('users:read'),
  })
  const { data: recent } = useQuery({
    queryKey: ['audit', 'people'],
    queryFn: () =>
      request<List<AuditEntry>>('GET', '/v1/audit_entries', { query: { limit: RECENT } }),
  })
  const names = new Map<string, string>()
  for (const one of recent?.data ?? []) names.set(one.actor, nameOf(one))
  for (const { id, name } of users?.data ?? []) names.set(id, name)
  return [...names].map(([value, label]) => ({ value, label }))
}

/** What was given with it, as far as people know it by a name. */
function Detail({ entry }: { readonly entry: AuditEntry }): ReactNode {
  const { audit: texts, common, roles } = useTexts()
  const word = (name: string, value: unknown): string => {
    if (value === null) return common.none
    if (typeof value === 'boolean') return value ? common.yes : common.no
    if (typeof value === 'number' && /amount|_above$/.test(name)) return yuanText(value)
    if (typeof value !== 'string') return JSON.stringify(value)
    return name === 'role' ? (roles[value] ?? value) : value
  }
  const said = Object.entries(entry.detail).map(
    ([name, value]) => `${texts.details[name] ?? name} ${word(name, value)}`,
  )
  return said.length === 0 ? null : <Foreign oneLine>{said.join(' · ')}</Foreign>
}

function ObjectOf({ entry }: { readonly entry: AuditEntry }): ReactNode {
  const { object_id: id } = entry
  if (id === null) return null
  const text = <bdi className="mono one-line">{id}</bdi>
  return id.startsWith('pay_') ? <Link to={`/payments/${id}`}>{text}</Link> : text
}

function nameOf({ actor, actor_name: name }: AuditEntry): string {
  return name ?? actor
}

function addressOf(entry: AuditEntry): string {
  return entry.address ?? '—'
}

/** What an action is done to, by its name. */
function areaOf(action: AuditAction): string {
  return action.split('.')[0] ?? action
}
