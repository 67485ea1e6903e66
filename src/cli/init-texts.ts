/**
 * What `saoma init` says, in two languages. The names of places in Alipay's console are Chinese in
 * both, for so they stand there.
 *
 * @module
 */

import type { KeyProblem } from '../alipay/index.ts'

/** The languages. */
export type InitLanguage = 'zh' | 'en'

/** The words of one. */
export interface InitTexts {
  readonly title: string
  readonly gateway: string
  readonly sandbox: string
  readonly production: string
  readonly appId: string
  readonly appIdIs16Digits: string
  readonly appIdIsPid: string
  readonly product: string
  readonly faceToFace: string
  readonly orderCode: string
  readonly hasKey: string
  readonly makeKey: string
  readonly bringKey: string
  readonly privateKey: string
  readonly publicUrl: string
  readonly publicUrlIsAddress: string
  readonly publicUrlIsHttps: string
  readonly keyMade: (file: string) => string
  readonly keyUsed: (file: string) => string
  /** Comes before the public key, which stands alone on its line so that it can be copied. */
  readonly upload: (console: string) => string
  readonly copyBack: string
  readonly alipayKey: string
  /** `undefined`: in the words of the check itself. */
  readonly problem: (problem: KeyProblem | 'unreadable') => string | undefined
  readonly trying: (gateway: string) => string
  readonly proven: string
  readonly notProven: string
  readonly whatNow: string
  readonly tryAgain: string
  readonly otherKey: string
  readonly later: string
  readonly written: (folder: string) => string
  readonly masterKey: (file: string) => string
  readonly continue: string
  readonly next: string
  readonly canceled: string
  readonly notInGit: (folder: string) => string
}

const zh: InitTexts = {
  title: 'saoma 设置向导：接上支付宝。中途按 Ctrl+C 退出，再运行一次就接着来。',
  gateway: '接沙箱还是正式环境？',
  sandbox: '沙箱：不用签约，不动真钱',
  production: '正式环境：收真钱',
  appId: '应用的 APPID（16 位数字；开放平台控制台 → 应用详情，或沙箱页）',
  appIdIs16Digits: 'APPID 是 16 位数字，例如 2021000000000000。',
  appIdIsPid: '2088 开头的是 PID（商户账号），不是 APPID。',
  product: '签约的是哪个产品？（以合同为准；沙箱选第一个）',
  faceToFace: '当面付（FACE_TO_FACE_PAYMENT）',
  orderCode: '订单码支付（QR_CODE_OFFLINE）',
  hasKey: '应用私钥从哪里来？',
  makeKey: '现在生成一对（推荐）',
  bringKey: '已经有了，从文件读',
  privateKey: '应用私钥的文件（PEM 或一行 base64，PKCS#8 或 PKCS#1）',
  publicUrl: '顾客和支付宝从外网访问 saoma 的网址（https://…）',
  publicUrlIsAddress: '要一个完整的网址，例如 https://pay.example.com',
  publicUrlIsHttps: '正式环境的网址必须以 https:// 开头。',
  keyMade: (file) => `已生成应用私钥：${file}（只有你能读，谁也不给，支付宝也不给）。`,
  keyUsed: (file) => `使用应用私钥：${file}。`,
  upload: (console) => `1. 把下面这一行「应用公钥」上传给支付宝：
   ${console}
   应用 → 开发设置 → 接口加签方式（密钥/证书）→ 设置 → 密钥（公钥模式，RSA2）→ 粘贴：
`,
  copyBack: `2. 上传之后，页面会显示「支付宝公钥」。复制它，不是上面那行应用公钥：
   两个都以 MIIBIjANBgkqhkiG9w0B 开头，最容易弄混。
`,
  alipayKey: '粘贴「支付宝公钥」，或写它的文件名',
  problem: (problem) => PROBLEMS_ZH[problem],
  trying: (gateway) => `正在试调 ${gateway} …`,
  proven: '试调成功：网关、APPID、应用私钥、支付宝公钥都对。',
  notProven: '试调没有成功',
  whatNow: '怎么办？',
  tryAgain: '改好了，再试一次',
  otherKey: '换一把支付宝公钥',
  later: '以后再说，先保存',
  written: (folder) => `设置已写入 ${folder}/saoma.env（文件只有你能读）。`,
  masterKey: (file) =>
    `主密钥在 ${file}：数据库里的密钥靠它解开。另外保存一份，不要和数据库的备份放在一起。`,
  continue: '拿到支付宝公钥之后，再运行一次：',
  next: '接下来：',
  canceled: '已退出。再运行一次 saoma init 就接着来。',
  notInGit: (folder) => `不要把 ${folder}/ 提交到代码库。`,
}

