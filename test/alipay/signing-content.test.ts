import { describe, expect, test } from 'vitest'
import {
  notificationSigningContent,
  requestSigningContent,
} from '../../src/alipay/signing-content.ts'

describe('the text of a request', () => {
  test('leaves out sign and what is empty, and keeps sign_type', () => {
    expect(
      requestSigningContent({
        sign: 'abc',
        sign_type: 'RSA2',
        notify_url: '',
        app_id: '1',
        blank: ' ',
      }),
    ).toBe('app_id=1&blank= &sign_type=RSA2')
  })

  test('holds values as they are, not encoded and not trimmed', () => {
    expect(requestSigningContent({ a: ' 支付+&=%2B ', b: '{"x":"y"}' })).toBe(
      'a= 支付+&=%2B &b={"x":"y"}',
    )
  })

  test('is sorted by code unit: capitals first, then _, then small letters', () => {
    expect(requestSigningContent({ b: '1', a_: '1', aB: '1', ab: '1', B: '1', a1: '1' })).toBe(
      'B=1&a1=1&aB=1&a_=1&ab=1&b=1',
    )
  })

  test('is sorted by name, not by name and value: a name comes before one that it begins', () => {
    expect(requestSigningContent({ 'total-x': '1', total: '9', total0: '2' })).toBe(
      'total=9&total-x=1&total0=2',
    )
  })

  test('does not depend on the order given, and does not change what is given', () => {
    const params = Object.freeze({ b: '2', a: '1' })
    expect(requestSigningContent(params)).toBe(requestSigningContent({ a: '1', b: '2' }))
    expect(Object.keys(params)).toEqual(['b', 'a'])
  })
})

describe('the text of a notification', () => {
  const pairs = [
    ['sign_type', 'RSA2'],
    ['sign', 'abc'],
    ['total_amount', '1.00'],
    ['body', ''],
    ['new_one', 'x'],
  ] as const

  test('by rule V1 leaves out sign and sign_type, and keeps what is empty and what is new', () => {
    expect(notificationSigningContent(pairs, 'V1')).toBe('body=&new_one=x&total_amount=1.00')
  })

  test('by rule V2 keeps sign_type', () => {
    expect(notificationSigningContent(pairs, 'V2')).toBe(
      'body=&new_one=x&sign_type=RSA2&total_amount=1.00',
    )
  })

  test('is made of pairs or of a map', () => {
    expect(notificationSigningContent(new Map(pairs), 'V1')).toBe(
      notificationSigningContent(pairs, 'V1'),
    )
  })
})
