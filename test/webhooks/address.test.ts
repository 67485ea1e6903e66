/**
 * Which addresses may be sent to, in whichever way they are spelled.
 *
 * @module
 */
import { assert, integer, property, uint8Array } from 'fast-check'
import { BlockList } from 'node:net'
import { describe, expect, test } from 'vitest'
import { AddressRules } from '../../src/webhooks/address-rules.ts'
import { addressKind, isInRange, parseRange } from '../../src/webhooks/address.ts'
import { EndpointInvalid, toEndpointUrl, type AddressOptions } from '../../src/webhooks/index.ts'

const METADATA = 'a cloud’s metadata service'
const INSIDE_IPV6 = 'an IPv4 address in IPv6'

test.each([
  ['8.8.8.8', 'public'],
  ['223.5.5.5', 'public'],
  ['100.63.255.255', 'public'],
  ['172.32.0.1', 'public'],
  ['2400:3200::1', 'public'],
  ['2606:4700:4700::1111', 'public'],
  ['64:ff9b::8.8.8.8', 'public'],
  ['127.0.0.1', 'a loopback address'],
  ['127.255.255.254', 'a loopback address'],
  ['::1', 'a loopback address'],
  ['10.0.0.1', 'a private address'],
  ['172.16.0.1', 'a private address'],
  ['172.31.255.255', 'a private address'],
  ['192.168.1.1', 'a private address'],
  ['fd12:3456::1', 'a private address'],
  ['169.254.1.1', 'a link-local address'],
  ['fe80::1', 'a link-local address'],
  ['febf::1', 'a link-local address'],
  ['100.64.0.1', 'an address shared behind a carrier’s NAT'],
  ['100.127.255.255', 'an address shared behind a carrier’s NAT'],
  ['169.254.169.254', METADATA],
  ['100.100.100.200', METADATA],
  ['168.63.129.16', METADATA],
  ['fd00:ec2::254', METADATA],
  ['64:ff9b::169.254.169.254', METADATA],
  ['64:ff9b::a9fe:a9fe', METADATA],
  ['64:ff9b::10.0.0.1', 'a private address'],
  ['224.0.0.1', 'a multicast address'],
  ['239.255.255.255', 'a multicast address'],
  ['ff02::1', 'a multicast address'],
  ['::ffff:127.0.0.1', INSIDE_IPV6],
  ['::ffff:8.8.8.8', INSIDE_IPV6],
  ['::ffff:0:127.0.0.1', INSIDE_IPV6],
  ['2002:7f00:1::', INSIDE_IPV6],
  ['2001:0:4136:e378::1', INSIDE_IPV6],
  ['64:ff9b:1::a00:1', INSIDE_IPV6],
  ['0.0.0.0', 'a reserved address'],
  ['0.1.2.3', 'a reserved address'],
  ['192.0.0.8', 'a reserved address'],
  ['192.0.2.1', 'a reserved address'],
  ['198.18.0.1', 'a reserved address'],
  ['198.51.100.1', 'a reserved address'],
  ['203.0.113.1', 'a reserved address'],
  ['255.255.255.255', 'a reserved address'],
  ['::', 'a reserved address'],
  ['::7f00:1', 'a reserved address'],
  ['2001:db8::1', 'a reserved address'],
  ['3fff::1', 'a reserved address'],
  ['4000::1', 'a reserved address'],
  ['fe80::1%eth0', 'a reserved address'],
  ['not an address', 'a reserved address'],
])('%s is %s', (address, kind) => {
  expect(addressKind(address)).toBe(kind)
})

