/**
 * Digits as a Code 128 barcode, as the wallet shows the payment code for guns that read no QR.
 *
 * @module
 * @see ISO/IEC 15417
 */

/**
 * Draws an even number of digits by code set C, two to a symbol.
 *
 * @returns SVG, 64 modules high, with the quiet zone of 10 modules on both sides.
 * @throws {TypeError} On anything but an even number of digits.
 */
export function code128Svg(digits: string): string {
  const widths = code128Widths(digits)
  let x = QUIET_ZONE
  const bars = widths.map((width, index) => {
    const bar = index % 2 === 0 ? `M${x} 0h${width}v${HEIGHT}h-${width}z` : ''
    x += width
    return bar
  })
  const side = x + QUIET_ZONE
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${side} ${HEIGHT}"` +
    ` preserveAspectRatio="none" shape-rendering="crispEdges">` +
    `<path fill="#fff" d="M0 0h${side}v${HEIGHT}H0z"/><path d="${bars.join('')}"/></svg>`
  )
}

/**
 * The widths of bars and spaces in modules, beginning with a bar.
 *
 * @throws {TypeError} On anything but an even number of digits.
 */
export function code128Widths(digits: string): readonly number[] {
  if (!/^(?:\d\d)+$/.test(digits)) throw new TypeError('Code set C takes an even number of digits')
  const pairs = (digits.match(/\d\d/g) ?? []).map(Number)
  const check = pairs.reduce((sum, pair, index) => sum + pair * (index + 1), START_C) % 103
  return [START_C, ...pairs, check, STOP].flatMap((symbol) =>
    Array.from(PATTERNS[symbol] ?? '', Number),
  )
}

const QUIET_ZONE = 10
const HEIGHT = 64
const START_C = 105
const STOP = 106

/** By symbol: three bars and three spaces in 11 modules, the stop with one more bar. */
const PATTERNS = (
  '212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 ' +
  '122132 122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 ' +
  '321221 312212 322112 322211 212123 212321 232121 111323 131123 131321 112313 132113 132311 ' +
  '211313 231113 231311 112133 112331 132131 113123 113321 133121 313121 211331 231131 213113 ' +
  '213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 111422 ' +
  '121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 ' +
  '241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 ' +
  '412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 ' +
  '211214 211232 2331112'
).split(' ')
