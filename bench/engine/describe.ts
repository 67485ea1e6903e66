/**
 * The report as text: tables, how it was measured, and what was missed.
 *
 * @module
 */
import { BATCH, LANES } from './bare-postgres.ts'
import { GROUP } from './bare-sqlite.ts'
import { CLAIMED, OPEN } from './cost-per-poll.ts'
import type { OpenPaymentsLevel } from './open-payments.ts'
import { SETTINGS } from './postgres.ts'
import type { Report, StoreReport } from './report.ts'
import { REFERENCE, SIGNED_TARGET, type Verdict } from './targets.ts'
import { CONCURRENCY, CREATORS, perSecond, UNDER_WAY_MAX, type Throughput } from './throughput.ts'
import { heldOf } from './verdicts.ts'

const NAMES = { sqlite: 'SQLite', postgresql: 'PostgreSQL' }

/** Writes it. */
export function describe(
  report: Report,
  verdicts: readonly Verdict[],
  { seconds, machine }: { readonly seconds: number; readonly machine: string },
): string {
  return [
    describeMachine(report, machine),
    describeThroughput(report, seconds),
    describeOpen(report, seconds),
    describeCost(report),
    ...report.stores.map(describePlans),
    describeVerdicts(report, verdicts),
  ].join('\n\n')
}

function describeMachine({ signatures, disk, scale }: Report, machine: string): string {
  return `${machine}
RSA-2048 signatures a second: ${whole(signatures.oneCore)} on one core, ${whole(signatures.allCores)} on all (16 in flight); the machine of the
targets: ${whole(REFERENCE.oneCore)} and ${whole(REFERENCE.allCores)}; so targets scale by ${scale.toFixed(2)} here. Flushes of the disk a second: ${whole(disk)}.`
}

function describeThroughput({ stores, peers, signatures }: Report, seconds: number): string {
  const signable = signatures.allCores / 2
  const rows = stores.flatMap(({ kind, throughput, bare }) => [
    throughputRow(`${NAMES[kind]}, saoma`, throughput),
    table([`${NAMES[kind]}, the same statements bare`, whole(bare)], WIDTHS),
  ])
  const peerRows = peers.map(({ insertedAtOnce, throughput }) =>
    throughputRow(`PostgreSQL, pg-boss, orders by ${insertedAtOnce}`, throughput),
  )
  const ratios = stores.map(({ kind, throughput, bare }) => {
    const own = perSecond(throughput)
    const toPeers = peers.map(
      ({ insertedAtOnce, throughput: peer }) =>
        `, ${ratio(own / perSecond(peer))} pg-boss by ${insertedAtOnce}`,
    )
    return `${NAMES[kind]}: ${ratio(own / bare)} the bare statements, ${ratio(own / signable)} what can be signed${kind === 'postgresql' ? toPeers.join('') : ''}.`
  })
  return `PAYMENTS A SECOND: created, polled once after 1 s, paid, read from the events
${table(['', 'payments/s', 'CPU ms', 'server', 'commits', 'RSS MB', 'server', 'p50 s', 'p99 s'], WIDTHS)}
${[...rows, ...peerRows].join('\n')}
${table(['signatures, 2 a payment', whole(signable)], WIDTHS)}
${ratios.join('\n')}
CPU and commits are for each payment, and on PostgreSQL a read is a commit too; p50 and p99 from the call to the event.
${seconds} s after a warm-up; ${whole(CREATORS)} calls of create under way, ${whole(UNDER_WAY_MAX)} payments, concurrencyMax ${whole(CONCURRENCY)}. The gateway is in
the memory of the process, without signatures; so are those who create and the one who reads, and they count.
Bare: the statements of one payment, written down and sent for others, ${GROUP} payments a commit on SQLite, ${BATCH} a
statement on ${LANES} connections on PostgreSQL. pg-boss 10: three jobs a payment and no row of its own; fetched and
completed by 500, by loops that do not pause while there is work; orders by 1 as they come, by 200 as if an application
gathered them. saoma gathers its writes itself.
PostgreSQL: ${Object.entries(SETTINGS)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ')}, else its defaults; SQLite: WAL, synchronous=FULL; both on disk.`
}

const WIDTHS = [-38, 12, 9, 9, 9, 9, 9, 8, 8]

function throughputRow(name: string, throughput: Throughput): string {
  const { payments, commits, resources, fromCreateToPaidMs } = throughput
  return table(
    [
      name,
      whole(perSecond(throughput)),
      (resources.cpuMs / payments).toFixed(3),
      resources.serverCpuMs === null ? '' : (resources.serverCpuMs / payments).toFixed(3),
      (commits / payments).toFixed(3),
      whole(resources.rssMb),
      resources.serverRssMb === null ? '' : whole(resources.serverRssMb),
      (fromCreateToPaidMs.p50 / 1_000).toFixed(2),
      (fromCreateToPaidMs.p99 / 1_000).toFixed(2),
    ],
    WIDTHS,
  )
}

