/**
 * A list of any length: pages come as it is scrolled, and only the rows in sight exist.
 *
 * @module
 */
import { useInfiniteQuery } from '@tanstack/react-query'
import { Empty, Grid, Spin, Table, type TableColumnType } from 'antd'
import { useEffect, useRef, useState, type ReactNode, type UIEvent } from 'react'
import type { List } from '../api/objects.ts'
import { request } from '../api/request.ts'
import { useTexts } from '../language/language.tsx'
import { Problem } from './problem.tsx'

const PAGE = 50
/** Before the end comes into sight, the next page is asked for. */
const AHEAD_PX = 800
/** Lines that are always worth seeing, however low the window. */
const HEIGHT_MIN = 320

/** A list of the API. */
export function LongList<Item extends { readonly id: string }>({
  name,
  path,
  query = {},
  columns,
  card,
  empty,
  width = 900,
}: {
  /** Under which changes are told. */
  readonly name: string
  readonly path: string
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  readonly columns: readonly TableColumnType<Item>[]
  /** A row on a phone. */
  readonly card: (item: Item) => ReactNode
  readonly empty: ReactNode
  /** Below it the table scrolls sideways, in pixels. */
  readonly width?: number
}): ReactNode {
  const { common } = useTexts()
  const isWide = Grid.useBreakpoint().md !== false
  const { data, error, refetch, isPending, isFetchingNextPage, hasNextPage, fetchNextPage } =
    useInfiniteQuery({
      queryKey: [name, path, query],
      queryFn: ({ pageParam, signal }) =>
        request<List<Item>>('GET', path, {
          query: { ...query, limit: PAGE, starting_after: pageParam },
          signal,
        }),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (last) => (last.has_more ? last.data.at(-1)?.id : undefined),
    })
  const place = useRef<HTMLDivElement>(null)
  const height = useRestOfWindow(place)
  if (error !== null && data === undefined)
    return <Problem error={error} again={() => void refetch()} />
  const items = data?.pages.flatMap((page) => page.data) ?? []
  const onScroll = ({
    currentTarget: { scrollTop, clientHeight, scrollHeight },
  }: UIEvent<HTMLElement>): void => {
    const isNearEnd = scrollTop + clientHeight > scrollHeight - AHEAD_PX
    if (isNearEnd && hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }
  const cardColumn: TableColumnType<Item> = { key: 'card', render: (_, item) => card(item) }
  return (
    <div ref={place}>
      <Table<Item>
        key={isWide ? 'wide' : 'narrow'}
        virtual
        rowKey="id"
        loading={isPending}
        dataSource={items}
        columns={isWide ? [...columns] : [cardColumn]}
        showHeader={isWide}
        pagination={false}
        scroll={{ x: isWide ? width : 300, y: height }}
        onScroll={onScroll}
        locale={{
          emptyText: isPending ? (
            common.loading
          ) : (
            <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={empty} />
          ),
        }}
      />
      <div
        className="quiet"
        style={{ textAlign: 'center', paddingTop: 10, minHeight: 32 }}
        role="status"
      >
        {isFetchingNextPage ? (
          <Spin size="small" />
        ) : !hasNextPage && items.length > 0 ? (
          common.loadedAll(items.length)
        ) : null}
      </div>
    </div>
  )
}

/** So many pixels are left below where the list begins. */
function useRestOfWindow(place: { readonly current: HTMLElement | null }): number {
  const [height, setHeight] = useState(HEIGHT_MIN)
  useEffect(() => {
    const measure = (): void => {
      const top = (place.current?.getBoundingClientRect().top ?? 0) + scrollY
      setHeight(Math.max(HEIGHT_MIN, innerHeight - top - 130))
    }
    measure()
    addEventListener('resize', measure)
    return () => removeEventListener('resize', measure)
  }, [place])
  return height
}
