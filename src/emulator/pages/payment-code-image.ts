/**
 * A buyer's payment code (付款码) as a picture.
 *
 * @module
 */
import type { Context } from 'hono'
import { renderSVG } from 'uqr'
import { securityHeaders } from './page.ts'

/**
 * Answers `?code=` of 16 to 24 digits, the lengths of Alipay's payment codes, as a QR code; 400 for
 * other text.
 */
export function paymentCodeImage(c: Context): Response {
  const code = c.req.query('code') ?? ''
  if (!/^\d{16,24}$/.test(code)) return c.text('A payment code has 16 to 24 digits', 400)
  return c.body(renderSVG(code, { border: 4 }), 200, {
    ...securityHeaders(),
    'content-type': 'image/svg+xml',
    'cache-control': 'no-store',
  })
}
