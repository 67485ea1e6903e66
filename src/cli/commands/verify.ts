/**
 * `saoma verify`: explains why a signature does not hold.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import { Option, type Command } from 'commander'
import { Failure } from '../failure.ts'
import { createStyle } from '../output.ts'
import type { VerifyOptions } from '../verify/index.ts'
import { MESSAGE_KINDS } from '../verify/message-kind.ts'

/** Adds the command. */
export function register(program: Command): void {
  program
    .command('verify')
    .description('say why the signature of a request, an answer or a notification fails')
    .argument('[text...]', 'the message as it was pasted; - or nothing: standard input')
    .option('-f, --file <file>', 'read the message from a file, byte for byte')
    .addOption(new Option('--as <kind>', 'what it is; else recognised').choices(MESSAGE_KINDS))
    .option('--alipay-public-key <file|text>', 'Alipay public key (支付宝公钥)')
    .option('--app-private-key <file|text>', 'application private key (应用私钥), for requests')
    .option('--app-public-key <file|text>', 'application public key (应用公钥), for requests')
    .option('--certificate <file>', "the signer's certificate instead of its key")
    .addOption(
      new Option('--sign-type <type>', 'the configured algorithm (default: RSA2)').choices([
        'RSA2',
        'RSA',
      ]),
    )
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
The message may be a body, a URL, a log line, in quotes or a code fence, percent-encoded or decoded;
what had to be assumed is said. Without key options keys are taken from the environment:
SAOMA_ALIPAY_PUBLIC_KEY(_FILE), SAOMA_ALIPAY_CERT_FILE; for requests SAOMA_APP_PRIVATE_KEY(_FILE).
Nothing is sent anywhere.

Exit code: 0 the signature holds, 1 it does not or there is no key to tell, 2 not understood.

Examples:
  $ saoma verify --file body.txt --alipay-public-key alipay-public-key.txt
  $ saoma verify 'https://shop.example/notify?trade_no=…&sign=…'
  $ pbpaste | saoma verify --as answer --json
  $ saoma verify --app-private-key app-private-key.txt 'app_id=…&method=…&biz_content=…&sign=…'`,
    )
    .action(run)
}

type Options = VerifyOptions & { readonly file?: string; readonly json?: true }

async function run(words: readonly string[], options: Options): Promise<void> {
  const { verify, formatVerdict } = await import('../verify/index.ts')
  try {
    const verdict = verify(await readInput(words, options.file), options, process.env)
    process.stdout.write(
      options.json
        ? `${JSON.stringify(verdict, null, 2)}\n`
        : formatVerdict(verdict, createStyle(process.stdout, process.env)),
    )
    process.exitCode = verdict.holds === true ? 0 : 1
  } catch (error) {
    if (!(error instanceof Failure) || !options.json) throw error
    const failure = { kind: null, holds: null, problem: 'not_understood', finding: error.message }
    process.stdout.write(`${JSON.stringify(failure, null, 2)}\n`)
    process.exitCode = error.exitCode
  }
}

async function readInput(words: readonly string[], file?: string): Promise<Uint8Array> {
  if (file !== undefined && file !== '-') {
    try {
      return readFileSync(file)
    } catch {
      throw new Failure(`--file: ${JSON.stringify(file)} cannot be read.`)
    }
  }
  // A message whose blanks the shell took apart.
  const text = words.join(' ')
  if (text !== '' && text !== '-') return Buffer.from(text)
  if (process.stdin.isTTY) process.stderr.write('Paste the message, then press Ctrl+D:\n')
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
