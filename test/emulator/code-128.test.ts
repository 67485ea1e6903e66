/**
 * The barcode of the payment code, read back as a scanner does: by the widths of bars alone.
 *
 * @module
 */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { code128Svg, code128Widths } from '../../src/emulator/pages/code-128.ts'

test('the symbols are those of the standard, each as wide and as dark as it says', () => {
  // All pairs of digits, so all symbols that code set C has for them.
  const seen = new Set<string>()
  for (let pair = 0; pair < 100; pair++) {
    const widths = code128Widths(String(pair).padStart(2, '0')).slice(6, 12)
    expect(widths.reduce((sum, width) => sum + width)).toBe(11)
    // Bars of a symbol are an even number of modules wide: so a scanner finds a misread one.
    expect(((widths[0] ?? 0) + (widths[2] ?? 0) + (widths[4] ?? 0)) % 2).toBe(0)
    seen.add(widths.join(''))
  }
  expect(seen.size).toBe(100)
})

test('a known code is drawn as it is printed elsewhere', () => {
  // Start C, 12, 34, the check symbol (105 + 12 + 2 × 34) % 103 = 82, stop.
  expect(code128Widths('1234').join('')).toBe(
    ['211232', '112232', '131123', '121241', '2331112'].join(''),
  )
})

test('every code is as long as its digits need, between two quiet zones', () => {
  fc.assert(
    fc.property(fc.integer({ min: 8, max: 12 }), (pairs) => {
      const digits = '28'.repeat(pairs)
      const modules = 11 * (pairs + 2) + 13
      expect(code128Widths(digits).reduce((sum, width) => sum + width)).toBe(modules)
      expect(code128Svg(digits)).toContain(`viewBox="0 0 ${modules + 20} 64"`)
    }),
  )
})

test.each(['', '123', '12a4'])('%j is not drawn', (text) => {
  expect(() => code128Widths(text)).toThrow(TypeError)
})
