/**
 * One `alipay.trade.query` straight to the configured gateway: the trial call that proves address,
 * APPID and keys.
 *
 * @module
 */

import { AlipayError, createClient, RequestRefused } from '../alipay/index.ts'
import { readGatewayConfiguration, type Environment } from './configuration.ts'

/**
 * Asks for an order number and prints the answer.
 *
 * @returns Exit code: 0 if the gateway gave a verified answer about the order, that it has no trade
 *   included; 1 else.
 */
export async function queryDirectly(
  env: Environment,
  outTradeNo: string,
  { json }: { readonly json: boolean },
): Promise<number> {
  const { client: options } = readGatewayConfiguration(env)
  const client = createClient(options)
  try {
    const answer = await client.trade.query({ out_trade_no: outTradeNo })
    process.stdout.write(
      json
        ? `${JSON.stringify({ ok: true, ...answer })}\n`
        : `${answer.trade_status}  ${answer.total_amount} CNY\n`,
    )
    return 0
  } catch (error) {
    if (!(error instanceof AlipayError)) throw error
    const refused = error instanceof RequestRefused ? error : undefined
    const ok = refused?.subCode === 'ACQ.TRADE_NOT_EXIST'
    process.stdout.write(
      json
        ? `${JSON.stringify({
            ok,
            code: error.code,
            sub_code: refused?.subCode ?? null,
            sub_msg: refused?.subMsg ?? null,
            outcome: error.outcome,
            message: error.message,
          })}\n`
        : ok
          ? 'RIGHT: the gateway answered ACQ.TRADE_NOT_EXIST, and the answer verifies. Address, APPID and both keys are right.\n'
          : `${error.code}: ${error.message}\n`,
    )
    return ok ? 0 : 1
  } finally {
    await client.close()
  }
}
