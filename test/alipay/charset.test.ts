import { describe, expect, test } from 'vitest'
import { decodeText, encodeText, toCharset } from '../../src/alipay/charset.ts'

describe('a charset is known by the names in use:', () => {
  test.each([
    ['utf-8', 'utf-8'],
    ['UTF-8', 'utf-8'],
    ['utf8', 'utf-8'],
    ['Utf8', 'utf-8'],
    ['gbk', 'gbk'],
    ['GBK', 'gbk'],
    ['gb2312', 'gbk'],
    ['GB18030', 'gbk'],
    ['latin1', undefined],
    ['utf-16', undefined],
    [' utf-8', undefined],
    ['constructor', undefined],
    ['', undefined],
  ])('"%s"', (name, charset) => {
    expect(toCharset(name)).toBe(charset)
  })
})

test('every character that GBK has is encoded to the bytes that mean it', () => {
  const decode = fatalGbk()
  let pairs = 0
  for (let lead = 0x81; lead <= 0xfe; lead++) {
    for (let trail = 0x40; trail <= 0xfe; trail++) {
      const character = decode(lead, trail)
      if (character === undefined) continue
      pairs++
      const encoded = encodeText(character, 'gbk')
      expect(encoded).toHaveLength(2)
      expect(decodeText(encoded, 'gbk')).toBe(character)
    }
  }
  // 126 rows of 190; the few that Unicode had late decode to characters beyond its first plane.
  expect(pairs).toBeGreaterThan(23_900)
})

/** The character of a pair of bytes; `undefined` where there is none, or one of two code units. */
function fatalGbk(): (lead: number, trail: number) => string | undefined {
  const decoder = new TextDecoder('gbk', { fatal: true })
  return (lead, trail) => {
    try {
      const text = decoder.decode(Uint8Array.of(lead, trail))
      return text.length === 1 ? text : undefined
    } catch {
      return undefined
    }
  }
}

describe('known bytes of GBK:', () => {
  test.each([
    ['支付宝', 'd6a7b8b6b1a6'],
    ['咖啡', 'bfa7b7c8'],
    ['a,1 ~', '612c31207e'],
    ['镕丂', 'e9468140'],
    ['，。', 'a3aca1a3'],
  ])('%s', (text, hex) => {
    expect(encodeText(text, 'gbk').toString('hex')).toBe(hex)
    expect(decodeText(Buffer.from(hex, 'hex'), 'gbk')).toBe(text)
  })
})

test('what GBK does not have becomes one question mark, as in what Alipay sends', () => {
  expect(encodeText('Groß', 'gbk').toString('latin1')).toBe('Gro?')
  expect(encodeText('☕️咖啡', 'gbk').toString('hex')).toBe('3f3fbfa7b7c8')
  expect(encodeText('😀!', 'gbk').toString('latin1')).toBe('?!')
  expect(encodeText('\u{d83d}!', 'gbk').toString('latin1')).toBe('?!')
})

test('a byte order mark is a character like any other', () => {
  expect(decodeText(Buffer.from('efbbbf7b7d', 'hex'), 'utf-8')).toBe('\u{feff}{}')
  expect(encodeText('\u{feff}', 'utf-8').toString('hex')).toBe('efbbbf')
})

test('bytes that are no text become U+FFFD and no error', () => {
  expect(decodeText(Buffer.from('d6d6', 'hex'), 'utf-8')).toContain('\u{fffd}')
  expect(decodeText(Buffer.from('ff81', 'hex'), 'gbk')).toContain('\u{fffd}')
  expect(decodeText(new Uint8Array(), 'gbk')).toBe('')
})
