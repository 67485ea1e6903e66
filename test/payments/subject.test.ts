/**
 * The subject on the wire.
 *
 * @module
 */

import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { wireSubject } from '../../src/payments/index.ts'

test.each([
  ['美式咖啡', '美式咖啡'],
  ['A/B=C&D', 'A／B＝C＆D'],
  ['1/2 & 1/2', '1／2 ＆ 1／2'],
  ['☕️ 50% <b>"x"</b>', '☕️ 50% <b>"x"<／b>'],
  ['', ''],
])('%s is sent as %s', (subject, sent) => {
  expect(wireSubject(subject)).toBe(sent)
})

test('nothing that Alipay forbids is left, nothing else is changed, and the length stays', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (subject) => {
      const sent = wireSubject(subject)
      expect(sent).not.toMatch(/[/=&]/)
      expect(sent).toHaveLength(subject.length)
      expect(sent.replaceAll(/[／＝＆]/g, '')).toBe(subject.replaceAll(/[/=&／＝＆]/g, ''))
    }),
  )
})
