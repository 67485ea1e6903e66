/**
 * Headers that keep every answer to itself: no foreign script, no inline script or style, no
 * guessing of types, no address of ours told to others.
 *
 * @module
 */

/** Sent with every answer. Pages may be framed by pages of the same origin alone. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'self'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
}
