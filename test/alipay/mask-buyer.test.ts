import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Charset } from '../../src/alipay/charset.ts'
import { maskBuyer } from '../../src/alipay/mask-buyer.ts'
import { formOf, paidParams } from './alipay-side.ts'

describe('of JSON', () => {
  test.each([
    ['an account', '{"buyer_logon_id":"159****5620"}', '{"buyer_logon_id":"***"}'],
    [
      'an answer, and not its money or its kind of buyer',
      '{"code":"10000","buyer_user_id":"2088","buyer_pay_amount":"0.01","buyer_user_type":"PRIVATE","open_id":"o"}',
      '{"code":"10000","buyer_user_id":"***","buyer_pay_amount":"0.01","buyer_user_type":"PRIVATE","open_id":"***"}',
    ],
    [
      'names that Alipay may yet think of',
      '{"buyer_phone":"1","buyer_cert_no":"2","buyer_pay_amount_account":"3","buyer_user_type_name":"4","buyer_":"5"}',
      '{"buyer_phone":"***","buyer_cert_no":"***","buyer_pay_amount_account":"***","buyer_user_type_name":"***","buyer_":"***"}',
    ],
    [
      'white space and spelling',
      '\n{ "buyer_id" :\t"\\u4e2d\\"x" , "a\\/b" : 1.00 }',
      '\n{ "buyer_id" :\t"***" , "a\\/b" : 1.00 }',
    ],
    ['a name with escapes', '{"buyer\\u005fid":"2088"}', '{"buyer\\u005fid":"***"}'],
    [
      'camelCase',
      '[{"buyerUserId":"2088","openId":"o","buyerPayAmount":"1","buyerUserType":"P"}]',
      '[{"buyerUserId":"***","openId":"***","buyerPayAmount":"1","buyerUserType":"P"}]',
    ],
    [
      'values of each kind',
      '{"buyer_a":1e3,"buyer_b":null,"buyer_c":{"x":["}",{}]},"buyer_d":[1,"]"],"buyer_e":"","buyer_f":true}',
      '{"buyer_a":"***","buyer_b":"***","buyer_c":"***","buyer_d":"***","buyer_e":"***","buyer_f":"***"}',
    ],
    ['lists and objects', '{"a":[[{"buyer_id":1}]]}', '{"a":[[{"buyer_id":"***"}]]}'],
    [
      'JSON in a string',
      '{"ext_infos":"{\\"buyer_id\\":2088,\\"url\\":\\"http:\\\\/\\\\/\\u4e2d\\"}"}',
      '{"ext_infos":"{\\"buyer_id\\":\\"***\\",\\"url\\":\\"http:\\\\/\\\\/\\u4e2d\\"}"}',
    ],
    [
      'JSON in JSON in JSON',
      JSON.stringify({ a: JSON.stringify([JSON.stringify({ buyer_id: '2088', b: '\\/"' })]) }),
      JSON.stringify({ a: JSON.stringify([JSON.stringify({ buyer_id: '***', b: '\\/"' })]) }),
    ],
    ['a text about buyers', '{"subject":"buyer_id: 2088"}', '{"subject":"buyer_id: 2088"}'],
    ['who looks like one', '{"the_buyer_id":1,"buyer":2}', '{"the_buyer_id":1,"buyer":2}'],
    ['JSON that is cut off', '{"code":"10000","buyer_id":"2088', '***'],
    ['JSON that is cut off, escaped', '{"code":"10000","\\u0062uyer_id":"2088', '***'],
    ['JSON that is cut off before', '{"code":"10000","x', '{"code":"10000","x'],
    ['nothing', '', ''],
  ])('%s', (_, text, masked) => {
    expect(maskBuyer(text)).toBe(masked)
    expect(maskBuyer(masked)).toBe(masked)
  })
})

describe('of a form', () => {
  test.each([
    ['accounts', 'a=1&buyer_logon_id=x%40y&buyer_id=2088', 'a=1&buyer_logon_id=***&buyer_id=***'],
    [
      'not its money, nor what is no value',
      'buyer_pay_amount=0.01&&buyer_user_type=P&buyer_id&=1&open_id=',
      'buyer_pay_amount=0.01&&buyer_user_type=P&buyer_id&=1&open_id=***',
    ],
    ['a name with escapes', 'buyer%5flogon%5Fid=x', 'buyer%5flogon%5Fid=***'],
    [
      'JSON in a value, whose spelling stays',
      'list=%5b{"buyer_id":"2088",+"a":"%E5%92%96%"}]&b=+%2B+%zz',
      'list=%5b{"buyer_id":%22***%22,+"a":"%E5%92%96%"}]&b=+%2B+%zz',
    ],
    ['JSON that is cut off', 'list=%5B%7B%22buyer_id%22%3A%2220&b=1', 'list=***&b=1'],
    ['what looks like JSON', 'passback_params=%7Babc&b=%22', 'passback_params=%7Babc&b=%22'],
  ])('%s', (_, text, masked) => {
    expect(maskBuyer(text)).toBe(masked)
    expect(maskBuyer(masked)).toBe(masked)
  })

  test.each<Charset>(['utf-8', 'gbk'])('in %s, whose characters may hold quotes', (charset) => {
    // The second byte of 乗 in GBK is a backslash.
    const form = (id: string) =>
      formOf({ ...paidParams, charset, list: `[{"a":"乗","buyer_id":"${id}","b":"乗"}]` }, charset)
    const masked = maskBuyer(form('2088'))
    expect(masked).toBe(form('***').replace(/(?<=buyer_(logon_)?id=)[^&]*/g, '***'))
  })

  test('a real notification keeps all that is not of the buyer', () => {
    const form = formOf(paidParams)
    const masked = maskBuyer(form)
    const different = form.split('&').filter((pair) => !masked.split('&').includes(pair))
    expect(different).toEqual([
      `buyer_id=${paidParams.buyer_id}`,
      `buyer_logon_id=${encodeURIComponent(paidParams['buyer_logon_id'] ?? '')}`,
    ])
  })
})

