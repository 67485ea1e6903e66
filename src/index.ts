/**
 * `saoma`: payments inside a Node application, with its own SQLite file or a PostgreSQL.
 *
 * @module
 */

export {
  createAccess,
  createDesk,
  createUsers,
  MasterKey,
  MasterKeyInvalid,
  SCOPES,
  type Access,
  type AccessOptions,
  type ApiKey,
  type Desk,
  type Scope,
  type User,
  type Users,
  type UsersOptions,
} from './access/index.ts'
export {
  BillInvalid,
  createBooks,
  type BillFault,
  type Books,
  type BooksOptions,
  type BooksRules,
  type DaySummary,
  type Difference,
  type Reconciliation,
} from './books/index.ts'
export {
  createRetention,
  type Retention,
  type RetentionKind,
  type RetentionOptions,
  type RetentionRules,
} from './retention/index.ts'
export {
  checkoutView,
  createPayments,
  DEFAULT_RULES,
  paymentJson,
  refundJson,
  StoreUnavailable,
} from './payments/index.ts'
export type {
  AcceptNotificationResult,
  CancelPaymentResult,
  CheckoutState,
  CheckoutView,
  CreatePaymentOrder,
  CreatePaymentResult,
  CreateRefundRequest,
  CreateRefundResult,
  DecideRefundResult,
  Failure,
  Payment,
  PaymentEvent,
  PaymentEventType,
  PaymentJson,
  PaymentRecord,
  PaymentRules,
  Payments,
  PaymentsOptions,
  PaymentStatus,
  PaymentStore,
  Refund,
  RefundJson,
  RefundStatus,
  ResolveReviewResult,
  Review,
  StoredEvent,
  TimelineEntry,
} from './payments/index.ts'
export {
  openPostgresStore,
  openSqliteStore,
  StoreInUse,
  StoreNotDurable,
  StoreOfAnother,
  type PostgresStore,
  type PostgresStoreOptions,
  type SqliteStore,
  type SqliteStoreOptions,
  type Store,
} from './store/index.ts'
export {
  createWebhooks,
  EndpointInvalid,
  verifyWebhook,
  WebhookInvalid,
  type WebhookDelivery,
  type WebhookEndpoint,
  type Webhooks,
  type WebhooksOptions,
} from './webhooks/index.ts'
