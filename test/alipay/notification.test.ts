import { generateKeyPairSync } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { NotificationInvalid } from '../../src/alipay/errors.ts'
import { decodeForm, encodeForm } from '../../src/alipay/form.ts'
import type { NotificationTrust } from '../../src/alipay/notification-trust.ts'
import {
  NOTIFICATION_BYTES_MAX,
  VerifiedNotification,
  verifyNotification,
  verifyReturnUrl,
  verifyServiceMessage,
} from '../../src/alipay/notification.ts'
import {
  alipayPublicKey,
  applicationPrivateKey,
  applicationPublicKey,
  formOf,
  notificationText,
  paidParams,
  signedParams,
  thrownBy,
} from './alipay-side.ts'

const trust: NotificationTrust = {
  alipayPublicKeys: [alipayPublicKey],
  signType: 'RSA2',
  applicationPublicKey,
}
const genuine = signedParams(paidParams)
const body = formOf(genuine)
const { sign: _, ...unsigned } = genuine

describe('a notification that Alipay signed', () => {
  test('is verified from bytes and from text, and decoded once', () => {
    for (const form of [Buffer.from(body), new Uint8Array(Buffer.from(body)), body]) {
      const notification = verifyNotification(form, trust)
      expect(notification).toBeInstanceOf(VerifiedNotification)
      expect({ ...notification.params }).toEqual(unsigned)
    }
  })

  test('is verified however its form is written', () => {
    const shuffled = Object.fromEntries(Object.entries(genuine).toReversed())
    for (const form of [
      formOf(shuffled),
      encodeForm(Object.entries(genuine)),
      body.replaceAll(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase()),
      `&&${body}&`,
      body.replace('body=&', 'body&'),
    ]) {
      expect(form).not.toBe(body)
      expect({ ...verifyNotification(form, trust).params }).toEqual(unsigned)
    }
  })

  test('is verified without sign_type, which rule V1 does not sign', () => {
    const { sign_type: __, ...rest } = genuine
    expect(verifyNotification(formOf(rest), trust).params.out_trade_no).toBe('ORDER-1')
  })

  test('is verified by either key while keys change', () => {
    const keys = [applicationPublicKey, alipayPublicKey]
    const { params } = verifyNotification(body, { ...trust, alipayPublicKeys: keys })
    expect(params.total_amount).toBe('88.88')
  })

  test('is verified with parameters that nobody knows yet, and with an empty one', () => {
    const params = { ...paidParams, brand_new: '1', discount: '' }
    const { params: read } = verifyNotification(formOf(signedParams(params)), trust)
    expect([read['brand_new'], read['discount'], read['absent']]).toEqual(['1', '', undefined])
  })

  test('is read in GBK where it says so, with what GBK lacks as question marks', () => {
    for (const charset of ['GBK', 'gb2312']) {
      const params = signedParams(
        { ...paidParams, charset, subject: '咖啡 + ☕' },
        { charset: 'gbk' },
      )
      const raw = Buffer.from(formOf(params, 'gbk'))
      expect(verifyNotification(raw, trust).params.subject).toBe('咖啡 + ?')
    }
  })

  test('may have a parameter of any name, such as one that objects have', () => {
    const params = { ...paidParams, constructor: 'x', toString: 'y' }
    const { params: read } = verifyNotification(formOf(signedParams(params)), trust)
    expect([read['constructor'], read['toString'], read['valueOf']]).toEqual(['x', 'y', undefined])
    const withProto = body.replace('body=', '__proto__=')
    expect(() => verifyNotification(withProto, trust)).toThrow(NotificationInvalid)
  })
})

