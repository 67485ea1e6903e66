/**
 * What people look for in long lists, and no step of a payment asks: an amount, and those refunds
 * that are few among the many. A payment that is still open is found by its row in `due_payments`.
 *
 * @module
 */

/** The statements that make it, the same for both databases. */
export function listsSchema(): readonly string[] {
  return [
    'create index payments_by_amount on payments (app, amount, created_at, id)',
    `create index refunds_by_status on refunds (status, created_at, id)
      where status in ('pending', 'processing', 'requires_action', 'failed', 'canceled')`,
  ]
}
