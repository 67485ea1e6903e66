/**
 * A call that moves nothing: Alipay is asked for an order that nobody has made. That there is none
 * proves gateway, APPID and both keys at once; any other answer tells what is wrong.
 *
 * @module
 */

import {
  AlipayError,
  GatewayUnreachable,
  RequestRefused,
  SignatureInvalid,
  systemClock,
  type AlipayClient,
} from '../alipay/index.ts'

/** What a trial call has shown. */
export type Trial =
  | { readonly status: 'proven' }
  | {
      /** `unreachable`: nothing is known of the keys. */
      readonly status: 'refused' | 'unreachable'
      /** Alipay's sub code where there is one, else the name of the problem. */
      readonly code: string
      /** What is wrong and what to do. */
      readonly advice: Advice
    }

/** The same in two languages. */
export interface Advice {
  readonly en: string
  readonly zh: string
}

/** Makes the call. Rejects only where the program is at fault. */
export async function tryKeys(client: AlipayClient): Promise<Trial> {
  try {
    await client.trade.query({ out_trade_no: `saoma_trial_${systemClock.now()}` })
    return { status: 'proven' }
  } catch (error) {
    if (!(error instanceof AlipayError)) throw error
    if (error instanceof GatewayUnreachable) {
      const { message } = error
      const zh = `连不上网关 ${client.gateway}：请检查地址、网络、防火墙和代理。`
      return { status: 'unreachable', code: error.code, advice: { en: message, zh } }
    }
    const code = codeOf(error)
    if (code === 'ACQ.TRADE_NOT_EXIST') return { status: 'proven' }
    const advice = ADVICE[code] ?? { en: error.message, zh: error.message }
    return { status: 'refused', code, advice }
  }
}

/** To an application that it does not know Alipay answers unsigned: see what it claims. */
function codeOf(error: AlipayError): string {
  if (error instanceof RequestRefused) return error.subCode
  if (!(error instanceof SignatureInvalid)) return error.code
  return /It claims \d+ ([\w.-]+):/.exec(error.message)?.[1] ?? error.problem
}

const OTHER_KEY: Advice = {
  en: 'Alipay’s answer is not signed by the key that was given as the Alipay public key (支付宝公钥). Copy it again from this application’s 接口加签方式: it is shown after the upload, and is not the 应用公钥. Sandbox and production have keys of their own. If the key is right, the gateway’s address does not lead to Alipay.',
  zh: '支付宝的回答和填入的「支付宝公钥」对不上。请到这个应用的「接口加签方式」重新复制：它在上传应用公钥之后显示，不是应用公钥；沙箱和正式环境各有一套。如果没有填错，那就是网关地址不是支付宝的。',
}

const NO_CONTRACT: Advice = {
  en: 'The keys are right, but the application may not take payments: 当面付 or 订单码支付 is not signed, not in force, or not added to it.',
  zh: '钥匙是对的，但这个应用没有收款权限：当面付或订单码支付还没签约、没生效，或没加到这个应用上。',
}

const ADVICE: Readonly<Record<string, Advice>> = {
  'isv.invalid-app-id': {
    en: 'This gateway does not know the APPID. A sandbox APPID (lately 9021…) works with SAOMA_GATEWAY=sandbox alone, one of production with SAOMA_GATEWAY=production, once the application is online (已上线).',
    zh: '这个网关不认识这个 APPID。沙箱的 APPID（近年以 9021 开头）只能配 SAOMA_GATEWAY=sandbox；正式的 APPID 配 SAOMA_GATEWAY=production，而且应用要「已上线」。',
  },
  'isv.missing-signature-config': {
    en: 'No application public key (应用公钥) is uploaded for this application. Upload yours: 开发设置 → 接口加签方式.',
    zh: '这个应用还没有上传应用公钥。请到「开发设置 → 接口加签方式」上传。',
  },
  'isv.invalid-signature': {
    en: 'The signature was refused: the public key uploaded to Alipay is not the other half of this private key. Upload the right one (开发设置 → 接口加签方式), and see that sandbox and production are not mixed up.',
    zh: '签名被拒绝：上传到支付宝的应用公钥和这里的应用私钥不是一对。请到「开发设置 → 接口加签方式」重新上传，并检查沙箱和正式环境有没有混用。',
  },
  'isv.illegal-client-ip': {
    en: 'The application has an allow-list (服务器 IP 白名单), and the outgoing address of this machine is not on it. Add it: 开发设置.',
    zh: '这个应用设了「服务器 IP 白名单」，本机的出口 IP 不在里面。请到「开发设置」里加上。',
  },
  'isv.insufficient-isv-permissions': NO_CONTRACT,
  'ACQ.ACCESS_FORBIDDEN': NO_CONTRACT,
  wrong_key: OTHER_KEY,
  own_public_key_configured: {
    en: 'The key given as the Alipay public key (支付宝公钥) is the application’s own (应用公钥). Copy the other one, which the console shows after the upload.',
    zh: '填入的「支付宝公钥」其实是自己的应用公钥。请复制上传之后显示的那一个。',
  },
}