describe('a message that proves nothing is refused, and the problem named:', () => {
  type Case = [claim: string, NotificationInvalid['problem'], string, string | Uint8Array]
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const changed = (change: Record<string, string>) => formOf({ ...genuine, ...change })
  const mapValues = (change: (value: string) => string) =>
    formOf(
      Object.fromEntries(
        Object.entries(genuine).map(([name, value]) => [
          name,
          name === 'sign' ? value : change(value),
        ]),
      ),
    )
  const html = (text: string) =>
    text
      .replaceAll('&', '&amp;')
      .replaceAll('"', '&quot;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
  const gbk = signedParams({ ...paidParams, charset: 'GBK' }, { charset: 'gbk' })
  const signature = Buffer.from(genuine['sign']!, 'base64')

  test.each<Case>([
    ['no sign', 'no_signature', 'no sign parameter', formOf(unsigned)],
    ['an empty sign', 'no_signature', 'no sign parameter', changed({ sign: '' })],
    ['nothing at all', 'no_signature', 'no sign parameter', ''],
    ['JSON', 'no_signature', 'no sign parameter', JSON.stringify(genuine)],
    [
      'a sign cut off',
      'bad_base64',
      'cut off or altered',
      changed({ sign: genuine['sign']!.slice(0, -3) }),
    ],
    [
      'a sign in the alphabet of URLs',
      'bad_base64',
      'not base64',
      changed({ sign: signature.toString('base64url') }),
    ],
    ['a sign in hexadecimal with a colon', 'bad_base64', 'not base64', changed({ sign: 'a1:b2' })],
    [
      'a sign of zeros',
      'wrong_key',
      '支付宝公钥',
      changed({ sign: Buffer.alloc(256).toString('base64') }),
    ],
    ['a sign of one byte', 'wrong_key', '支付宝公钥', changed({ sign: 'AA==' })],
    ['a changed amount', 'wrong_key', 'a value was changed', changed({ total_amount: '88.89' })],
    ['another charset', 'wrong_key', 'a value was changed', changed({ charset: 'GBK' })],
    ['an added parameter', 'wrong_key', 'a value was changed', changed({ refund_fee: '' })],
    [
      'a missing parameter',
      'wrong_key',
      'a value was changed',
      formOf({ ...genuine }).replace('&body=', ''),
    ],
    [
      "a stranger's key",
      'wrong_key',
      'sandbox and production differ',
      formOf(signedParams(paidParams, { key: stranger })),
    ],
    [
      "the application's own key",
      'wrong_key',
      "the application's own private key",
      formOf(signedParams(paidParams, { key: applicationPrivateKey })),
    ],
    [
      'GBK that was read as UTF-8',
      'looks_like_gbk',
      'charset=utf-8 in the URL',
      encodeForm(decodeForm(formOf(gbk, 'gbk'))),
    ],
    [
      'a form that was decoded and pasted together again',
      'looks_decoded_twice',
      'blanks where base64 has +',
      Object.entries(genuine)
        .map(([name, value]) => `${name}=${value.replaceAll('%', '%25').replaceAll('&', '%26')}`)
        .join('&'),
    ],
    [
      'plus signs in a subject that became blanks',
      'looks_decoded_twice',
      '+ in place of blanks',
      formOf({
        ...signedParams({ notify_time: '2026', subject: 'C++' }),
        subject: 'C  ',
      }),
    ],
    [
      'values that were encoded twice',
      'looks_decoded_twice',
      'encoded them a second time',
      mapValues(encodeURIComponent),
    ],
    [
      'values that were encoded twice as forms are, blanks as plus signs',
      'looks_decoded_twice',
      'encoded them a second time',
      mapValues((value) => encodeURIComponent(value).replaceAll('%20', '+')),
    ],
    [
      'a whole message that was encoded twice, the sign too',
      'looks_decoded_twice',
      'encoded the message a second time',
      Object.entries(genuine)
        .map(([name, value]) => formOf({ [name]: formOf({ '': value }).slice(1) }))
        .join('&'),
    ],
    ['values that were escaped for HTML', 'wrong_key', 'HTML-escaped', mapValues(html)],
    [
      'RSA where RSA2 is configured, said openly',
      'wrong_sign_type',
      'configured for RSA2',
      formOf(signedParams(paidParams, { signType: 'RSA' })),
    ],
    [
      'RSA where RSA2 is configured, not said',
      'wrong_sign_type',
      'Alipay signs with RSA',
      formOf({ ...signedParams(paidParams, { signType: 'RSA' }), sign_type: 'RSA2' }),
    ],
    ['a sign type that is none', 'wrong_sign_type', '"none"', changed({ sign_type: 'none' })],
    [
      'a long sign type, which is not repeated',
      'wrong_sign_type',
      '"xxxxxxxxxx"',
      changed({ sign_type: 'x'.repeat(99) }),
    ],
    [
      'a service message',
      'wrong_key',
      'Use verifyServiceMessage',
      formOf(signedParams(paidParams, { rule: 'V2' })),
    ],
    ['a parameter given twice', 'malformed', 'given twice', `${body}&total_amount=0.01`],
    ['a parameter given twice, alike', 'malformed', 'given twice', `${body}&total_amount=88.88`],
    ['two signs', 'malformed', 'given twice', `sign=x&${body}`],
    [
      'more than 64 KiB',
      'too_large',
      '65536 bytes',
      `${body}&x=${'x'.repeat(NOTIFICATION_BYTES_MAX)}`,
    ],
    ['more than 64 KiB of Chinese text', 'too_large', '65536 bytes', '支'.repeat(22_000)],
  ])('%s', (_claim, problem, words, form) => {
    const error = thrownBy(() => verifyNotification(form, trust)) as NotificationInvalid
    expect(error).toBeInstanceOf(NotificationInvalid)
    expect(error).toMatchObject({
      code: 'ERR_ALIPAY_NOTIFICATION_INVALID',
      problem,
      outcome: 'not_applied',
    })
    expect(error.message).toContain(words)
  })

  test('a trade notification given for a service message', () => {
    const error = thrownBy(() => verifyServiceMessage(body, trust)) as NotificationInvalid
    expect(error.problem).toBe('wrong_key')
    expect(error.message).toContain('Use verifyNotification')
  })

  test('RSA2 where RSA is configured, not said', () => {
    const { sign_type: __, ...rest } = genuine
    const old = { ...trust, signType: 'RSA' as const }
    expect(thrownBy(() => verifyNotification(formOf(rest), old))).toMatchObject({
      problem: 'wrong_sign_type',
    })
  })

  test('no key at all', () => {
    expect(
      thrownBy(() => verifyNotification(body, { ...trust, alipayPublicKeys: [] })),
    ).toMatchObject({
      problem: 'wrong_key',
    })
  })
})

test('exactly 64 KiB are read', () => {
  const padded = (length: number) =>
    formOf(signedParams({ ...paidParams, body: 'x'.repeat(length) }))
  const spare = NOTIFICATION_BYTES_MAX - padded(0).length
  // The escapes of a signature vary in number: take what is left, then fill up with separators.
  const form = padded(spare - 600)
  const full = form + '&'.repeat(NOTIFICATION_BYTES_MAX - form.length)
  expect(verifyNotification(full, trust).params.out_trade_no).toBe('ORDER-1')
  expect(() => verifyNotification(`${full}&`, trust)).toThrow(NotificationInvalid)
})

describe('the signed text does not tell where a value ends, so', () => {
  const text = notificationText(genuine)

  test('a parameter may not be hidden in the value before it', () => {
    // trade_no=…&trade_status=… as one value has the very same text.
    const { trade_status: hidden, ...rest } = genuine
    const merged = { ...rest, trade_no: `${rest['trade_no']}&trade_status=${hidden}` }
    expect(notificationText(merged)).toBe(text)
    const error = thrownBy(() => verifyNotification(formOf(merged), trust)) as NotificationInvalid
    expect(error.problem).toBe('malformed')
    expect(error.message).toContain('trade_status')
  })

  test('a parameter may not be hidden in the name of the one after it', () => {
    // trade_no=…&trade_status as one name, with the value of trade_status, has the very same text.
    const { trade_status: value, trade_no: hidden, ...rest } = genuine
    const merged = { ...rest, [`trade_no=${hidden}&trade_status`]: value! }
    expect(notificationText(merged)).toBe(text)
    expect(thrownBy(() => verifyNotification(formOf(merged), trust))).toMatchObject({
      problem: 'malformed',
    })
  })

  test('a value cannot be cut up into parameters that were not sent', () => {
    const remark = 'hi&out_trade_no=ORDER-2&total_amount=100.00&trade_status=TRADE_SUCCESS&z='
    const sent = signedParams({ ...paidParams, body: remark })
    const content = notificationText(sent)
    const start = content.indexOf('&z=')
    const forged = {
      app_id: sent['app_id']!,
      body: 'hi',
      out_trade_no: 'ORDER-2',
      total_amount: '100.00',
      trade_status: 'TRADE_SUCCESS',
      z: content.slice(start + 3),
      sign_type: 'RSA2',
      sign: sent['sign']!,
    }
    expect(notificationText(forged)).toBe(content)
    expect(thrownBy(() => verifyNotification(formOf(forged), trust))).toMatchObject({
      problem: 'malformed',
    })
  })

  test("other ampersands in a merchant's own text are welcome", () => {
    const params = { ...paidParams, body: 'A&B', passback_params: 'a=1&b=2&total=3&my_trade_no=4' }
    expect(verifyNotification(formOf(signedParams(params)), trust).params.body).toBe('A&B')
  })
})

describe('a return URL', () => {
  const url = `https://shop.example/back?order=7&${body}`

  test("is verified without the shop's own parameters", () => {
    expect({ ...verifyReturnUrl(url, trust, ['order']).params }).toEqual(unsigned)
    expect({ ...verifyReturnUrl(`${url}#top`, trust, ['order', 'other']).params }).toEqual(unsigned)
    expect({ ...verifyReturnUrl(`?${body}`, trust).params }).toEqual(unsigned)
    expect({ ...verifyReturnUrl(body, trust).params }).toEqual(unsigned)
  })

  test('is refused with them, or altered, or without a query', () => {
    for (const text of [url, url.replace('88.88', '88.89'), 'https://shop.example/back', '']) {
      expect(() => verifyReturnUrl(text, trust)).toThrow(NotificationInvalid)
    }
  })
})

describe('buyer data', () => {
  test('does not get out by printing a notification', () => {
    const notification = verifyNotification(body, trust)
    expect(inspect(notification, { depth: 9 })).not.toContain(paidParams['buyer_id'])
    const json = JSON.stringify({ notification })
    expect(JSON.parse(json)).toEqual({
      notification: { notify_id: paidParams['notify_id'] },
    })
    expect(json).not.toContain(paidParams['buyer_id'])
  })

  test('does not get out with an error, but can be asked for', () => {
    const error = thrownBy(() =>
      verifyNotification(formOf({ ...genuine, total_amount: '0.01' }), trust),
    ) as NotificationInvalid
    for (const text of [inspect(error, { depth: 9 }), JSON.stringify(error), String(error)]) {
      for (const name of ['buyer_id', 'subject', 'sign', 'trade_no']) {
        expect(text).not.toContain(genuine[name])
      }
    }
    expect(error.signingContent).toBe(notificationText({ ...genuine, total_amount: '0.01' }))
  })
})

test('a look-alike of a verified notification does not compile', () => {
  const book = (notification: VerifiedNotification) => notification.params.out_trade_no
  // @ts-expect-error: an object of the same shape is no proof.
  expect(book({ params: { out_trade_no: 'ORDER-1' }, toJSON: () => ({}) })).toBe('ORDER-1')
  // @ts-expect-error: nobody but the verifying functions makes one.
  expect(new VerifiedNotification({})).toBeDefined()
})
