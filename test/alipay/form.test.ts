import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeByteString, decodeForm, encodeForm, parseForm } from '../../src/alipay/form.ts'

describe('a form is split into byte strings:', () => {
  test.each<[string, string, [string, string][]]>([
    ['nothing', '', []],
    ['separators alone', '&&', []],
    ['one pair', 'a=1', [['a', '1']]],
    [
      'no value',
      'a=&b',
      [
        ['a', ''],
        ['b', ''],
      ],
    ],
    ['no name', '=1', [['', '1']]],
    ['equals signs in a value', 'a=b=c==', [['a', 'b=c==']]],
    ['a plus is a blank', 'a+b=1+2', [['a b', '1 2']]],
    ['%2B is a plus', 'a=1%2B2', [['a', '1+2']]],
    ['one decoding alone', 'a=%252B%2541', [['a', '%2B%41']]],
    ['both cases of hexadecimal', 'a=%2f%2F', [['a', '//']]],
    ['separators that are escaped', 'a=%26%3D', [['a', '&=']]],
    [
      'a percent sign that escapes nothing',
      'a=100%&b=%zz%4',
      [
        ['a', '100%'],
        ['b', '%zz%4'],
      ],
    ],
    [
      'a name given twice',
      'a=1&a=2',
      [
        ['a', '1'],
        ['a', '2'],
      ],
    ],
    ['bytes, not characters', 'a=%E6%94%AF', [['a', '\xe6\x94\xaf']]],
    ['the zero byte', 'a=%00', [['a', '\0']]],
  ])('%s', (_, form, pairs) => {
    expect(parseForm(form)).toEqual(pairs)
    expect(parseForm(Buffer.from(form))).toEqual(pairs)
  })

  test('bytes that were not escaped at all', () => {
    expect(parseForm(Buffer.from('a=\xd6\xa7', 'latin1'))).toEqual([['a', '\xd6\xa7']])
    expect(parseForm('a=支')).toEqual([['a', '\xe6\x94\xaf']])
  })
})

test('bytes are decoded by the charset that is asked for', () => {
  expect(decodeForm('a=%D6%A7%B8%B6', 'gbk').get('a')).toBe('支付')
  expect(decodeForm('a=%E6%94%AF').get('a')).toBe('支')
  expect(decodeByteString('\xd6\xa7', 'gbk')).toBe('支')
  expect([...decodeForm('a=1&a=2')]).toEqual([['a', '2']])
})

test('a form is written in the charset that is asked for', () => {
  expect(encodeForm([['a', '支 付+&=%~*']])).toBe('a=%E6%94%AF%20%E4%BB%98%2B%26%3D%25~*')
  expect(encodeForm([['a', '支 付+&=%~']], 'gbk')).toBe('a=%D6%A7%20%B8%B6%2B%26%3D%25~')
  expect(
    encodeForm([
      ['a', '1'],
      ['b', ''],
    ]),
  ).toBe('a=1&b=')
  expect(encodeForm([])).toBe('')
})

test('any text comes back as it was', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })),
      (params) => {
        const entries = Object.entries(params).filter(
          ([name, value]) => name !== '' || value !== '',
        )
        expect([...decodeForm(encodeForm(entries))]).toEqual(entries)
      },
    ),
  )
})

test('half a surrogate pair is written as U+FFFD, as in the bytes that are signed', () => {
  expect(encodeForm([['a', '1\u{d83d}2']])).toBe('a=1%EF%BF%BD2')
  expect(encodeForm([['a', '1\u{d83d}2']], 'gbk')).toBe('a=1%3F2')
})
