/**
 * The objects of the API, as its own types have them.
 *
 * @module
 */
import type { z } from 'zod'
import type { app } from '../../../src/server/apps-routes.ts'
import type { credential } from '../../../src/server/credentials-routes.ts'
import type * as schemas from '../../../src/server/schemas.ts'

export type {
  Delivery,
  List,
  Payment,
  Refund,
  TimelineEntry,
  WebhookEndpoint,
} from '../../../src/client/objects.ts'
export type { SaomaEvent } from '../../../src/client/follow-events.ts'

/** Something that a person has to look at. */
export type Attention = z.infer<typeof schemas.attention>
/** Whether refunds are held after a restored backup. */
export type RefundHold = z.infer<typeof schemas.refundHold>
/** Somebody who may sign in. */
export type User = z.infer<typeof schemas.user>
/** An API key. */
export type ApiKey = z.infer<typeof schemas.apiKey>
/** An entry of the audit log. */
export type AuditEntry = z.infer<typeof schemas.auditEntry>
/** What became of trying an endpoint out. */
export type TestDelivery = z.infer<typeof schemas.testDelivery>
/** A refund that waits for somebody's approval. */
export type RefundRequest = z.infer<typeof schemas.refundRequest>
/** What the shop has decided. */
export type ShopSettings = z.infer<typeof schemas.settings>
/** A way to people. */
export type AlarmChannel = z.infer<typeof schemas.alarmChannel>
/** What became of trying a channel out. */
export type AlarmTest = z.infer<typeof schemas.alarmTest>
/** Filters that are kept. */
export type SavedFilter = z.infer<typeof schemas.savedFilter>
/** How business goes. */
export type Figures = z.infer<typeof schemas.figures>
/** A comparison of a day's bill with the books. */
export type Reconciliation = z.infer<typeof schemas.reconciliation>
/** What bill and books do not agree about. */
export type Difference = z.infer<typeof schemas.difference>
/** What a day adds up to. */
export type DaySummary = z.infer<typeof schemas.daySummary>
/** An application, as whoever runs the server sees it. */
export type ServedApp = z.infer<typeof app>
/** The keys of the application at Alipay. */
export type Credential = z.infer<typeof credential>
