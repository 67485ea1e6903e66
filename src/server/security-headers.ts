/**
 * Headers that keep every answer to itself: no foreign script, no inline script or style, no
 * guessing of types, no address of ours told to others.
 *
 * @module
 */

/**
 * Sent with every answer.
 *
 * @param framedBy Origins whose pages may frame the page, beside those of its own.
 */
export function securityHeaders(framedBy: readonly string[] = []): Record<string, string> {
  return {
    'content-security-policy': [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self'",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'self'",
      ["frame-ancestors 'self'", ...framedBy].join(' '),
    ].join('; '),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  }
}
