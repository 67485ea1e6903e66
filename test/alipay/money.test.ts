import { describe, expect, test } from 'vitest'
import { type Fen, formatYuan, parseYuan, sumFen, toFen } from '../../src/alipay/money.ts'

test('0.00 to 199.99 yuan come back as they were, and count up by one fen', () => {
  const texts = Array.from({ length: 20_000 }, (_, fen) => formatYuan(toFen(fen)))
  expect(new Set(texts).size).toBe(20_000)
  expect(texts.map(parseYuan)).toEqual(texts.map((_, fen) => fen))
  expect(texts.slice(1).map((text) => formatYuan(toFen(-Number(parseYuan(text)))))).toEqual(
    texts.slice(1).map((text) => `-${text}`),
  )
})

describe('an amount in yuan is read:', () => {
  test.each([
    ['88.88', 8888],
    ['0.1', 10],
    ['0.01', 1],
    ['0', 0],
    ['0.00', 0],
    ['100', 10_000],
    ['19.99', 1999],
    ['1.10', 110],
    ['8.2', 820],
    ['0.29', 29],
    ['1001.16', 100_116],
    ['-3.00', -300],
    ['-0.05', -5],
    ['100000000.00', 10_000_000_000],
    ['9999999999999.99', 999_999_999_999_999],
  ])('%s is %i fen', (text, fen) => {
    expect(parseYuan(text)).toBe(fen)
  })

  test('-0.00 is plain zero', () => {
    expect(Object.is(parseYuan('-0.00'), 0)).toBe(true)
  })
})

describe('no amount in yuan is', () => {
  test.each([
    ['nothing', ''],
    ['a blank', ' '],
    ['a blank in front', ' 1.00'],
    ['a blank behind', '1.00 '],
    ['a line feed behind', '1.00\n'],
    ['a plus sign', '+1.00'],
    ['two signs', '--1.00'],
    ['a sign alone', '-'],
    ['a leading zero', '01.00'],
    ['two zeros', '00'],
    ['no yuan', '.50'],
    ['no fen', '1.'],
    ['three decimals', '1.000'],
    ['two points', '1.0.0'],
    ['a comma', '1,00'],
    ['thousands', '1,000.00'],
    ['an exponent', '1e2'],
    ['hexadecimal', '0x10'],
    ['a bigint', '1n'],
    ['full-width digits', '１.００'],
    ['Arabic digits', '١'],
    ['a currency', '¥1.00'],
    ['Infinity', 'Infinity'],
    ['NaN', 'NaN'],
    ['two lines', '1.00\n1.00'],
    ['14 digits', '10000000000000.00'],
  ])('%s', (_, text) => {
    expect(() => parseYuan(text)).toThrow(
      new RangeError(`Not an amount in yuan with at most two decimals: ${JSON.stringify(text)}`),
    )
  })
})

test('fen are whole numbers that a double holds exactly', () => {
  for (const amount of [0.5, 88.88, NaN, Infinity, 2 ** 53]) {
    expect(() => toFen(amount)).toThrow(RangeError)
    expect(() => toFen(amount)).toThrow('whole number of fen')
  }
  expect(toFen(Number.MAX_SAFE_INTEGER)).toBe(Number.MAX_SAFE_INTEGER)
})

test('a plain number is not taken for fen', () => {
  // @ts-expect-error: 88.88 may be yuan.
  const amount: Fen = 88.88
  expect(amount).toBe(88.88)
})

test('sums are exact, or refused', () => {
  expect(sumFen([])).toBe(0)
  expect(sumFen([toFen(10), toFen(20), toFen(-5)])).toBe(25)
  expect(() => sumFen([toFen(Number.MAX_SAFE_INTEGER), toFen(1)])).toThrow(RangeError)
})