const PROBLEMS_ZH: Readonly<Record<KeyProblem | 'unreadable', string>> = {
  empty: '是空的。',
  truncated: '只有半截，复制时漏了一部分。',
  unreadable: '这不是一把钥匙，也没有这个文件。',
  encrypted: '这把私钥加了密码，请先去掉密码。',
  public_key_given_as_private: '这是公钥。这里要的是应用私钥。',
  private_key_given_as_public: '这是私钥。这里要的是支付宝公钥；私钥谁也不要给。',
  certificate_given_as_private: '这是证书。这里要的是应用私钥。',
  own_application_key_given_as_alipay:
    '这是你自己的应用公钥。要的是上传之后页面显示的「支付宝公钥」。',
  not_rsa: '这不是 RSA 密钥。请选「RSA2」。',
  too_short_for_rsa2: '这把密钥短于 2048 位，不能用于 RSA2。',
}

const en: InitTexts = {
  title: 'saoma is being set up for Alipay. Stop with Ctrl+C; run it again to go on.',
  gateway: 'Sandbox or production?',
  sandbox: 'sandbox (沙箱): no contract, no real money',
  production: 'production (正式环境): real money',
  appId: 'APPID of the application (16 digits; 开放平台控制台 → 应用详情, or the page of the 沙箱)',
  appIdIs16Digits: 'An APPID is 16 digits, such as 2021000000000000.',
  appIdIsPid: 'What begins with 2088 is a PID, the merchant’s account, not an APPID.',
  product: 'Which product does the contract name? (In the sandbox take the first.)',
  faceToFace: '当面付 (FACE_TO_FACE_PAYMENT)',
  orderCode: '订单码支付 (QR_CODE_OFFLINE)',
  hasKey: 'Where does the application private key (应用私钥) come from?',
  makeKey: 'make a new pair now (advised)',
  bringKey: 'there is one, in a file',
  privateKey: 'File of the application private key (PEM or one line of base64, PKCS#8 or PKCS#1)',
  publicUrl: 'Where do buyers and Alipay reach saoma? (https://…)',
  publicUrlIsAddress: 'It is a whole address, such as https://pay.example.com',
  publicUrlIsHttps: 'In production it begins with https://.',
  keyMade: (file) =>
    `The application private key (应用私钥) is in ${file}: for you alone, Alipay does not get it either.`,
  keyUsed: (file) => `The application private key (应用私钥) is ${file}.`,
  upload: (console) => `1. Upload this line to Alipay, the application public key (应用公钥):
   ${console}
   the application → 开发设置 → 接口加签方式 → 设置 → 密钥 (公钥模式, RSA2) → paste it:
`,
  copyBack: `2. Then the page shows the Alipay public key (支付宝公钥). Copy that one:
   the line above begins MIIBIjANBgkqhkiG9w0B too, and is easily taken for it.
`,
  alipayKey: 'Paste the Alipay public key (支付宝公钥), or name its file',
  problem: () => undefined,
  trying: (gateway) => `Trying ${gateway} …`,
  proven: 'Proven by a call: gateway, APPID, private key and Alipay public key are all right.',
  notProven: 'The trial call did not succeed',
  whatNow: 'What now?',
  tryAgain: 'it is mended: try again',
  otherKey: 'give another Alipay public key',
  later: 'save it, and go on later',
  written: (folder) => `The settings are in ${folder}/saoma.env, readable by you alone.`,
  masterKey: (file) =>
    `The master key is ${file}: it opens the secrets in the database. Keep a copy, apart from the database’s backups.`,
  continue: 'When you have the Alipay public key, run it again:',
  next: 'Next:',
  canceled: 'Stopped. Run saoma init again to go on.',
  notInGit: (folder) => `Do not commit ${folder}/.`,
}

/** The words by language. */
export const initTexts: Readonly<Record<InitLanguage, InitTexts>> = { zh, en }
