/**
 * What `saoma doctor` finds out about the address at which Alipay tells of payments: a public name,
 * a certificate that programs believe, and our own server behind it.
 *
 * @module
 */

import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { request } from 'undici'
import { systemClock, toInstant } from '../alipay/index.ts'
import { addressKind } from '../webhooks/address.ts'
import type { ServeConfiguration } from './configuration.ts'
import { nameOf, PATIENCE_MS, right, warning, wrong, type Finding } from './finding.ts'
import { readIfThere } from './folder.ts'

/** A certificate should hold so much longer, in days. */
const CERTIFICATE_DAYS_MIN = 14

/** Looks at it from here, which is not from where Alipay looks. */
export async function examineNotifyAddress(configuration: ServeConfiguration): Promise<Finding[]> {
  const { publicUrl, folder, notifyToken } = configuration
  const url = new URL(publicUrl)
  const name = await publicName(url.hostname)
  // What no name leads to cannot be asked.
  if (name.status === 'wrong') return [name]
  const findings = [name]
  if (url.protocol === 'https:') findings.push(await certificate(url))
  const token = notifyToken ?? readIfThere(join(folder, 'notify-token'))?.trim()
  return [...findings, await route(publicUrl, token)]
}

async function publicName(hostname: string): Promise<Finding> {
  const what = 'Notify address'
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  let addresses: string[]
  try {
    addresses =
      isIP(host) === 0 ? (await lookup(host, { all: true })).map(({ address }) => address) : [host]
  } catch (error) {
    const mend = 'Enter the name of SAOMA_PUBLIC_URL in the DNS: neither buyers nor Alipay find it.'
    return wrong(what, `${host} does not resolve (${nameOf(error)})`, mend)
  }
  const inside = addresses.find((address) => addressKind(address) !== 'public')
  if (inside === undefined) return right(what, `${host} is public (${addresses.join(', ')})`)
  return warning(
    what,
    `${host} is ${addressKind(inside)} (${inside})`,
    'Alipay cannot reach it. Payments are then found by polling alone: give SAOMA_PUBLIC_URL a public address.',
  )
}

function certificate(url: URL): Promise<Finding> {
  const what = 'TLS certificate'
  return new Promise((tell) => {
    const host = url.hostname
    const port = Number(url.port === '' ? '443' : url.port)
    const server = isIP(host) === 0 ? { servername: host } : {}
    const socket = connectTls({ host, port, ...server, timeout: PATIENCE_MS }, () => {
      const until = toInstant(Date.parse(socket.getPeerCertificate().valid_to))
      const days = Math.floor((until - systemClock.now()) / 86_400_000)
      socket.end()
      const found = `believed, with its whole chain; valid for ${days} days`
      tell(
        days >= CERTIFICATE_DAYS_MIN
          ? right(what, found)
          : warning(what, found, 'Renew it: Alipay does not notify an expired one.'),
      )
    })
    const fail = (code: string): void => {
      socket.destroy()
      tell(wrong(what, code, CERTIFICATE_MENDS[code] ?? CERTIFICATE_MEND))
    }
    socket.once('timeout', () => fail('nobody answers'))
    socket.once('error', (error) => fail(nameOf(error)))
  })
}

const CERTIFICATE_MEND =
  'Install a certificate of a public authority for this name, with the whole chain.'

/** By the codes of OpenSSL, as Node passes them on. */
const CERTIFICATE_MENDS: Readonly<Record<string, string>> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'The intermediate certificate is not sent along. Browsers fetch it, Alipay does not: configure the whole chain (often fullchain.pem).',
  CERT_HAS_EXPIRED: 'Renew it: Alipay does not notify an expired one.',
  ERR_TLS_CERT_ALTNAME_INVALID: 'It is for another name. Get one for the name of SAOMA_PUBLIC_URL.',
  ECONNREFUSED: 'Nobody listens there: start the proxy that ends TLS.',
  'nobody answers': 'Let a firewall pass connections from everywhere to this port.',
}

/** Our own server refuses what nobody has signed with exactly one word. */
async function route(publicUrl: string, token: string | undefined): Promise<Finding> {
  const what = 'Notify route'
  const start = 'Start `saoma serve` and look again; if it runs, the proxy does not lead to it.'
  if (token === undefined) return warning(what, 'not made yet', start)
  try {
    const { body, headers, statusCode } = await request(
      `${publicUrl.replace(/\/+$/, '')}/alipay/notify/${token}`,
      { method: 'POST', body: '', headersTimeout: PATIENCE_MS, bodyTimeout: PATIENCE_MS },
    )
    if ((await body.text()) === 'fail') {
      return right(what, 'answers from here, and refuses what is not signed')
    }
    const asIs = 'Have the proxy pass POSTs below /alipay/notify/ on as they are'
    if (statusCode >= 300 && statusCode < 400) {
      const found = `leads on to ${String(headers['location'])}, with status ${statusCode}`
      return wrong(what, found, `Alipay follows no redirect. ${asIs}.`)
    }
    if (statusCode === 404) {
      const mend = `${asIs}, under the same path, to the server of this folder.`
      return wrong(what, 'is not known where it leads (404)', mend)
    }
    const found = `something else answers, with status ${statusCode}`
    return wrong(what, found, `${asIs}: no log-in, no captcha, no rewriting.`)
  } catch (error) {
    return warning(what, `does not answer from here (${nameOf(error)})`, start)
  }
}
