/**
 * What an IP address stands for. Knows the registers of special addresses of IANA and the addresses
 * at which clouds tell a machine its secrets; looks nothing up.
 *
 * @module
 * @see {@link https://www.iana.org/assignments/iana-ipv4-special-registry}
 * @see {@link https://www.iana.org/assignments/iana-ipv6-special-registry}
 */

import { isIP } from 'node:net'

/** What an address stands for; `public` is the only kind that anybody may be sent to. */
export type AddressKind =
  | 'public'
  | 'a cloud’s metadata service'
  | 'a loopback address'
  | 'a private address'
  | 'a link-local address'
  | 'an address shared behind a carrier’s NAT'
  | 'a multicast address'
  | 'an IPv4 address in IPv6'
  | 'a reserved address'

/** A range of addresses. */
export interface AddressRange {
  readonly bits: bigint
  readonly prefix: number
  readonly width: Width
}

type Width = 32 | 128

/** What an address stands for. The first range that holds it decides. */
export function addressKind(address: string): AddressKind {
  const parsed = parseAddress(address)
  if (parsed === undefined) return 'a reserved address'
  const translated = isWithin(parsed, NAT64) ? ipv4At(parsed) : undefined
  if (translated !== undefined) return addressKind(translated)
  for (const [kind, ranges] of KINDS) {
    if (ranges.some((range) => isWithin(parsed, range))) return kind
  }
  // What is not given out yet is nobody's.
  return parsed.width === 32 || isWithin(parsed, GLOBAL_UNICAST) ? 'public' : 'a reserved address'
}

/**
 * Reads a range: `10.1.0.0/16`, `fd12::/32`, or a single address.
 *
 * @throws {RangeError} If it is none.
 */
export function parseRange(text: string): AddressRange {
  const [base = '', prefixText, ...rest] = text.split('/')
  const address = parseAddress(base)
  const prefix = prefixText === undefined ? address?.width : Number(prefixText)
  const isPrefix = prefixText === undefined || /^\d{1,3}$/.test(prefixText)
  if (!address || prefix === undefined || !isPrefix || prefix > address.width || rest.length > 0) {
    throw new RangeError(`Not a range of addresses, such as 10.1.0.0/16: ${JSON.stringify(text)}`)
  }
  return { ...address, prefix }
}

/** Whether an address is in a range; what is no address is in none. */
export function isInRange(address: string, range: AddressRange): boolean {
  const parsed = parseAddress(address)
  return parsed !== undefined && isWithin(parsed, range)
}

interface Address {
  readonly bits: bigint
  readonly width: Width
}

function isWithin(address: Address, range: AddressRange): boolean {
  if (address.width !== range.width) return false
  const shift = BigInt(range.width - range.prefix)
  return address.bits >> shift === range.bits >> shift
}

function parseAddress(text: string): Address | undefined {
  switch (isIP(text)) {
    case 4:
      return { bits: joinBits(text.split('.').map(Number), 8), width: 32 }
    case 6:
      return parseIpv6(text)
    default:
      return undefined
  }
}

function parseIpv6(text: string): Address | undefined {
  // A zone (`fe80::1%eth0`) is of this machine's own links.
  if (text.includes('%')) return undefined
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').flatMap((group) => toGroups(group))
  const [before = '', after] = text.split('::')
  const head = groups(before)
  const tail = groups(after ?? '')
  const zeros = Array.from<number>({ length: 8 - head.length - tail.length }).fill(0)
  return { bits: joinBits([...head, ...zeros, ...tail], 16), width: 128 }
}

/** One group of 16 bits, or an IPv4 address at the end, which is two. */
function toGroups(text: string): number[] {
  if (!text.includes('.')) return [Number.parseInt(text, 16)]
  const [a = 0, b = 0, c = 0, d = 0] = text.split('.').map(Number)
  return [a * 256 + b, c * 256 + d]
}

function joinBits(parts: readonly number[], bitsEach: number): bigint {
  return parts.reduce((bits, part) => (bits << BigInt(bitsEach)) | BigInt(part), 0n)
}

/** The IPv4 address in the last 32 bits. */
function ipv4At({ bits }: Address): string {
  return [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 0xffn).join('.')
}

const GLOBAL_UNICAST = parseRange('2000::/3')

/** Where a network has only IPv6, its resolver gives IPv4 hosts these addresses. */
const NAT64 = parseRange('64:ff9b::/96')

const KINDS: readonly (readonly [AddressKind, readonly AddressRange[]])[] = [
  [
    'a cloud’s metadata service',
    ranges(
      '169.254.169.254', // AWS, Azure, Google, Tencent, Huawei
      '169.254.170.2', // AWS, credentials of containers
      '169.254.170.23', // AWS, credentials of pods
      '169.254.0.23', // Tencent
      '100.100.100.200', // Alibaba
      '168.63.129.16', // Azure
      '192.0.0.192', // Oracle
      'fd00:ec2::254', // AWS
      'fd00:ec2::23', // AWS, credentials of pods
      'fd20:ce::254', // Google
    ),
  ],
  ['a loopback address', ranges('127.0.0.0/8', '::1')],
  ['a private address', ranges('10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7')],
  ['a link-local address', ranges('169.254.0.0/16', 'fe80::/10', 'fec0::/10')],
  ['an address shared behind a carrier’s NAT', ranges('100.64.0.0/10')],
  ['a multicast address', ranges('224.0.0.0/4', 'ff00::/8')],
  // Mapped, translated, compatible, 6to4, Teredo: the address that is meant hides in another one.
  [
    'an IPv4 address in IPv6',
    ranges('::ffff:0:0/96', '::ffff:0:0:0/96', '2002::/16', '2001::/32', '64:ff9b:1::/48'),
  ],
  [
    'a reserved address',
    ranges(
      '0.0.0.0/8',
      '192.0.0.0/24',
      '192.0.2.0/24',
      '192.88.99.0/24',
      '198.18.0.0/15',
      '198.51.100.0/24',
      '203.0.113.0/24',
      '240.0.0.0/4',
      '::/96',
      '100::/64',
      '2001::/23',
      '2001:db8::/32',
      '3fff::/20',
    ),
  ],
]

function ranges(...texts: readonly string[]): AddressRange[] {
  return texts.map(parseRange)
}
