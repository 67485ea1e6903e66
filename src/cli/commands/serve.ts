/**
 * `saoma serve`: the merchant's server against the sandbox or production.
 *
 * @module
 */

import type { Command } from 'commander'

/** Adds the command. */
export function register(program: Command): void {
  program
    .command('serve')
    .description('run the server against the gateway that the environment names')
    .option('--env-file <file>', 'read settings from this file too; the environment goes first')
    .addHelpText(
      'after',
      `
Settings are read from the environment, and where it names no application from saoma.env in the
folder, as \`saoma init\` writes it (docs/reference/configuration.md lists all):
  SAOMA_APP_ID, SAOMA_APP_PRIVATE_KEY(_FILE), SAOMA_ALIPAY_PUBLIC_KEY(_FILE), SAOMA_PUBLIC_URL
  SAOMA_GATEWAY        production (default), sandbox, or an address
  SAOMA_PORT           6200   SAOMA_HOST  127.0.0.1   SAOMA_FOLDER  .saoma
  SAOMA_PRODUCT_CODE, SAOMA_SELLER_ID, SAOMA_ENCRYPT_KEY(_FILE), SAOMA_MERCHANT_NAME, SAOMA_PROXY
  SAOMA_APPS           files with the settings of further applications
  SAOMA_TRUSTED_PROXIES   whose X-Forwarded-For is believed
  SAOMA_APP_CERT_FILE, SAOMA_ALIPAY_CERT_FILE, SAOMA_ALIPAY_ROOT_CERT_FILE   in certificate mode

Examples:
  $ saoma serve
  $ saoma serve --env-file /etc/saoma/saoma.env
  $ SAOMA_GATEWAY=sandbox SAOMA_APP_ID=9021… SAOMA_PUBLIC_URL=https://pay.example.com saoma serve`,
    )
    .action(async ({ envFile }: { envFile?: string }) => {
      const { readEnvironment } = await import('../environment-file.ts')
      const { serve } = await import('../serve.ts')
      const folder = process.env['SAOMA_FOLDER'] || '.saoma'
      await serve(readEnvironment(folder, process.env, envFile))
    })
}
