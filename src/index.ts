/**
 * `saoma`: payments inside a Node application, with its own SQLite file.
 *
 * @module
 */

export { createPayments, type Payments, type PaymentsOptions } from './payments/index.ts'
export { checkoutView, type CheckoutState, type CheckoutView } from './payments/index.ts'
export type {
  AcceptNotificationResult,
  CancelPaymentResult,
  CreatePaymentOrder,
  CreatePaymentResult,
  CreateRefundRequest,
  CreateRefundResult,
  Failure,
  Payment,
  PaymentEvent,
  PaymentEventType,
  PaymentRecord,
  PaymentStatus,
  PaymentStore,
  Refund,
  RefundStatus,
  TimelineEntry,
} from './payments/index.ts'
export {
  openSqliteStore,
  StoreInUse,
  StoreOfAnother,
  type SqliteStore,
  type SqliteStoreOptions,
} from './store/index.ts'
