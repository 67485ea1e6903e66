/**
 * The tables, as Kysely sees them. Instants are milliseconds, money is fen, truth is 0 or 1: the
 * same in SQLite and in PostgreSQL. Columns named `due_at` and `leased_until` are by the database's
 * own clock, all other instants by the engine's.
 *
 * @module
 */

import type { Generated } from 'kysely'

/** All tables. */
export interface Schema {
  readonly payments: PaymentsTable
  readonly due_payments: DuePaymentsTable
  readonly refunds: RefundsTable
  readonly evidence: EvidenceTable
  readonly events: EventsTable
  readonly write_probes: WriteProbesTable
  readonly webhook_endpoints: WebhookEndpointsTable
  readonly webhook_deliveries: WebhookDeliveriesTable
  readonly webhook_attempts: WebhookAttemptsTable
  readonly orphan_notifications: OrphanNotificationsTable
  readonly quarantine: QuarantineTable
  readonly apps: AppsTable
  readonly credentials: CredentialsTable
  readonly api_keys: ApiKeysTable
  readonly idempotency_keys: IdempotencyKeysTable
  readonly audit_entries: AuditEntriesTable
  readonly users: UsersTable
  readonly sessions: SessionsTable
  readonly sign_in_attempts: SignInAttemptsTable
  readonly settings: SettingsTable
  readonly refund_requests: RefundRequestsTable
  readonly saved_filters: SavedFiltersTable
  readonly reconciliations: ReconciliationsTable
  readonly differences: DifferencesTable
  readonly billed_elsewhen: BilledElsewhenTable
  readonly alarm_channels: AlarmChannelsTable
  readonly alarms: AlarmsTable
  readonly alarm_deliveries: AlarmDeliveriesTable
  readonly restores: RestoresTable
  readonly retention: RetentionTable
  readonly owner: OwnerTable
  readonly moves: MovesTable
}

/** One row a payment. */
export interface PaymentsTable {
  id: string
  /** The application and the mode, e.g. `live 2021000000000000`. */
  app: string
  version: number
  reference: string | null
  /** The reference while it is open or paid; unique in its app, so that a sale is paid once. */
  blocking_reference: string | null
  retry_of: string | null
  amount: number
  subject: string
  status: string
  /** Unique in its app. */
  out_trade_no: string
  checkout_token: string
  return_url: string | null
  qr_code: string | null
  created_at: number
  updated_at: number
  expires_at: number
  shown_at: number | null
  scanned_at: number | null
  paid_at: number | null
  ended_at: number | null
  late: number
  trade_no: string | null
  trade_status: string | null
  amount_received: number | null
  refunded_total: number | null
  buyer_logon_id: string | null
  cancellation_reason: string | null
  cancel_attempted_at: number | null
  cancel_answered_at: number | null
  close_attempted_at: number | null
  refunded_by_cancel: number
  settlement: string | null
  duplicate_of: string | null
  review: string | null
  /** JSON of a `Failure`. */
  failure: string | null
  outcome: string
  unknown_calls: number
  answers: number
  answered_at: number | null
  answer_hash: string | null
  events: number
  next_step_at: number | null
  /** How the buyer pays: `barcode`; `null` for a QR code. */
  method: string | null
  /** JSON of the merchant's own names and values; `null` for none. */
  metadata: string | null
  store_id: string | null
  operator_id: string | null
  terminal_id: string | null
  /** Whether the cashier page offers a new code after the end. */
  retry_allowed: number
  /** W3C's `traceparent` of the span that created it; null where none was recorded. */
  trace_parent: string | null
}

/**
 * One row a payment that something is still to be done about, or that is leased. It is written at
 * each step, so it stands apart from the wide and much indexed rows of all payments there ever
 * were.
 */
export interface DuePaymentsTable {
  payment_id: string
  app: string
  /** 0 closing, refunds, new ones; 1 open ones; 2 ended ones that are watched. */
  priority: number
  /**
   * When workers may claim it: the earliest of its own next step and those of its refunds; while it
   * is leased, the end of the lease, or earlier where it was saved since.
   */
  due_at: number | null
  lease_token: string | null
  leased_until: number
}

