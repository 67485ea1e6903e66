/**
 * Spans for OpenTelemetry: they appear where the program that embeds saoma, or that starts it, has
 * registered an SDK, and cost next to nothing where none is. A span holds ids, methods and codes:
 * no key, and nothing of a buyer.
 *
 * @module
 * @see https://www.w3.org/TR/trace-context/
 */

import {
  INVALID_SPAN_CONTEXT,
  isSpanContextValid,
  ProxyTracerProvider,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type Link,
  type Span,
  type SpanKind,
} from '@opentelemetry/api'
import { RequestRefused } from '../alipay/index.ts'

/** What a span is begun with. */
export interface SpanOptions {
  /** Default: internal. */
  readonly kind?: SpanKind
  readonly attributes?: Attributes
  /** {@link traceParent} of what it goes on with; the span is linked to it. */
  readonly from?: string | null | undefined
}

/**
 * Does work under a span, which ends with it. One that rejects is marked as failed by the error's
 * code, unless Alipay said no: that is an answer.
 */
export function traced<Result>(
  name: string,
  { kind, attributes, from }: SpanOptions,
  work: (span: Span) => Promise<Result>,
): Promise<Result> {
  if (!isRecorded()) return work(NO_SPAN)
  const links = linksTo(from)
  const options = { ...(kind !== undefined && { kind }), ...(attributes && { attributes }), links }
  return tracer.startActiveSpan(name, options, async (span) => {
    try {
      return await work(span)
    } catch (error) {
      if (!(error instanceof RequestRefused)) span.setStatus(failed(error))
      throw error
    } finally {
      span.end()
    }
  })
}

/**
 * The span that is active here as W3C's `traceparent`, to be kept for what goes on with it later;
 * `null` where none is recorded.
 */
export function traceParent(): string | null {
  const context = trace.getActiveSpan()?.spanContext()
  if (context === undefined || (context.traceFlags & TraceFlags.SAMPLED) === 0) return null
  return `00-${context.traceId}-${context.spanId}-01`
}

// Those who register an SDK may do so before or after this: it is looked for at the first span.
const tracer = trace.getTracer('saoma')

/** What the API does by itself where nothing is registered costs thirty times as much. */
function isRecorded(): boolean {
  const provider = trace.getTracerProvider()
  return !(provider instanceof ProxyTracerProvider) || provider.getDelegate() !== UNREGISTERED
}

const UNREGISTERED = new ProxyTracerProvider().getDelegate()
const NO_SPAN = trace.wrapSpanContext(INVALID_SPAN_CONTEXT)

function linksTo(from: string | null | undefined): Link[] {
  const [, traceId = '', spanId = ''] = from?.split('-') ?? []
  const context = { traceId, spanId, traceFlags: TraceFlags.SAMPLED }
  // What is done under the very trace needs no link to it.
  const isOther = trace.getActiveSpan()?.spanContext().traceId !== traceId
  return isOther && isSpanContextValid(context) ? [{ context }] : []
}

/** A code alone: messages are for the log. */
function failed(error: unknown) {
  const { code } = (error ?? {}) as { readonly code?: unknown }
  const message =
    typeof code === 'string' ? code : error instanceof Error ? error.name : typeof error
  return { code: SpanStatusCode.ERROR, message }
}