function describeOpen({ stores }: Report, seconds: number): string {
  const rows = stores.flatMap(({ kind, open, signed }) => [
    ...open.map((level) => openRow(NAMES[kind], level)),
    ...signed.map((level) => openRow(`${NAMES[kind]}, signed`, level)),
  ])
  const held = stores.map(
    ({ kind, signed }) =>
      `${NAMES[kind]}: ${whole(heldOf(signed, SIGNED_TARGET.latenessMaxMs))} open payments are polled in time with real signatures.`,
  )
  return `OPEN PAYMENTS: each polled every 5 s, half of them scanned; lateness is when a query was made, less when it was due
${table(['', 'open', 'polls/s', 'p50 ms', 'p99 ms', 'max ms', 'CPU %', 'server', 'RSS MB', 'server'], OPEN_WIDTHS)}
${rows.join('\n')}
${held.join('\n')}
${seconds} s at each level (half of it where signed), after each payment was polled once; opened evenly over 10 s.
CPU in percent of one core. Signed: each query is signed (RSA-2048) before it counts as made, and an answer verified.`
}

const OPEN_WIDTHS = [-20, 8, 9, 9, 9, 9, 8, 8, 8, 8]

function openRow(name: string, { open, polls, latenessMs, resources }: OpenPaymentsLevel): string {
  const percent = (cpuMs: number): string => whole((cpuMs * 100) / resources.elapsedMs)
  return table(
    [
      name,
      whole(open),
      whole((polls * 1_000) / resources.elapsedMs),
      ...[latenessMs.p50, latenessMs.p99, latenessMs.max].map(whole),
      percent(resources.cpuMs),
      resources.serverCpuMs === null ? '' : percent(resources.serverCpuMs),
      whole(resources.rssMb),
      resources.serverRssMb === null ? '' : whole(resources.serverRssMb),
    ],
    OPEN_WIDTHS,
  )
}

function describeCost({ stores }: Report): string {
  const micro = (ms: number): string => (ms * 1_000).toFixed(1)
  const rows = stores.flatMap(({ kind, costPerPoll }) =>
    costPerPoll.sizes.map(({ rows: count, claimMs, rescheduleMs, findMs, listMs }) =>
      table(
        [
          NAMES[kind],
          whole(count),
          ...[claimMs, rescheduleMs, findMs, listMs].flatMap(({ p50, p99 }) => [
            micro(p50),
            micro(p99),
          ]),
        ],
        COST_WIDTHS,
      ),
    ),
  )
  return `COST OF A POLL in a table that grows, µs a payment
${table(['', 'rows', 'claim p50', 'p99', 'move p50', 'p99', 'find p50', 'p99', 'list p50', 'p99'], COST_WIDTHS)}
${rows.join('\n')}
${whole(OPEN)} payments are open, ${CLAIMED} are claimed and moved in one go, flushed to disk; find is one lookup by Alipay's number,
list one by the merchant's reference. The other rows are ended payments, copied by the database itself.`
}

const COST_WIDTHS = [-14, 11, 11, 9, 10, 9, 10, 9, 10, 9]

function describePlans({ kind, costPerPoll: { plans, sizes } }: StoreReport): string {
  const lines = plans.map(({ name, lines: steps }) => `${name}\n    ${steps.join('\n    ')}`)
  return `PLANS of ${NAMES[kind]} at ${whole(sizes.at(-1)?.rows ?? 0)} rows, of the very statements that the store sends\n${lines.join('\n')}`
}

function describeVerdicts({ scale }: Report, verdicts: readonly Verdict[]): string {
  const word = (isMet: boolean): string => (isMet ? 'met' : 'MISSED')
  const rows = verdicts.map(
    ({ target, measured, isMet, isMetScaled }) =>
      `${target}\n    ${measured}: ${word(isMet)}${isMet === isMetScaled ? '' : `; scaled: ${word(isMetScaled)}`}`,
  )
  return `TARGETS, and scaled by ${scale.toFixed(2)} for this machine\n${rows.join('\n')}`
}

/** Cells of given widths; those of negative widths begin at the left. */
function table(cells: readonly string[], widths: readonly number[]): string {
  const padded = cells.map((cell, index) => {
    const width = widths[index] ?? 0
    return width < 0 ? cell.padEnd(-width) : cell.padStart(width)
  })
  return padded.join('').trimEnd()
}

function ratio(value: number): string {
  return `${value.toFixed(2)} times`
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en')
}