describe('a range', () => {
  const bytes = (length: number) => uint8Array({ minLength: length, maxLength: length })
  const ipv4 = bytes(4).map((parts) => parts.join('.'))
  const ipv6 = bytes(16).map((parts) =>
    Array.from({ length: 8 }, (_, i) =>
      ((parts[2 * i] ?? 0) * 256 + (parts[2 * i + 1] ?? 0)).toString(16),
    ).join(':'),
  )

  test('of IPv4 holds what Node’s own BlockList holds', () => {
    assert(
      property(ipv4, ipv4, integer({ min: 1, max: 32 }), (base, address, prefix) => {
        const list = new BlockList()
        list.addSubnet(base, prefix)
        expect(isInRange(address, parseRange(`${base}/${prefix}`))).toBe(list.check(address))
      }),
    )
  })

  test('of IPv6 holds an address however it is abbreviated', () => {
    assert(
      property(ipv6, integer({ min: 1, max: 128 }), (address, prefix) => {
        const abbreviated = new URL(`http://[${address}]`).hostname.slice(1, -1)
        expect(isInRange(abbreviated, parseRange(`${address}/${prefix}`))).toBe(true)
        expect(addressKind(abbreviated)).toBe(addressKind(address))
      }),
    )
  })

  test.each(['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0/8', '::/129', '10.0.0.0/-1'])(
    '%s is none',
    (text) => {
      expect(() => parseRange(text)).toThrow(RangeError)
    },
  )
})

describe('the URL of an endpoint', () => {
  const problemOf = (url: string, options?: AddressOptions): string => {
    try {
      const addresses = new AddressRules(options)
      return toEndpointUrl(url, { livemode: false, addresses })
    } catch (error) {
      return error instanceof EndpointInvalid ? error.problem : String(error)
    }
  }

  test.each([
    'http://127.0.0.1/',
    'http://127.1/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0177.0.0.1/',
    'http://0x7f.0.0.0x1/',
    'http://127.0.0.1./',
    'http://１２７.０.０.１/',
    'http://①②⑦.⓪.⓪.①/',
    'http://127.0.0.1:8080/',
    'http://%31%32%37.0.0.1/',
    'http://[::1]/',
    'http://[0:0:0:0:0:0:0:1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://169.254.169.254/latest/meta-data/',
    'http://2852039166/',
    'http://0/',
  ])('%s is refused', (url) => {
    expect(problemOf(url)).toBe('address_refused')
  })

  test.each(['http://8.8.8.8/', 'http://[2606:4700:4700::1111]/', 'http://example.com:8080/a?b=c'])(
    '%s is taken',
    (url) => {
      expect(problemOf(url)).toBe(url)
    },
  )

  test('private ones are taken where the operator allows it, metadata services only by name', () => {
    expect(problemOf('http://127.0.0.1/', { allowPrivate: true })).toBe('http://127.0.0.1/')
    expect(problemOf('http://169.254.169.254/', { allowPrivate: true })).toBe('address_refused')
    expect(problemOf('http://10.1.2.3/', { allow: ['10.1.0.0/16'] })).toBe('http://10.1.2.3/')
    expect(problemOf('http://10.2.2.3/', { allow: ['10.1.0.0/16'] })).toBe('address_refused')
    const listed = { allow: ['169.254.169.254', 'fd12::/16'] }
    expect(problemOf('http://169.254.169.254/', listed)).toBe('http://169.254.169.254/')
    expect(problemOf('http://[fd12::1]/', listed)).toBe('http://[fd12::1]/')
  })
})

describe('rules', () => {
  test('let a host that is listed point inside, but not at a metadata service', () => {
    const rules = new AddressRules({ allow: ['Hooks.Internal', '支付.example'] })
    expect(() => rules.check('hooks.internal', '10.0.0.1')).not.toThrow()
    expect(() => rules.check('xn--g6w251d.example', '8.8.8.8')).not.toThrow()
    expect(() => rules.check('hooks.internal', '169.254.169.254')).toThrow(
      'hooks.internal is 169.254.169.254, which is a cloud’s metadata service: nothing was sent.',
    )
    expect(() => rules.check('other.internal', '10.0.0.1')).toThrow('a private address')
  })

  test.each(['http://hooks.internal', '*.internal', 'a b', '', '10.0.0.0/99'])(
    'do not take %j for a host or a range',
    (entry) => {
      expect(() => new AddressRules({ allow: [entry] })).toThrow(RangeError)
    },
  )
})
