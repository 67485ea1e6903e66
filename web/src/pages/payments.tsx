/**
 * All payments: looked for by what a customer or a bill calls them, narrowed by filters that can be
 * kept.
 *
 * @module
 */
import { DownOutlined, SearchOutlined, StarOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { App, Button, Checkbox, DatePicker, Dropdown, Input, InputNumber, Select } from 'antd'
import dayjs from 'dayjs'
import { useState, type ReactNode } from 'react'
import { Link, useSearchParams } from 'react-router'
import type { List, Payment, SavedFilter } from '../api/objects.ts'
import { request } from '../api/request.ts'
import { midnight, today } from '../beijing.ts'
import { useTexts } from '../language/language.tsx'
import { LongList } from '../parts/long-list.tsx'
import { Foreign, Moment, Money } from '../parts/money.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { useComplain } from '../parts/problem.tsx'
import { PaymentState } from '../parts/states.tsx'

const STATUSES = [
  'created',
  'pending',
  'closing',
  'succeeded',
  'expired',
  'canceled',
  'failed',
] as const
/** What stands in the page's address, and so survives going back. */
const FILTERS = ['q', 'status', 'amount', 'created_from', 'created_before', 'in_review'] as const

type Filters = Readonly<Partial<Record<(typeof FILTERS)[number], string>>>

/** The list of payments. */
export default function Payments(): ReactNode {
  const { common, menu, payment: texts } = useTexts()
  const [address, setAddress] = useSearchParams()
  const filters: Filters = Object.fromEntries(
    FILTERS.flatMap((name) => (address.get(name) ? [[name, address.get(name) ?? '']] : [])),
  )
  const narrow = (change: Filters): void => {
    const next = Object.entries({ ...filters, ...change }).filter(([, value]) => value !== '')
    setAddress(Object.fromEntries(next), { replace: true })
  }
  const isNarrowed = Object.keys(filters).length > 0
  return (
    <>
      <PageHead title={menu.payments} />
      <Toolbar
        key={address.toString()}
        filters={filters}
        narrow={narrow}
        clear={() => setAddress({}, { replace: true })}
        replace={(all) => setAddress({ ...all })}
      />
      <LongList<Payment>
        name="payments"
        path="/v1/payments"
        query={filters}
        empty={isNarrowed ? <NoneFound /> : texts.noneYet}
        width={980}
        columns={[
          {
            title: texts.subject,
            key: 'subject',
            width: 250,
            render: (_, one) => <Title payment={one} />,
          },
          {
            title: texts.amount,
            key: 'amount',
            width: 130,
            align: 'right',
            render: (_, one) => (
              <strong>
                <Money fen={one.amount} />
              </strong>
            ),
          },
          {
            title: common.status,
            key: 'state',
            width: 190,
            render: (_, one) => <PaymentState payment={one} />,
          },
          {
            title: texts.numbers,
            key: 'number',
            width: 250,
            render: (_, { alipay }) => (
              <>
                <bdi className="mono one-line">{alipay.out_trade_no}</bdi>
                <bdi className="mono one-line quiet">{alipay.trade_no}</bdi>
              </>
            ),
          },
          {
            title: texts.createdAt,
            key: 'at',
            width: 170,
            render: (_, one) => <Moment at={one.created_at} />,
          },
        ]}
        card={(one) => (
          <div>
            <div className="card-row">
              <Title payment={one} />
              <strong>
                <Money fen={one.amount} />
              </strong>
            </div>
            <div className="card-row" style={{ marginTop: 8 }}>
              <PaymentState payment={one} />
              <span className="quiet">
                <Moment at={one.created_at} short />
              </span>
            </div>
          </div>
        )}
      />
    </>
  )
}

function NoneFound(): ReactNode {
  const { payment: texts } = useTexts()
  return (
    <div className="none-found">
      <div>{texts.noneFound}</div>
      <ul className="quiet">
        {texts.noneFoundHints.map((hint) => (
          <li key={hint}>{hint}</li>
        ))}
      </ul>
    </div>
  )
}

function Title({ payment }: { readonly payment: Payment }): ReactNode {
  return (
    <span style={{ minWidth: 0, display: 'block' }}>
      <Link to={`/payments/${payment.id}`}>
        <Foreign oneLine>{payment.subject}</Foreign>
      </Link>
      {payment.reference !== null && (
        <span className="quiet" style={{ fontSize: 12 }}>
          <Foreign oneLine>{payment.reference}</Foreign>
        </span>
      )}
    </span>
  )
}

function Toolbar({
  filters,
  narrow,
  clear,
  replace,
}: {
  readonly filters: Filters
  readonly narrow: (change: Filters) => void
  readonly clear: () => void
  readonly replace: (all: Filters) => void
}): ReactNode {
  const { common, payment: texts } = useTexts()
  const [amount, setAmount] = useState(
    filters.amount === undefined ? '' : (Number(filters.amount) / 100).toFixed(2),
  )
  const day = (value: string | undefined, back = 0) =>
    value === undefined ? null : dayjs(value.slice(0, 10)).subtract(back, 'day')
  return (
    <div className="toolbar" role="search">
      <Input.Search
        allowClear
        defaultValue={filters.q}
        placeholder={texts.searchPlaceholder}
        aria-label={texts.searchTitle}
        enterButton={<Button type="primary" icon={<SearchOutlined />} aria-label={common.search} />}
        maxLength={128}
        onSearch={(q) => narrow({ q: asWritten(q) })}
        style={{ flex: '1 1 260px', maxWidth: 420 }}
      />
      <Select<string | null>
        allowClear
        aria-label={common.status}
        placeholder={common.status}
        value={filters.status ?? null}
        onChange={(status) => narrow({ status: status ?? '' })}
        options={STATUSES.map((value) => ({ value, label: texts.status[value] }))}
        style={{ width: 120 }}
      />
      <DatePicker.RangePicker
        // A field that must not stay empty would not let the keyboard go on.
        allowEmpty={[true, true]}
        value={[day(filters.created_from), day(filters.created_before, 1)]}
        placeholder={[common.from, common.to]}
        aria-label={common.time}
        presets={[0, 1, 6, 29].map((back, index) => ({
          label: common.days[index] ?? '',
          value: [
            today().subtract(back, 'day'),
            index === 1 ? today().subtract(1, 'day') : today(),
          ],
        }))}
        onChange={(range) => {
          const [first, last] = range ?? []
          narrow({
            created_from: first ? midnight(first) : '',
            created_before: last ? midnight(last.add(1, 'day')) : '',
          })
        }}
      />
      <InputNumber<string>
        stringMode
        min="0.01"
        precision={2}
        controls={false}
        prefix="¥"
        placeholder={texts.amountFilter}
        aria-label={texts.amountFilter}
        value={amount}
        onChange={(value) => setAmount(value ?? '')}
        onPressEnter={() => narrow({ amount: fenOf(amount) })}
        onBlur={() => narrow({ amount: fenOf(amount) })}
        style={{ width: 150 }}
      />
      <Checkbox
        checked={filters.in_review === 'true'}
        onChange={({ target }) => narrow({ in_review: target.checked ? 'true' : '' })}
        style={{ alignItems: 'center' }}
      >
        {texts.inReview}
      </Checkbox>
      {Object.keys(filters).length > 0 && <Button onClick={clear}>{common.reset}</Button>}
      <SavedFilters filters={filters} replace={replace} />
    </div>
  )
}

function SavedFilters({
  filters,
  replace,
}: {
  readonly filters: Filters
  readonly replace: (all: Filters) => void
}): ReactNode {
  const { common, payment: texts } = useTexts()
  const { modal, message } = App.useApp()
  const client = useQueryClient()
  const complain = useComplain()
  const [name, setName] = useState('')
  const [isNaming, setNaming] = useState(false)
  const { data, error } = useQuery({
    queryKey: ['saved_filters'],
    queryFn: () => request<List<SavedFilter>>('GET', '/v1/saved_filters'),
    staleTime: 60_000,
    retry: false,
  })
  if (error !== null) return null
  const renew = () => client.invalidateQueries({ queryKey: ['saved_filters'] })
  const keep = async (): Promise<void> => {
    try {
      await request('POST', '/v1/saved_filters', {
        body: { name: name.trim(), list: 'payments', filters },
      })
      await renew()
      void message.success(common.saved)
      setNaming(false)
      setName('')
    } catch (problem) {
      complain(problem)
    }
  }
  const drop = (one: SavedFilter): void => {
    void modal.confirm({
      title: (
        <>
          {common.remove} “<Foreign>{one.name}</Foreign>”?
        </>
      ),
      onOk: async () => {
        await request('DELETE', `/v1/saved_filters/${one.id}`).catch(complain)
        await renew()
      },
    })
  }
  if (isNaming) {
    return (
      <Input.Search
        autoFocus
        value={name}
        maxLength={60}
        placeholder={texts.filterName}
        aria-label={texts.filterName}
        enterButton={common.save}
        onChange={({ target }) => setName(target.value)}
        onSearch={() => void (name.trim() === '' ? setNaming(false) : keep())}
        style={{ width: 260 }}
      />
    )
  }
  const items = [
    ...(data?.data ?? [])
      .filter(({ list }) => list === 'payments')
      .map((one) => ({
        key: one.id,
        label: (
          <span className="card-row">
            <Foreign>{one.name}</Foreign>
            <Button
              type="text"
              size="small"
              aria-label={`${common.remove} ${one.name}`}
              onClick={(event) => {
                event.stopPropagation()
                drop(one)
              }}
            >
              ×
            </Button>
          </span>
        ),
        onClick: () => replace(one.filters),
      })),
    ...(Object.keys(filters).length > 0
      ? [
          {
            key: 'keep',
            icon: <StarOutlined />,
            label: texts.saveFilter,
            onClick: () => setNaming(true),
          },
        ]
      : []),
  ]
  if (items.length === 0) return null
  return (
    <Dropdown autoFocus trigger={['click']} menu={{ items }}>
      <Button icon={<StarOutlined />}>
        {texts.savedFilters} <DownOutlined />
      </Button>
    </Dropdown>
  )
}

function fenOf(text: string): string {
  const number = Math.round(Number(text) * 100)
  return number > 0 ? String(number) : ''
}

/** A number that was read out in groups is one number. */
function asWritten(text: string): string {
  const name = text.trim()
  return /^[\d\s]+$/.test(name) ? name.replaceAll(/\s/g, '') : name
}
