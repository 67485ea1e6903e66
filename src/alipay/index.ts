/**
 * `saoma/alipay`: Alipay's open gateway (v2, `gateway.do`), spoken in types. Signs, sends,
 * verifies, decodes; stores nothing.
 *
 * @module
 */

// The client
export { createClient, PRODUCTION_GATEWAY, SANDBOX_GATEWAY } from './client.ts'
export type { AlipayClient, Call, CallOptions, ClientOptions } from './client.ts'
export { certificateDownload } from './gateway-trust.ts'
export type { CommonAnswer, Method } from './method.ts'
export { rawText } from './raw-text.ts'
export { maskBuyer } from './mask-buyer.ts'

// The methods
export { precreate, type PrecreateAnswer, type PrecreateRequest } from './trade/precreate.ts'
export * from './trade/query.ts'
export * from './trade/cancel.ts'
export * from './trade/close.ts'
export * from './trade/refund.ts'
export * from './trade/refund-query.ts'
export * from './trade/pay.ts'
export * from './trade/objects.ts'
export * from './bill/download-url.ts'

// Messages from Alipay
export {
  NOTIFICATION_BYTES_MAX,
  verifyNotification,
  verifyReturnUrl,
  verifyServiceMessage,
  VerifiedNotification,
  type NotificationParams,
} from './notification.ts'
export type { NotificationTrust } from './notification-trust.ts'
export { explainSignature, type SignatureExplanation } from './signature-diagnosis.ts'

// Errors and what may be concluded
export * from './errors.ts'
export { conclude, subCodes, type SubCode } from './sub-codes.ts'

// Money and time
export { formatYuan, parseYuan, sumFen, toFen, type Fen } from './money.ts'
export {
  addMs,
  formatBeijingDate,
  formatBeijingTime,
  formatRfc3339,
  MovableClock,
  parseBeijingTime,
  readHttpDate,
  systemClock,
  toInstant,
  type Clock,
  type Instant,
} from './time.ts'

export {
  CLOCK_ROUND_TRIP_MAX_MS,
  CLOCK_SKEW_MAX_MS,
  CLOCK_SKEW_WARN_MS,
  GatewayClock,
  type ClockAlarm,
  type ClockMeasurement,
  type ClockObservation,
  type GatewayClockOptions,
} from './gateway-clock.ts'

// Keys, certificates, encryption
export {
  assertNotOwnKey,
  formatBareKey,
  generateKeyPair,
  keyFingerprint,
  loadPrivateKey,
  loadPublicKey,
  sameKey,
  type SignType,
} from './keys.ts'
export { createSigner, verifySignature, type Signer } from './signer.ts'
export { certificateSerialNumber, rootCertificateSerialNumber } from './certificate.ts'
export {
  createCertificateTrust,
  type CertificateFiles,
  type CertificateTrust,
} from './certificate-trust.ts'
export { decryptContent, encryptContent, type EncryptType } from './encryption.ts'

// The wire
export { decodeText, encodeText, toCharset, type Charset } from './charset.ts'
export { decodeForm, encodeForm, parseForm, type FormPair } from './form.ts'
export { notificationSigningContent, requestSigningContent } from './signing-content.ts'
export { openAnswerEnvelope, type AnswerEnvelope } from './answer-envelope.ts'