/** One row a refund. */
export interface RefundsTable {
  id: string
  payment_id: string
  /** Order within the payment. */
  position: number
  reference: string | null
  amount: number
  reason: string | null
  status: string
  /** Unique in its payment. */
  out_request_no: string
  source: string
  created_at: number
  updated_at: number
  next_call: string
  sent_at: number | null
  succeeded_at: number | null
  cancel_requested_at: number | null
  /** JSON of a `Failure`. */
  failure: string | null
  outcome: string
  unknown_calls: number
  events: number
  next_step_at: number | null
  /** JSON of the merchant's own names and values; `null` for none. */
  metadata: string | null
}

/** One row a change that was learned of. */
export interface EvidenceTable {
  position: Generated<number>
  payment_id: string
  at: number
  kind: string
  source: string
  /** JSON, without buyer data. */
  summary: string
  version: number
  from_status: string | null
  to_status: string
  /** The verified message, with buyer data masked. */
  raw: string | null
}

/** One row, written to find out whether the database can be. */
export interface WriteProbesTable {
  id: number
  written_at: number
}

/**
 * One row an event. `payment_id` is what it is about: a payment, also for its refunds, or a
 * reconciliation (`rec_…`).
 */
export interface EventsTable {
  /** In the order of commits: a lower one never appears after a higher one. */
  position: Generated<number>
  id: string
  app: string
  payment_id: string
  refund_id: string | null
  type: string
  sequence: number
  created_at: number
  /** JSON of `{ object, previous }`. */
  data: string
}

/** One row an address that events are sent to. */
export interface WebhookEndpointsTable {
  id: string
  app: string
  url: string
  description: string
  /** `*`, or the types as `,payment.succeeded,refund.failed,`. */
  types: string
  /** `enabled`, `disabled`. */
  status: string
  /** Why it is disabled: `merchant`, `gone`, `failing`. */
  disabled_reason: string | null
  /** JSON: the secrets in force, newest first, with the time until which an old one holds. */
  secrets: string
  /** When the failures in a row began. */
  failing_since: number | null
  /** Failures in a row. */
  failures: number
  /** The circuit breaker: nothing is sent before this, by the database's clock. */
  paused_until: number
  created_at: number
  updated_at: number
}

/** One row an event for an endpoint; written in the commit of the event. */
export interface WebhookDeliveriesTable {
  /** `whd_…`, made of the event's and the endpoint's. */
  id: string
  app: string
  endpoint_id: string
  event_id: string
  /** `pending`, `succeeded`, `failed` (given up). */
  status: string
  attempts: number
  created_at: number
  finished_at: number | null
  due_at: number | null
  lease_token: string | null
  leased_until: number
}

/** One row an attempt to deliver. */
export interface WebhookAttemptsTable {
  position: Generated<number>
  delivery_id: string
  at: number
  duration_ms: number
  /** HTTP status, `null` where there was no answer. */
  status: number | null
  /** Why it failed, for people; `null` where it did not. */
  error: string | null
  /** The beginning of the answer's body. */
  answer: string | null
}

/** Verified notifications of orders that are not known. */
export interface OrphanNotificationsTable {
  position: Generated<number>
  app: string
  /** Unique in its app: a repeat of one notification is kept once. */
  notify_id: string | null
  out_trade_no: string
  received_at: number
  /** JSON, without buyer data. */
  params: string
}

/** Notifications that could not be verified; the newest only. */
export interface QuarantineTable {
  position: Generated<number>
  app: string
  received_at: number
  body: string
}

/** One row an application that was added to a server, beside those of its configuration. */
export interface AppsTable {
  /** `app_…`, made of {@link AppsTable.app}. */
  id: string
  /** The application and the mode, e.g. `live 2021000000000000`: whose rows the others are. */
  app: string
  /** The application of the configuration of the server that it was added to. */
  home_id: string
  /** The shop's name; `null` for none. */
  name: string | null
  product_code: string
  /** The receiving account; `null` for that of the contract. */
  seller_id: string | null
  created_at: number
  updated_at: number
  /** Since when it takes no new payments; `null` while it does. */
  retired_at: number | null
}

/** One row a set of keys of an application. */
export interface CredentialsTable {
  /** `cred_…`. */
  id: string
  app_id: string
  /** `staged`, `verified`, `active`, `retired`. */
  status: string
  sign_type: string
  /** What is uploaded to Alipay, one line of base64. */
  application_public_key: string
  /** JSON of what Alipay is known by, a public key or certificates; `null` until it is given. */
  alipay: string | null
  /** Sealed for the credential's id. */
  private_key: string
  /** What content is encrypted with (接口内容加密密钥), sealed likewise; `null` where it is not. */
  encrypt_key: string | null
  created_at: number
  verified_at: number | null
  activated_at: number | null
  retired_at: number | null
}