/** A text in two spellings: with the buyer's values, and with what should be there instead. */
interface Pair {
  readonly raw: string
  readonly masked: string
}

const SECRET = 'S3CR3T'

describe('whatever the text,', () => {
  const blank = fc.constantFrom('', ' ', '\n\t')
  /** The string as a literal, with some characters escaped that need not be. */
  const literalOf = (text: string, escapeEach: number) =>
    JSON.stringify(text)
      .replace(/\\(?:u....|.)|[^"\\*]/g, (unit) =>
        unit.length === 1 && unit.charCodeAt(0) % escapeEach === 0
          ? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
          : unit,
      )
      .replaceAll('/', escapeEach === 1 ? '/' : '\\/')
  const escapeEach = fc.integer({ min: 1, max: 9 })
  const plainText = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('buyer_id', '{', '[1', '"', '{"a":1}', '咖啡 乗', 'a&b=c%41', '\\', '/'),
  )
  const plainName = fc.oneof(
    fc.string().filter((name) => !/^(buyer|open)/i.test(name)),
    fc.constantFrom(
      'buyer_pay_amount',
      'buyer_user_type',
      'buyerPayAmount',
      'seller_id',
      'xopen_id',
    ),
  )
  const buyerName = fc.constantFrom(
    'buyer_id',
    'buyer_logon_id',
    'buyer_mobile',
    'buyer_pay_amounts',
    'buyerUserName',
    'open_id',
    'openId',
  )
  const secretValue = fc
    .jsonValue()
    .map((value) => JSON.stringify([SECRET, value]))
    .chain((text) => fc.constantFrom(text, `"${SECRET}"`, `{"x":${text}}`, `"{\\"${SECRET}\\""`))

  const same = (text: string): Pair => ({ raw: text, masked: text })
  const both = (pairs: readonly Pair[], write: (parts: string[]) => string): Pair => ({
    raw: write(pairs.map(({ raw }) => raw)),
    masked: write(pairs.map(({ masked }) => masked)),
  })

  const { value: json } = fc.letrec<{ value: Pair; text: Pair }>((tie) => ({
    // A string is plain, or JSON once more.
    text: fc
      .tuple(fc.oneof({ depthSize: 'small' }, plainText.map(same), tie('value')), escapeEach)
      .map(([inner, each]) => both([inner], ([text = '']) => literalOf(text, each))),
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom('1.00', '-0', 'null', 'true', '12345678901234567890').map(same),
      tie('text'),
      fc
        .tuple(fc.array(tie('value'), { maxLength: 3 }), blank)
        .map(([items, space]) => both(items, (parts) => `[${space}${parts.join(`${space},`)}]`)),
      fc
        .tuple(
          fc.array(
            fc.oneof(
              fc
                .tuple(plainName, tie('value'), escapeEach)
                .map(([name, value, each]) =>
                  both([value], ([text]) => `${literalOf(name, each)}: ${text}`),
                ),
              fc.tuple(buyerName, secretValue, escapeEach).map(([name, value, each]) => ({
                raw: `${literalOf(name, each)} :${value}`,
                masked: `${literalOf(name, each)} :"***"`,
              })),
            ),
            { maxLength: 4 },
          ),
          blank,
        )
        .map(([members, space]) =>
          both(members, (parts) => `{${parts.join(`,${space}`)}${space}}`),
        ),
    ),
  }))

  test('in JSON the buyer’s values go, and nothing else', () => {
    let masked = 0
    fc.assert(
      fc.property(json, (pair) => {
        const document = both([pair], ([text]) => `{"node": ${text}}`)
        expect(maskBuyer(document.raw)).toBe(document.masked)
        expect(document.masked).not.toContain(SECRET)
        if (document.raw !== document.masked) masked++
      }),
      { numRuns: 3_000 },
    )
    expect(masked).toBeGreaterThan(300)
  })

  test('in a form the buyer’s values go, and nothing else', () => {
    const charsets = fc.constantFrom<Charset>('utf-8', 'gbk')
    const entry = fc.oneof(
      fc.tuple(plainName, fc.oneof(plainText.map(same), json)),
      fc.tuple(buyerName, fc.constant({ raw: SECRET, masked: '***' })),
    )
    fc.assert(
      fc.property(charsets, fc.array(entry), (charset, entries) => {
        const form = (which: keyof Pair) =>
          [`charset=${charset}`]
            .concat(entries.map(([name, pair]) => formOf({ [name]: pair[which] }, charset)))
            .join('&')
        expect(maskBuyer(form('raw'))).toBe(form('masked'))
        expect(maskBuyer(form('masked'))).toBe(form('masked'))
        expect(maskBuyer(form('raw'))).not.toContain(SECRET)
      }),
      { numRuns: 1_000 },
    )
  })

  test('it is never an error, and one without buyers is left as it is', () => {
    const noise = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({
        unit: fc.constantFrom('{', '}', '[', '"', '\\', ':', ',', '%', '&', '=', 'u', '7'),
      }),
    )
    fc.assert(
      fc.property(noise, (text) => {
        expect(maskBuyer(text)).toBe(text)
      }),
      { numRuns: 3_000 },
    )
    fc.assert(
      fc.property(json, fc.nat(), ({ raw }, at) => {
        const cut = `{"a":${raw}}`.slice(0, at % (raw.length + 6))
        expect(maskBuyer(cut)).not.toContain(SECRET)
      }),
      { numRuns: 3_000 },
    )
  })
})
