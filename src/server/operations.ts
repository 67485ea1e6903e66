/**
 * All operations of the merchant API.
 *
 * @module
 */
import { alarmOperations } from './alarm-routes.ts'
import { apiKeyOperations } from './api-keys-routes.ts'
import { appOperations } from './apps-routes.ts'
import { attentionOperations } from './attention-routes.ts'
import { booksOperations } from './books-routes.ts'
import { credentialOperations } from './credentials-routes.ts'
import { deskOperations } from './desk-routes.ts'
import { eventOperations } from './events-routes.ts'
import { exportOperations } from './exports-routes.ts'
import { figureOperations } from './figures-routes.ts'
import { logOperations } from './logs-routes.ts'
import type { AnyOperation } from './operation.ts'
import { paymentOperations } from './payments-routes.ts'
import { refundHoldOperations } from './refund-hold-routes.ts'
import { refundOperations } from './refunds-routes.ts'
import { retentionOperations } from './retention-routes.ts'
import { userOperations } from './users-routes.ts'
import { webhookOperations } from './webhook-routes.ts'

/** All of them, in the order in which they are documented. */
export const operations: readonly AnyOperation[] = [
  ...paymentOperations,
  ...refundOperations,
  ...refundHoldOperations,
  ...attentionOperations,
  ...figureOperations,
  ...exportOperations,
  ...booksOperations,
  ...eventOperations,
  ...webhookOperations,
  ...alarmOperations,
  ...appOperations,
  ...credentialOperations,
  ...apiKeyOperations,
  ...userOperations,
  ...deskOperations,
  ...retentionOperations,
  ...logOperations,
]