/** One row an API key. */
export interface ApiKeysTable {
  /** `key_…`. */
  id: string
  app_id: string
  name: string
  /** SHA-256 in hexadecimal digits; unique. */
  hash: string
  /** Its beginning and its end, for people to recognise it by. */
  hint: string
  /** `*`, or scopes as `,payments:read,refunds:write,`. */
  scopes: string
  created_at: number
  /** To the minute. */
  last_used_at: number | null
  expires_at: number | null
  revoked_at: number | null
}

/** One row a request that was sent with an `Idempotency-Key`. */
export interface IdempotencyKeysTable {
  app_id: string
  /** Method and pattern, e.g. `POST /v1/payments`. */
  route: string
  idempotency_key: string
  /** SHA-256 of the address and the body. */
  request_hash: string
  /** Who is answering it, while somebody is. */
  holder: string | null
  /** Until when nobody else does, by the database's clock. */
  held_until: number
  /** How often somebody has begun to answer it. */
  attempts: number
  /** `null` until it is answered. */
  answer_status: number | null
  answer_body: string | null
  created_at: number
}

/** One row a change that somebody made. */
export interface AuditEntriesTable {
  position: Generated<number>
  /** `aud_…`. */
  id: string
  app_id: string
  at: number
  /** Who: the id of an API key or of a user. */
  actor: string
  /** Who he was then, for people. */
  actor_name: string | null
  /** What, e.g. `api_key.created`. */
  action: string
  object_id: string | null
  /** JSON, without secrets. */
  detail: string
  request_id: string | null
  /** The network address that it came from, where that is known. */
  address: string | null
}

/** One row a person who may sign in to the back office. */
export interface UsersTable {
  /** `usr_…`. */
  id: string
  /** The first application of his server. */
  app_id: string
  /** JSON of the ids of those that he reaches; `null` for all. */
  apps: string | null
  /** In small letters; unique in its server. */
  email: string
  name: string
  role: string
  /** `invited`, `active`, `disabled`. */
  status: string
  /** `zh`, `en`. */
  locale: string | null
  /** With its parameters, e.g. `scrypt$15$8$3$…`. */
  password_hash: string | null
  /** Of the authenticator, sealed for the user's id. */
  totp_secret: string | null
  totp_enabled: number
  /** The newest 30 seconds, counted since 1970, whose code was used. */
  totp_step: number
  /** Of the link by which a password is chosen, SHA-256 in hexadecimal digits. */
  invitation_hash: string | null
  invitation_expires_at: number | null
  created_at: number
  last_sign_in_at: number | null
}

/** One row a session. */
export interface SessionsTable {
  /** Of its token, SHA-256 in hexadecimal digits. */
  hash: string
  user_id: string
  created_at: number
  /** To the minute. */
  last_seen_at: number
}

/** One row something that somebody tries to guess, or an address that guesses come from. */
export interface SignInAttemptsTable {
  key: string
  count: number
  /** The first of them. */
  since: number
}

/** One row an application that has settings of its own. */
export interface SettingsTable {
  app_id: string
  /** Fen; `null`: no refund needs approval. */
  refund_approval_above: number | null
}

/** One row a refund that waits for approval, or did. */
export interface RefundRequestsTable {
  /** `rr_…`. */
  id: string
  app_id: string
  payment_id: string
  amount: number
  reference: string | null
  reason: string | null
  /** JSON. */
  metadata: string
  /** `pending`, `approved`, `declined`, `failed`. */
  status: string
  requested_by: string
  /** Who he was then, for people. */
  requested_by_name: string
  requested_at: number
  decided_by: string | null
  decided_by_name: string | null
  decided_at: number | null
  /** The refund that was made. */
  refund_id: string | null
  /** Why it could not be made. */
  failure: string | null
}

/** One row a filter that somebody has saved. */
export interface SavedFiltersTable {
  /** `flt_…`. */
  id: string
  app_id: string
  /** Whose it is. */
  user_id: string
  name: string
  /** `payments`, `refunds`. */
  list: string
  /** JSON. */
  query: string
  created_at: number
}

