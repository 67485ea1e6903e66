/**
 * `saoma init`: a guided set-up.
 *
 * @module
 */

import { Option, type Command } from 'commander'
import type { InitLanguage } from '../init-texts.ts'

interface Options {
  readonly lang?: InitLanguage
  readonly gateway?: string
  readonly appId?: string
  readonly product?: string
  readonly publicUrl?: string
  readonly appPrivateKey?: string
  readonly alipayPublicKey?: string
  readonly folder: string
  readonly yes: boolean
  readonly force: boolean
  readonly json: boolean
}

/** Adds the command. */
export function register(program: Command): void {
  program
    .command('init')
    .description('set saoma up for Alipay: keys, settings, and a call that proves them')
    .addOption(
      new Option('--lang <language>', 'language; by default what LANG says').choices(['zh', 'en']),
    )
    .option('--gateway <gateway>', 'sandbox, production, or an address that ends in /gateway.do')
    .option('--app-id <number>', 'APPID of the application, 16 digits')
    .addOption(
      new Option('--product <code>', 'what the contract names').choices([
        'FACE_TO_FACE_PAYMENT',
        'QR_CODE_OFFLINE',
      ]),
    )
    .option('--public-url <url>', 'where buyers and Alipay reach this server')
    .option(
      '--app-private-key <file|text>',
      'application private key (应用私钥) instead of a new one',
    )
    .option('--alipay-public-key <file|text>', 'Alipay public key (支付宝公钥)')
    .option('--folder <folder>', 'where keys and settings are kept', '.saoma')
    .option('-y, --yes', 'ask nothing, take what is suggested', false)
    .option('--force', 'replace keys and settings that the folder has by those given here', false)
    .option('--json', 'ask nothing, print one JSON line; it holds no secret', false)
    .addHelpText(
      'after',
      `
What an option gives is not asked; without a terminal nothing is. Everything that was said is kept,
so a second run asks for nothing but what was missing. In the folder, for their owner alone:
app-private-key.txt, alipay-public-key.txt, master-key, and the settings in saoma.env, which
\`saoma serve\` reads.

Exit code: 0 set up and proven by a call, 1 something is left to do, 2 asked for in the wrong way.

Examples:
  $ saoma init
  $ saoma init --lang zh --gateway sandbox --app-id 9021000000000000
  $ saoma init --yes --app-id 9021000000000000      prints the public key to upload, and then:
  $ saoma init --yes --alipay-public-key alipay-public-key.txt`,
    )
    .action(run)
}

async function run({ lang, yes, json, ...options }: Options): Promise<void> {
  const { init } = await import('../init.ts')
  const { initTexts } = await import('../init-texts.ts')
  const language = lang ?? languageOf(process.env)
  const isAsked = !yes && !json && process.stdin.isTTY && process.stdout.isTTY
  const questions = isAsked
    ? await (await import('../questions.ts')).terminalQuestions(initTexts[language].canceled)
    : undefined
  const say = (text: string): void => {
    if (!json) process.stdout.write(text)
  }
  const result = await init({ ...options, language, yes }, questions, say)
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`)
  process.exitCode = result.status === 'ready' ? 0 : 1
}

/** As POSIX has it: the first of these that is set. */
function languageOf({ LC_ALL, LC_MESSAGES, LANG }: NodeJS.ProcessEnv): InitLanguage {
  return (LC_ALL || LC_MESSAGES || LANG || '').startsWith('zh') ? 'zh' : 'en'
}
