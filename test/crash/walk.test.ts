import { beforeAll, describe, expect, test } from 'vitest'
import { createRandom } from '../../src/emulator/random.ts'
import { CRASH_POINTS } from '../../src/payments/index.ts'
import { WEBHOOK_CRASH_POINTS } from '../../src/webhooks/index.ts'
import { postgresPrograms } from '../machines/postgres.ts'
import { STORIES, type Point } from './stories.ts'
import { walk, type Walk } from './walk.ts'

const ALL = process.env['SAOMA_TEST_ALL'] !== undefined

const POINTS = Object.keys(STORIES) as Point[]

/** The second time that a process gets there, where that is another place of the history. */
const SECOND = POINTS.filter((point) => !/precreate|notification|commit/.test(point)).map(again)

/** Commits are everywhere: some of them in turn; the history may be over before the last ones. */
const COMMITS = (ALL ? [2, 3, 4, 5, 6, 7, '8?', '10?', '12?', '14?'] : [3]).flatMap((time) => [
  `store-before-commit:${time}`,
  `store-after-commit:${time}`,
])

/** Where one process dies, and the one that takes over. */
const PAIRS = [
  'intent-stored before-precreate',
  'precreate-answered before-precreate',
  'notification-committed delivery-sent',
  'refund-sent before-refund-query',
  'refund-answered refund-query-answered',
  'delivery-sent delivery-claimed',
]

/** Alipay has closed the trade before another node may take over. */
const PAIRS_ON_SQLITE = ['cancel-attempted cancel-attempted', 'cancel-answered cancel-attempted']

const WALKS: Readonly<Record<Walk['store'], readonly string[]>> = ALL
  ? {
      sqlite: [...POINTS, ...COMMITS, ...PAIRS, ...PAIRS_ON_SQLITE, ...SECOND],
      postgresql: [...POINTS, ...COMMITS, ...PAIRS, ...SECOND],
    }
  : {
      // What is written is the engine's, whatever the store: each point on one of them, in turn.
      sqlite: [...POINTS.filter((_, index) => index % 2 === 1), ...COMMITS],
      postgresql: POINTS.filter((_, index) => index % 2 === 0),
    }

const CLAIM = ': nothing is lost, and nothing doubled'

/** Under way at a time: more would only wait for each other on a small machine. */
const WALKS_MAX = 3

test('each point has its history', () => {
  const ofStores = ['store-before-commit', 'store-after-commit']
  expect(POINTS.toSorted()).toEqual(
    [...CRASH_POINTS, ...WEBHOOK_CRASH_POINTS, ...ofStores].toSorted(),
  )
})

describe.each(['sqlite', 'postgresql'] as const)('on %s, killed at', (store) => {
  const found = new Map<string, string[]>()
  const names = [...WALKS[store], ...(ALL ? drawPairs(store) : [])]

  // oxlint-disable-next-line no-empty-pattern -- vitest gives the suite in the second place.
  beforeAll(async ({}, suite) => {
    const wanted = suite.tasks.filter(({ mode }) => mode !== 'skip').map(({ name }) => name)
    const work = async (): Promise<void> => {
      for (let name = wanted.shift(); name !== undefined; name = wanted.shift()) {
        const crashes = name.replace(CLAIM, '').split(' ')
        found.set(name, await walk({ store, crashes }))
      }
    }
    await Promise.all(Array.from({ length: WALKS_MAX }, work))
  }, 3_600_000)

  test.skipIf(store === 'postgresql' && postgresPrograms === '').each(names)(`%s${CLAIM}`, (name) =>
    expect(found.get(`${name}${CLAIM}`)).toEqual([]),
  )
})

function again(point: Point): string {
  return `${point}:2`
}

/** New ones at each run. The second may not be passed any more after the first. */
function drawPairs(store: Walk['store']): string[] {
  const random = createRandom((Date.now() % 1_000_000) + store.length)
  const draw = (): string => {
    const point = POINTS[Math.floor(random() * POINTS.length)] as Point
    return random() < 0.5 ? point : again(point)
  }
  const pairs = Array.from({ length: 60 }, () => `${draw()} ${draw()}?`)
  return [...new Set(pairs)]
}
