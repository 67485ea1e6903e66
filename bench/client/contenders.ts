/**
 * The three that are compared. Each makes one call: ask for the state of a trade, signed, and
 * verify the answer.
 *
 * @module
 */
import { constants, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import { promisify } from 'node:util'

/** What every contender is given. */
export interface Setting {
  readonly gateway: string
  readonly appId: string
  /** The application's key, one line of base64 PKCS#8. */
  readonly privateKey: string
  /** The key that the gateway's answer is signed with, one line of base64 SPKI. */
  readonly alipayPublicKey: string
  readonly outTradeNo: string
  /** The signed part of the stub's answer, and its signature. */
  readonly content: string
  readonly signature: string
  /** Calls under way at a time. */
  readonly concurrency: number
}

/** Makes one call, and throws unless its answer was verified. */
export type Call = () => Promise<void>

/** The contenders' names: ours, the official client, and the least that has to be done. */
export type ContenderName = 'saoma' | 'peer' | 'floor'

/** Makes each contender ready. Packages are loaded here, so that each process holds its own alone. */
export const contenders: Record<ContenderName, (setting: Setting) => Promise<Call>> = {
  async saoma({ gateway, appId, privateKey, alipayPublicKey, outTradeNo }) {
    const { createClient } = await import('saoma/alipay')
    const client = createClient({ appId, privateKey, alipayPublicKey, gateway })
    return async () => {
      const answer = await client.trade.query({ out_trade_no: outTradeNo })
      expectPaid(answer.trade_status)
    }
  },

  async peer({ gateway, appId, privateKey, alipayPublicKey, outTradeNo }) {
    const { AlipaySdk } = await import('alipay-sdk')
    const sdk = new AlipaySdk({ appId, privateKey, alipayPublicKey, gateway, keyType: 'PKCS8' })
    return async () => {
      const bizContent = { out_trade_no: outTradeNo }
      const answer = await sdk.exec('alipay.trade.query', { bizContent }, { validateSign: true })
      expectPaid(answer['tradeStatus'])
    }
  },

  async floor({ gateway, privateKey, alipayPublicKey, content, signature, concurrency }) {
    const { Pool } = await import('undici')
    const { origin, pathname } = new URL(gateway)
    const pool = new Pool(origin, { connections: concurrency })
    const key = createPrivateKey({ key: fromBase64(privateKey), format: 'der', type: 'pkcs8' })
    const alipayKey = createPublicKey({
      key: fromBase64(alipayPublicKey),
      format: 'der',
      type: 'spki',
    })
    const options = { key, padding: constants.RSA_PKCS1_PADDING }
    const signAsync = promisify(sign)
    const request = Buffer.from(content)
    const expected = Buffer.from(signature, 'base64')
    return async () => {
      const sent = await signAsync('sha256', request, options)
      const { body } = await pool.request({ path: pathname, method: 'POST', body: sent })
      await body.arrayBuffer()
      if (!verify('sha256', request, alipayKey, expected)) throw new Error('not verified')
    }
  },
}

function expectPaid(status: unknown): void {
  if (status !== 'TRADE_SUCCESS') throw new Error(`Not the stub's answer: ${String(status)}`)
}

function fromBase64(text: string): Buffer {
  return Buffer.from(text, 'base64')
}
