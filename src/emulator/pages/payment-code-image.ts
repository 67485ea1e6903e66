/**
 * A buyer's payment code (付款码) as a picture: a barcode and a QR code, as Alipay's app shows it.
 *
 * @module
 */
import type { Context } from 'hono'
import { renderSVG } from 'uqr'
import { code128Svg } from './code-128.ts'
import { securityHeaders } from './page.ts'

/**
 * Answers `?code=` of 16 to 24 digits, the lengths of Alipay's payment codes, as a QR code, or with
 * `&as=barcode` as Code 128, which takes an even number of them; 400 for other text.
 */
export function paymentCodeImage(c: Context): Response {
  const code = c.req.query('code') ?? ''
  const isBarcode = c.req.query('as') === 'barcode'
  if (!/^\d{16,24}$/.test(code)) return c.text('A payment code has 16 to 24 digits', 400)
  if (isBarcode && code.length % 2 === 1)
    return c.text('A barcode has an even number of digits', 400)
  return c.body(isBarcode ? code128Svg(code) : renderSVG(code, { border: 4 }), 200, {
    ...securityHeaders(),
    'content-type': 'image/svg+xml',
    'cache-control': 'no-store',
  })
}
