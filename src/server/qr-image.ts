/**
 * QR codes as pictures: SVG and PNG, drawn from one grid of modules, and the picture that stands
 * where no code may be shown.
 *
 * @module
 * @see ISO/IEC 18004: a quiet zone of 4 modules on each side
 */
import { PNG } from 'pngjs'
import { encode } from 'uqr'

/** A square of modules, row by row; `true` is dark. Without quiet zone. */
export interface QrGrid {
  readonly modules: readonly (readonly boolean[])[]
  /** Of the dark modules, `#rrggbb`. */
  readonly color: string
  /** Read to those who do not see it. */
  readonly title: string
}

const QUIET_ZONE = 4

/** Error level M: 15 % of the picture may be lost to glare or scratches. */
export function qrGrid(text: string, title: string): QrGrid {
  const { data } = encode(text, { ecc: 'M', border: 0 })
  return { modules: data, color: '#000000', title }
}

/**
 * What is shown in place of a code that is over: three empty corners, crossed out. Nothing can read
 * it.
 */
export function closedGrid(title: string): QrGrid {
  const size = 29
  const last = size - 1
  const modules = Array.from({ length: size }, (_, y) =>
    Array.from({ length: size }, (_, x) => isCross(x, y) || isCorner(x, y)),
  )
  return { modules, color: '#b4bac4', title }

  function isCross(x: number, y: number): boolean {
    const inside = Math.min(x, y) >= 8 && Math.max(x, y) <= last - 8
    return inside && (Math.abs(x - y) <= 1 || Math.abs(x + y - last) <= 1)
  }

  function isCorner(x: number, y: number): boolean {
    const ring = Math.max(Math.abs(Math.min(x, last - x) - 3), Math.abs(Math.min(y, last - y) - 3))
    return (ring === 3 || ring <= 1) && !(x > size / 2 && y > size / 2)
  }
}

/**
 * Draws a grid as SVG, light modules included, so that it can be read on a dark page too.
 *
 * @param size Width and height in CSS pixels; left out where a style sheet decides.
 */
export function qrSvg({ modules, color, title }: QrGrid, size?: number): string {
  const side = modules.length + 2 * QUIET_ZONE
  const given = size === undefined ? '' : ` width="${size}" height="${size}"`
  return (
    `<svg xmlns="http://www.w3.org/2000/svg"${given} viewBox="0 0 ${side} ${side}" role="img"` +
    ` aria-label="${title}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h${side}v${side}H0z"/>` +
    `<path fill="${color}" d="${modules.map(rowPath).join('')}"/></svg>`
  )
}

/** One row as rectangles over its runs of dark modules. */
function rowPath(row: readonly boolean[], y: number): string {
  const text = row.map((dark) => (dark ? '1' : '0')).join('')
  return Array.from(
    text.matchAll(/1+/g),
    ({ 0: run, index }) =>
      `M${index + QUIET_ZONE} ${y + QUIET_ZONE}h${run.length}v1h-${run.length}z`,
  ).join('')
}

/**
 * Draws a grid as PNG. Modules are whole pixels, the rest is margin, for a module between two
 * pixels is blurred.
 *
 * @param size Width and height in pixels. A code that does not fit is drawn as small as it can be.
 */
export function qrPng({ modules, color }: QrGrid, size: number): Buffer {
  const fewest = modules.length + 2 * QUIET_ZONE
  const side = Math.max(size, fewest)
  const scale = Math.floor(side / fewest)
  const margin = Math.floor((side - modules.length * scale) / 2)
  const dark = Buffer.from(`${color.slice(1)}ff`, 'hex')
  const png = new PNG({ width: side, height: side, colorType: 2 })
  png.data.fill(255)
  for (const [y, row] of modules.entries()) {
    const line = Buffer.alloc(side * 4, 255)
    for (const [x, isDark] of row.entries()) {
      const from = (margin + x * scale) * 4
      if (isDark) line.fill(dark, from, from + scale * 4)
    }
    for (let repeat = 0; repeat < scale; repeat++) {
      line.copy(png.data, (margin + y * scale + repeat) * side * 4)
    }
  }
  // Rows of a code are alike, so no filter helps, and trying each costs twenty times the time.
  return PNG.sync.write(png, { colorType: 2, filterType: 0, deflateLevel: 1 })
}
