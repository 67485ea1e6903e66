/**
 * The hold of refunds after a restored backup, in a terminal.
 *
 * @module
 */

import { connect } from './merchant-api.ts'
import type { ObjectOptions } from './objects.ts'

/** The hold as the API writes it. */
export interface ApiRefundHold {
  readonly status: 'none' | 'held' | 'lifted'
  readonly from: string | null
  readonly until: string | null
  readonly days: readonly { readonly date: string; readonly covered: boolean }[]
  readonly lifted_at: string | null
  readonly lifted_by: string | null
}

/** Asks how it stands, or begins to hold. */
export function readHold({ folder }: ObjectOptions, since?: string): Promise<ApiRefundHold> {
  const api = connect(process.env, folder)
  return since === undefined
    ? api.call('GET', '/refund_hold')
    : api.call('POST', '/refund_hold', { since })
}

/** Ends it. */
export function releaseHold({ folder }: ObjectOptions, reason: string): Promise<ApiRefundHold> {
  return connect(process.env, folder).call('POST', '/refund_hold/lift', { reason })
}

/** Prints it: JSON, or for people. */
export function printHold(hold: ApiRefundHold, { json }: ObjectOptions): void {
  process.stdout.write(json ? `${JSON.stringify(hold)}\n` : describeHold(hold))
}

function describeHold({ status, from, until, days, lifted_at, lifted_by }: ApiRefundHold): string {
  switch (status) {
    case 'none':
      return 'No refund is held.\n'
    case 'lifted':
      return `No refund is held since ${lifted_at}: lifted by ${lifted_by}.\n`
    case 'held': {
      const bills = days.map(({ date, covered }) => `  ${date}  ${covered ? 'covered' : 'missing'}`)
      return [
        `Refunds of what was sold before ${until ?? 'the next start'} are held: the books know nothing since ${from}.`,
        ...(bills.length === 0
          ? []
          : ['Bills, which are fetched each morning from 9:00:', ...bills]),
        'Sooner: compare with Alipay’s console, then `saoma refunds release --reason …`.\n',
      ].join('\n')
    }
  }
}
