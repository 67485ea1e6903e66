/**
 * `saoma keys`: makes the application's keys and checks what is configured.
 *
 * @module
 */

import { Option, type Command } from 'commander'
import type { CheckOptions } from '../keys-check.ts'
import type { GenerateOptions } from '../keys-generate.ts'
import { createStyle } from '../output.ts'

/** Adds the command. */
export function register(program: Command): void {
  const keys = program.command('keys').description('make the keys for Alipay, and check them')
  keys
    .command('generate')
    .description('make an RSA key pair of 2048 bits, as Alipay’s key tool does')
    .option('--out <folder>', 'where the two files go', '.')
    .addOption(
      new Option('--format <format>', 'of the private key')
        .choices(['pkcs8', 'pkcs1'])
        .default('pkcs8'),
    )
    .option('--print', 'print the private key too')
    .option('--json', 'print one JSON object, with the private key')
    .addHelpText(
      'after',
      `
Writes app-private-key.txt (for you alone) and app-public-key.txt (to be uploaded), and never
overwrites a file.

Examples:
  $ saoma keys generate
  $ saoma keys generate --out keys --format pkcs1`,
    )
    .action(generate)
  keys
    .command('check')
    .description('find what is wrong with keys and certificates, without a network')
    .option('--app-private-key <file|text>', 'application private key (应用私钥)')
    .option('--alipay-public-key <file|text>', 'Alipay public key (支付宝公钥)')
    .option('--app-cert <file|text>', 'appCertPublicKey_….crt')
    .option('--alipay-cert <file|text>', 'alipayCertPublicKey_RSA2.crt')
    .option('--alipay-root-cert <file|text>', 'alipayRootCert.crt')
    .option('--encrypt-key <file|text>', 'AES key (接口内容加密密钥)')
    .addOption(
      new Option('--sign-type <type>', 'the algorithm (default: RSA2)').choices(['RSA2', 'RSA']),
    )
    .option('--json', 'print one JSON object; it holds no key')
    .addHelpText(
      'after',
      `
Checks what the options name, and for the rest what the environment configures:
SAOMA_APP_PRIVATE_KEY, SAOMA_ALIPAY_PUBLIC_KEY, SAOMA_ENCRYPT_KEY (each also with _FILE),
SAOMA_APP_CERT_FILE, SAOMA_ALIPAY_CERT_FILE, SAOMA_ALIPAY_ROOT_CERT_FILE.

Exit code: 0 all right, 1 something is wrong, 2 nothing is configured.

Examples:
  $ saoma keys check
  $ saoma keys check --app-private-key app-private-key.txt --alipay-public-key MIIBIjANBgkq…`,
    )
    .action(check)
  keys
    .command('rewrap')
    .description('seal all secrets of the database again, after a change of SAOMA_MASTER_KEY')
    .option('--env-file <file>', 'read settings from this file too; the environment goes first')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
To change the master key without a pause:
  1. Put the new key in front on every node: SAOMA_MASTER_KEY=<new>,<old>; restart them one by one.
  2. Run this command with the same settings. With SQLite stop the server for it.
  3. Take the old key away on every node.
Stopped half-way, run it again. Backups from before still need the old key.

Examples:
  $ saoma keys rewrap
  $ saoma keys rewrap --env-file /etc/saoma/saoma.env`,
    )
    .action(rewrap)
}

async function generate(options: {
  readonly out: string
  readonly format: GenerateOptions['format']
  readonly print?: true
  readonly json?: true
}): Promise<void> {
  const { formatGeneratedKeys, generateKeys } = await import('../keys-generate.ts')
  const keys = generateKeys({ folder: options.out, format: options.format })
  if (options.json) {
    process.stdout.write(`${JSON.stringify(keys, null, 2)}\n`)
    return
  }
  process.stdout.write(formatGeneratedKeys(keys, createStyle(process.stdout, process.env)))
  if (options.print) {
    process.stdout.write(`\nThe private key, as asked for:\n${keys.app_private_key}\n`)
  }
}

async function check(options: CheckOptions & { readonly json?: true }): Promise<void> {
  const { checkKeys, formatKeysReport } = await import('../keys-check.ts')
  const { systemClock } = await import('../../alipay/index.ts')
  const report = checkKeys(options, process.env, systemClock)
  process.stdout.write(
    options.json
      ? `${JSON.stringify(report, null, 2)}\n`
      : formatKeysReport(report, createStyle(process.stdout, process.env)),
  )
  process.exitCode = { right: 0, wrong: 1, nothing_configured: 2 }[report.status]
}

async function rewrap(options: { readonly envFile?: string; readonly json?: true }): Promise<void> {
  const { readEnvironment } = await import('../environment-file.ts')
  const { rewrapKeys } = await import('../keys-rewrap.ts')
  const folder = process.env['SAOMA_FOLDER'] || '.saoma'
  const result = await rewrapKeys(readEnvironment(folder, process.env, options.envFile))
  process.stdout.write(
    options.json
      ? `${JSON.stringify(result)}\n`
      : `${result.resealed} sealed again, ${result.current} were current. Everything opens with key ${result.key} now.\n`,
  )
}
