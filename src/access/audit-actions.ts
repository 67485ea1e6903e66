/**
 * What the audit log can say that somebody did.
 *
 * @module
 */

/** All actions: what it was done to, and what was done. */
export const AUDIT_ACTIONS = [
  'payment.cancel',
  'payment.resolve',
  'refund.create',
  'refund.retry',
  'refund.cancel',
  'refund_hold.create',
  'refund_hold.lift',
  'refund_request.approve',
  'refund_request.decline',
  'reconciliation.run',
  'bill.upload',
  'difference.resolve',
  'export.create',
  'user.sign_in',
  'user.create_owner',
  'user.accept_invitation',
  'user.change_password',
  'user.sign_out_elsewhere',
  'user.enable_totp',
  'user.disable_totp',
  'user.create',
  'user.update',
  'user.reset',
  'user.delete',
  'settings.update',
  'retention.run',
  'alarm_channel.create',
  'alarm_channel.update',
  'alarm_channel.delete',
  'webhook_endpoint.create',
  'webhook_endpoint.update',
  'webhook_endpoint.delete',
  'webhook_endpoint.rotate_secret',
  'webhook_endpoint.recover',
  'webhook_delivery.redeliver',
  'event.resend',
  'api_key.create',
  'api_key.update',
  'api_key.revoke',
  'app.create',
  'app.update',
  'app.retire',
  'app.restore',
  'app.delete',
  'credential.stage',
  'credential.complete',
  'credential.verify',
  'credential.activate',
  'credential.retire',
] as const

/** Something that the audit log can say. */
export type AuditAction = (typeof AUDIT_ACTIONS)[number]