/** One row a day and type of bill. */
export interface ReconciliationsTable {
  /** `rec_…`. */
  id: string
  app: string
  /** `trade`, `signcustomer`. */
  bill_type: string
  /** In Beijing, `yyyy-MM-dd`. */
  bill_date: string
  /** `awaiting_bill`, `running`, `balanced`, `differences`, `failed`. */
  status: string
  /** `alipay`, `upload`. */
  source: string
  runs: number
  /** SHA-256 of the rows that were compared last. */
  bill_hash: string | null
  rows_read: number
  /** JSON of a `ReconciliationResult`. */
  result: string | null
  /** JSON of a `ReconciliationFailure`. */
  failure: string | null
  created_at: number
  updated_at: number
  finished_at: number | null
  /** When the bill is asked for again. */
  next_try_at: number | null
  lease_token: string | null
  leased_until: number
}

/** One row a disagreement between bill and books. */
export interface DifferencesTable {
  /** `dif_…`, made of what it is about. */
  id: string
  app: string
  bill_type: string
  bill_date: string
  code: string
  /** `open`, `waiting`, `healed`, `resolved`. */
  status: string
  out_trade_no: string
  /** Empty for a payment. */
  out_request_no: string
  trade_no: string | null
  payment_id: string | null
  refund_id: string | null
  bill_amount: number | null
  local_amount: number | null
  note: string | null
  /** The run that found it last. */
  run: number
  resolved_by: string | null
  created_at: number
  updated_at: number
}

/** One row a payment or refund that bill and books have on different days; they are few. */
export interface BilledElsewhenTable {
  app: string
  bill_type: string
  out_trade_no: string
  /** Empty for a payment. */
  out_request_no: string
  bill_date: string
  local_date: string
  amount: number
}

/** One row a backup that was restored, for each application that it held. */
export interface RestoresTable {
  /** `rst_…`. */
  id: string
  app: string
  /** What happened from then on is not in the backup. */
  gap_from: number
  /** When a server first ran on it; `null` until one does. */
  gap_until: number | null
  /** Since when refunds are sent again; `null` while they are held. */
  lifted_at: number | null
  /** `bills`, or the id of who has lifted it. */
  lifted_by: string | null
}

/** One row a kind of what is pruned. */
export interface RetentionTable {
  app: string
  /** E.g. `events`. */
  kind: string
  /** How far the walk has come, as text: where the next batch begins. */
  walked_to: string
  /** When the walk last began at the beginning. */
  turned_at: number
  /** Rows that were pruned so far, by all walks. */
  pruned: number
  /** When a walk last came to its end. */
  finished_at: number | null
  lease_token: string | null
  leased_until: number
}

/** One row in a SQLite file: whose payments these are, or will be. */
export interface OwnerTable {
  /** Always 1. */
  id: number
  /** The application and the mode, e.g. `live 2021000000000000`. */
  identity: string
}

/** One row a move from a SQLite file to PostgreSQL, on either side. */
export interface MovesTable {
  /** The same on both sides. */
  token: string
  /** `moving`, `moved`. */
  state: string
  /** In SQLite: where PostgreSQL is, without a password. */
  peer: string
  /** JSON of the applications and modes whose rows are moved. */
  apps: string
  /** In PostgreSQL: JSON of the last key and the number of rows that are there, by table. */
  progress: string
}

/** One row a way to people. */
export interface AlarmChannelsTable {
  /** `alc_…`. */
  id: string
  app: string
  /** `dingtalk`, `wecom`, `feishu`, `email`, `webhook`. */
  type: string
  name: string
  /** The host that it goes to. */
  hint: string
  /** `*`, or the kinds as `,gateway_down,clock_off,`. */
  kinds: string
  /** `enabled`, `disabled`. */
  status: string
  /** JSON of its address and secret, sealed for its id. */
  settings: string
  created_at: number
  updated_at: number
}

/** One row something that people have to know. */
export interface AlarmsTable {
  id: string
  app: string
  kind: string
  /** Unique with its kind in its app: it is told once. */
  about: string
  text: string
  at: number
}

/** One row an alarm for a channel; written in the commit of the alarm. */
export interface AlarmDeliveriesTable {
  id: string
  app: string
  alarm_id: string
  channel_id: string
  kind: string
  /** `pending`, `told`, `failed` (given up). */
  status: string
  attempts: number
  /** Why the last attempt failed, for people. */
  error: string | null
  due_at: number | null
  /** By the database's clock, as `due_at`. */
  told_at: number | null
  lease_token: string | null
  leased_until: number
}
