import { describe, expect, test } from 'vitest'
import { conclude, findSubCode, gatewayCodes, subCodes } from '../../src/alipay/sub-codes.ts'

/**
 * The sub codes that Alipay documents for each method (SDK definition of 2025-12, and the API
 * pages).
 */
const documented: Readonly<Record<string, string>> = {
  'alipay.trade.precreate': `
    ACQ.SYSTEM_ERROR ACQ.INVALID_PARAMETER ACQ.ACCESS_FORBIDDEN ACQ.EXIST_FORBIDDEN_WORD
    ACQ.PARTNER_ERROR ACQ.TOTAL_FEE_EXCEED ACQ.CONTEXT_INCONSISTENT ACQ.TRADE_HAS_SUCCESS
    ACQ.TRADE_HAS_CLOSE ACQ.BUYER_SELLER_EQUAL ACQ.TRADE_BUYER_NOT_MATCH
    ACQ.BUYER_ENABLE_STATUS_FORBID ACQ.BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR
    ACQ.BEYOND_PAY_RESTRICTION ACQ.BEYOND_PER_RECEIPT_RESTRICTION
    ACQ.BUYER_PAYMENT_AMOUNT_MONTH_LIMIT_ERROR ACQ.SELLER_BEEN_BLOCKED
    ACQ.ERROR_BUYER_CERTIFY_LEVEL_LIMIT ACQ.INVALID_STORE_ID ACQ.APPLY_PC_MERCHANT_CODE_ERROR
    ACQ.SECONDARY_MERCHANT_STATUS_ERROR ACQ.BEYOND_PER_RECEIPT_DAY_RESTRICTION
    ACQ.BEYOND_PER_RECEIPT_SINGLE_RESTRICTION ACQ.TRADE_SETTLE_ERROR
    ACQ.SECONDARY_MERCHANT_ID_INVALID ACQ.SECONDARY_MERCHANT_ISV_PUNISH_INDIRECT
    ACQ.SELLER_NOT_EXIST ACQ.SECONDARY_MERCHANT_ALIPAY_ACCOUNT_INVALID
    ACQ.INVALID_RECEIVE_ACCOUNT ACQ.SECONDARY_MERCHANT_ID_BLANK
    ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR ACQ.SECONDARY_MERCHANT_NOT_MATCH ACQ.BUYER_NOT_EXIST
    ACQ.SUB_GOODS_SIZE_MAX_COUNT ACQ.DEFAULT_SETTLE_RULE_NOT_EXIST
    ACQ.MERCHANT_PERM_RECEIPT_SUSPEND_LIMIT ACQ.MERCHANT_PERM_RECEIPT_SINGLE_LIMIT
    ACQ.MERCHANT_PERM_RECEIPT_DAY_LIMIT ACQ.RISK_MERCHANT_IP_NOT_EXIST
    ACQ.MERCHANT_STATUS_NOT_NORMAL`,
  'alipay.trade.pay': `
    ACQ.SYSTEM_ERROR ACQ.INVALID_PARAMETER ACQ.ACCESS_FORBIDDEN ACQ.EXIST_FORBIDDEN_WORD
    ACQ.PARTNER_ERROR ACQ.TOTAL_FEE_EXCEED ACQ.PAYMENT_AUTH_CODE_INVALID ACQ.CONTEXT_INCONSISTENT
    ACQ.TRADE_HAS_SUCCESS ACQ.TRADE_HAS_CLOSE ACQ.BUYER_BALANCE_NOT_ENOUGH
    ACQ.BUYER_BANKCARD_BALANCE_NOT_ENOUGH ACQ.ERROR_BALANCE_PAYMENT_DISABLE
    ACQ.BUYER_SELLER_EQUAL ACQ.TRADE_BUYER_NOT_MATCH ACQ.BUYER_ENABLE_STATUS_FORBID
    ACQ.PULL_MOBILE_CASHIER_FAIL ACQ.MOBILE_PAYMENT_SWITCH_OFF ACQ.PAYMENT_FAIL
    ACQ.BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR ACQ.BEYOND_PAY_RESTRICTION
    ACQ.BEYOND_PER_RECEIPT_RESTRICTION ACQ.BUYER_PAYMENT_AMOUNT_MONTH_LIMIT_ERROR
    ACQ.SELLER_BEEN_BLOCKED ACQ.ERROR_BUYER_CERTIFY_LEVEL_LIMIT ACQ.PAYMENT_REQUEST_HAS_RISK
    ACQ.NO_PAYMENT_INSTRUMENTS_AVAILABLE ACQ.USER_FACE_PAYMENT_SWITCH_OFF ACQ.INVALID_STORE_ID
    ACQ.SUB_MERCHANT_CREATE_FAIL ACQ.SUB_MERCHANT_TYPE_INVALID ACQ.AGREEMENT_NOT_EXIST
    ACQ.AGREEMENT_INVALID ACQ.AGREEMENT_STATUS_NOT_NORMAL ACQ.MERCHANT_AGREEMENT_NOT_EXIST
    ACQ.MERCHANT_AGREEMENT_INVALID ACQ.MERCHANT_STATUS_NOT_NORMAL ACQ.CARD_USER_NOT_MATCH
    ACQ.CARD_TYPE_ERROR ACQ.CERT_EXPIRED ACQ.AMOUNT_OR_CURRENCY_ERROR ACQ.CURRENCY_NOT_SUPPORT
    ACQ.MERCHANT_UNSUPPORT_ADVANCE ACQ.BUYER_UNSUPPORT_ADVANCE ACQ.ORDER_UNSUPPORT_ADVANCE
    ACQ.CYCLE_PAY_DATE_NOT_MATCH ACQ.CYCLE_PAY_SINGLE_FEE_EXCEED ACQ.CYCLE_PAY_TOTAL_FEE_EXCEED
    ACQ.CYCLE_PAY_TOTAL_TIMES_EXCEED ACQ.SECONDARY_MERCHANT_STATUS_ERROR ACQ.AUTH_NO_ERROR
    ACQ.BUYER_NOT_EXIST ACQ.PRODUCT_AMOUNT_LIMIT_ERROR
    ACQ.SECONDARY_MERCHANT_ALIPAY_ACCOUNT_INVALID ACQ.INVALID_RECEIVE_ACCOUNT
    ACQ.SELLER_NOT_EXIST ACQ.AUTH_AMOUNT_NOT_ENOUGH ACQ.AGREEMENT_ERROR
    ACQ.BEYOND_PER_RECEIPT_SINGLE_RESTRICTION ACQ.PAYER_UNMATCHED
    ACQ.PRE_AUTH_PROD_CODE_INCONSISTENT ACQ.SECONDARY_MERCHANT_ID_INVALID
    ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR ACQ.SECONDARY_MERCHANT_NOT_MATCH
    ACQ.REQUEST_AMOUNT_EXCEED ACQ.SUB_GOODS_SIZE_MAX_COUNT ACQ.NOT_SUPPORT_PAYMENT_INST
    ACQ.BUYER_NOT_MAINLAND_CERT ACQ.SECONDARY_MERCHANT_ID_BLANK ACQ.TRADE_SETTLE_ERROR
    ACQ.AUTH_TOKEN_IS_NOT_EXIST ACQ.SMILE_PAY_MERCHANT_NOT_MATCH ACQ.NOT_CERTIFIED_USER
    ACQ.SECONDARY_MERCHANT_ISV_PUNISH_INDIRECT ACQ.RESTRICTED_MERCHANT_INDUSTRY
    ACQ.PLATFORM_BUSINESS_ACQUIRE_MODE_MUST_MERCHANT_ID ACQ.BEYOND_PER_RECEIPT_DAY_RESTRICTION
    ACQ.TRADE_STATUS_ERROR ACQ.MERCHANT_PERM_RECEIPT_SUSPEND_LIMIT
    ACQ.MERCHANT_PERM_RECEIPT_SINGLE_LIMIT ACQ.MERCHANT_PERM_RECEIPT_DAY_LIMIT
    ACQ.USER_LOGONID_DUP ACQ.AUTH_ORDER_NOT_PAID ACQ.AUTH_ORDER_HAS_FINISHED
    ACQ.AUTH_ORDER_HAS_CLOSED ACQ.ZM_AUTH_AMOUNT_EXCEED ACQ.ZM_CREDIT_AUTH_FAIL
    ACQ.ZM_AUTH_RULE_LIMIT ACQ.ROYALTY_ACCOUNT_NOT_EXIST ACQ.RISK_MERCHANT_IP_NOT_EXIST
    ACQ.UN_SUPPORT_TRADE_SCENE ACQ.OVER_MAX_DEDUCT_COUNT ACQ.OVER_MAX_UNDER_WAY_DEDUCT_COUNT
    ACQ.OVER_DEDUCT_PERIOD ACQ.OVER_MERCHANT_DAILY_DEDUCT_AMOUNT`,
  'alipay.trade.query': `
    ACQ.SYSTEM_ERROR ACQ.INVALID_PARAMETER ACQ.TRADE_NOT_EXIST ACQ.ENTERPRISE_PAY_BIZ_ERROR`,
  'alipay.trade.cancel': `
    ACQ.SYSTEM_ERROR AQC.SYSTEM_ERROR ACQ.INVALID_PARAMETER ACQ.SELLER_BALANCE_NOT_ENOUGH
    ACQ.REASON_TRADE_BEEN_FREEZEN ACQ.TRADE_HAS_FINISHED ACQ.TRADE_CANCEL_TIME_OUT
    ACQ.REASON_TRADE_REFUND_FEE_ERR ACQ.CANCEL_NOT_ALLOWED`,
  'alipay.trade.close': `
    ACQ.SYSTEM_ERROR ACQ.TRADE_NOT_EXIST ACQ.TRADE_STATUS_ERROR ACQ.INVALID_PARAMETER
    ACQ.REASON_TRADE_STATUS_INVALID ACQ.REASON_ILLEGAL_STATUS`,
  'alipay.trade.refund': `
    ACQ.SYSTEM_ERROR ACQ.INVALID_PARAMETER ACQ.SELLER_BALANCE_NOT_ENOUGH
    ACQ.REFUND_AMT_NOT_EQUAL_TOTAL ACQ.REASON_TRADE_BEEN_FREEZEN ACQ.TRADE_NOT_EXIST
    ACQ.TRADE_HAS_FINISHED ACQ.TRADE_STATUS_ERROR ACQ.DISCORDANT_REPEAT_REQUEST
    ACQ.REASON_TRADE_REFUND_FEE_ERR ACQ.TRADE_NOT_ALLOW_REFUND ACQ.REFUND_FEE_ERROR
    ACQ.TRADE_HAS_CLOSE ACQ.BUYER_NOT_EXIST ACQ.BUYER_ENABLE_STATUS_FORBID
    ACQ.REASON_TRADE_STATUS_INVALID ACQ.NOT_ALLOW_PARTIAL_REFUND
    ACQ.ONLINE_TRADE_VOUCHER_NOT_ALLOW_REFUND ACQ.BUYER_ERROR ACQ.CURRENCY_NOT_SUPPORT
    ACQ.ALLOC_AMOUNT_VALIDATE_ERROR ACQ.USER_NOT_MATCH_ERR ACQ.TRADE_SETTLE_ERROR
    ACQ.REFUND_CHARGE_ERROR ACQ.ENTERPRISE_PAY_BIZ_ERROR ACQ.OVERDRAFT_ASSIGN_ACCOUNT_INVALID
    ACQ.OVERDRAFT_AGREEMENT_NOT_MATCH ACQ.REFUND_ACCOUNT_NOT_EXIST ACQ.CUSTOMER_VALIDATE_ERROR
    ACQ.REFUND_ROYALTY_PAYEE_ACCOUNT_NOT_EXIST ACQ.REFUNDALLOC_UNAUTH_LIMIT`,
  'alipay.trade.fastpay.refund.query': `
    ACQ.SYSTEM_ERROR ACQ.INVALID_PARAMETER TRADE_NOT_EXIST ACQ.TRADE_NOT_EXIST
    ACQ.ENTERPRISE_PAY_BIZ_ERROR`,
  'alipay.data.dataservice.bill.downloadurl.query': `
    NO_BILL_DATA INVAILID_ARGUMENTS BILL_NOT_EXIST UNKNOWN_ERROR BILL_DATE_BEFORE_REGISTRATION
    TYPE_NOT_SUPPORTED SYSTEM_RATE_LIMIT USER_RATE_LIMIT isp.bill_not_exist isv.invalid_arguments`,
}

/** The sub codes of the gateway itself (公共错误码), other than trouble of its own. */
const documentedOfGateway = `
    aop.invalid-auth-token aop.auth-token-time-out aop.invalid-app-auth-token
    aop.invalid-app-auth-token-no-api aop.app-auth-token-time-out aop.no-product-reg-by-partner
    isv.missing-method isv.missing-signature isv.missing-signature-type isv.missing-signature-key
    isv.missing-app-id isv.missing-timestamp isv.missing-version
    isv.decryption-error-missing-encrypt-type isv.invalid-parameter isv.upload-fail
    isv.invalid-file-extension isv.invalid-file-size isv.invalid-method isv.invalid-format
    isv.invalid-signature-type isv.invalid-signature isv.invalid-encrypt-type isv.invalid-encrypt
    isv.invalid-app-id isv.invalid-timestamp isv.invalid-charset isv.invalid-digest
    isv.decryption-error-not-valid-encrypt-type isv.decryption-error-not-valid-encrypt-key
    isv.decryption-error-unknown isv.missing-signature-config isv.invalid-auth-relations
    isv.not-support-app-auth isv.illegal-json isv.suspected-attack isv.forbidden-api
    isv.missing-app-cert-sn isv.missing-alipay-root-cert-sn isv.invalid-alipay-root-cert-sn
    isv.app-cert-not-exist isv.alipay-cert-not-exist isv.app-cert-expired not-online-app
    invalid-openid isv.app-call-limited isv.method-call-limited isv.insufficient-isv-permissions
    isv.insufficient-user-permissions isv.self-invoke-forbidden`

const methods = Object.keys(documented)
const moneyMoves = ['alipay.trade.cancel', 'alipay.trade.refund', 'alipay.trade.pay']

describe('the table', () => {
  test('a code has one meaning for a method', () => {
    const twice = subCodes.filter((row, index) =>
      subCodes.some(
        (other, at) =>
          at > index &&
          other.code === row.code &&
          (row.methods ?? methods).some((method) => (other.methods ?? methods).includes(method)),
      ),
    )
    expect(twice).toEqual([])
  })

  test.each(methods)('every sub code that Alipay documents for %s is listed', (method) => {
    const missing = words(documented[method]).filter((code) => !findSubCode(code, method))
    expect(missing).toEqual([])
  })

  test('every sub code of the gateway is listed, for every method, and is not_applied', () => {
    const wrong = words(documentedOfGateway).filter(
      (code) => findSubCode(code, 'alipay.some.method')?.outcome !== 'not_applied',
    )
    expect(wrong).toEqual([])
  })

  test('advice is one sentence', () => {
    for (const { code, advice } of [...subCodes, ...gatewayCodes]) {
      expect(advice, code).toMatch(/^[A-Z][^.]*(\.[^ ][^.]*)*\.$/)
    }
  })

  test('a meaning in Chinese is given for every sub code', () => {
    expect(subCodes.filter(({ zh }) => !/\p{Script=Han}/u.test(zh))).toEqual([])
  })
})

describe('unknown is not failed', () => {
  test.each(methods)('a refusal of %s that is not listed is unknown', (method) => {
    for (const subCode of ['ACQ.NEVER_HEARD_OF', 'isp.remote-service-timeout', '']) {
      expect(conclude({ code: '40004', subCode, method }).outcome).toBe('unknown')
    }
    expect(conclude({ code: '49999', subCode: 'ACQ.INVALID_PARAMETER', method }).outcome).toBe(
      'unknown',
    )
  })

  test.each(methods)("trouble on Alipay's side leaves %s unknown, whatever the code", (method) => {
    for (const subCode of [
      'ACQ.SYSTEM_ERROR',
      'AQC.SYSTEM_ERROR',
      'aop.ACQ.SYSTEM_ERROR',
      'isp.unknow-error',
      'aop.unknow-error',
      'XYZ.SYSTEM_ERROR',
    ]) {
      for (const code of ['20000', '40004', '40002', '40003']) {
        expect(conclude({ code, subCode, method }).outcome, `${code} ${subCode}`).toBe('unknown')
      }
    }
  })

  test.each(methods)('20000 leaves %s unknown, even with a sub code that is definite', (method) => {
    const conclusion = conclude({ code: '20000', subCode: 'ACQ.INVALID_PARAMETER', method })
    expect(conclusion.outcome).toBe('unknown')
  })

  test('a code that is documented for one method proves nothing for another', () => {
    const subCode = 'ACQ.NOT_ALLOW_PARTIAL_REFUND'
    expect(conclude({ code: '40004', subCode, method: 'alipay.trade.refund' }).outcome).toBe(
      'not_applied',
    )
    expect(conclude({ code: '40004', subCode, method: 'alipay.trade.cancel' }).outcome).toBe(
      'unknown',
    )
  })

  test('where money moves, "it has happened already" is unknown', () => {
    const happened = /HAS_SUCCESS|HAS_CLOSE|DISCORDANT|CONTEXT_INCONSISTENT|AUTH_ORDER_HAS_FINISHED/
    const rows = subCodes.filter(
      (row) =>
        happened.test(row.code) && row.methods?.some((method) => moneyMoves.includes(method)),
    )
    expect(rows.map((row) => row.code)).toContain('ACQ.DISCORDANT_REPEAT_REQUEST')
    expect(
      rows.filter((row) => row.outcome !== 'unknown' && row.code !== 'ACQ.AUTH_ORDER_HAS_CLOSED'),
    ).toEqual([])
  })
})

describe('definite refusals', () => {
  test.each(['20001', '40001', '40002', '40003', '40005', '40006'])(
    '%s turns the request away before it is carried out, listed sub code or not',
    (code) => {
      for (const method of methods) {
        expect(conclude({ code, subCode: 'isv.never-heard-of', method }).outcome).toBe(
          'not_applied',
        )
        expect(conclude({ code, subCode: '', method }).outcome).toBe('not_applied')
      }
    },
  )

  test('the advice of the sub code wins over that of the code', () => {
    const { advice } = conclude({
      code: '40003',
      subCode: 'isv.missing-signature-config',
      method: 'alipay.trade.query',
    })
    expect(advice).toMatch(/^Upload the application public key in the Alipay console/)
  })

  test('an unknown refund is never to be repeated with a new number', () => {
    for (const subCode of ['ACQ.SYSTEM_ERROR', 'ACQ.NEVER_HEARD_OF']) {
      expect(conclude({ code: '40004', subCode, method: 'alipay.trade.refund' }).advice).toContain(
        'Repeat the refund with the same out_request_no and the same amount',
      )
    }
  })

  test.each([
    ['alipay.trade.precreate', 'ACQ.TOTAL_FEE_EXCEED', 'not_applied', /amount/],
    ['alipay.trade.precreate', 'ACQ.TRADE_HAS_SUCCESS', 'not_applied', /^Query/],
    ['alipay.trade.precreate', 'ACQ.TRADE_HAS_CLOSE', 'not_applied', /^Query/],
    ['alipay.trade.precreate', 'ACQ.CONTEXT_INCONSISTENT', 'not_applied', /^Query/],
    ['alipay.trade.query', 'ACQ.TRADE_NOT_EXIST', 'not_applied', /polling/],
    ['alipay.trade.cancel', 'ACQ.TRADE_CANCEL_TIME_OUT', 'not_applied', /refund/],
    ['alipay.trade.cancel', 'ACQ.REASON_TRADE_REFUND_FEE_ERR', 'unknown', /^Query/],
    ['alipay.trade.close', 'ACQ.TRADE_NOT_EXIST', 'unknown', /watching/],
    ['alipay.trade.close', 'ACQ.TRADE_STATUS_ERROR', 'unknown', /^Query/],
    ['alipay.trade.refund', 'ACQ.SELLER_BALANCE_NOT_ENOUGH', 'not_applied', /Top up/],
    ['alipay.trade.refund', 'ACQ.DISCORDANT_REPEAT_REQUEST', 'unknown', /refund query/],
    ['alipay.trade.refund', 'ACQ.TRADE_HAS_CLOSE', 'unknown', /refund query/],
    ['alipay.trade.refund', 'ACQ.TRADE_HAS_FINISHED', 'not_applied', /another way/],
    ['alipay.trade.refund', 'ACQ.REFUND_CHARGE_ERROR', 'unknown', /same out_request_no/],
    ['alipay.trade.fastpay.refund.query', 'TRADE_NOT_EXIST', 'not_applied', /number/],
    ['alipay.trade.pay', 'ACQ.PAYMENT_AUTH_CODE_INVALID', 'not_applied', /refresh/],
    ['alipay.trade.pay', 'ACQ.TRADE_HAS_SUCCESS', 'unknown', /^Query/],
    [
      'alipay.data.dataservice.bill.downloadurl.query',
      'isp.bill_not_exist',
      'not_applied',
      /later/,
    ],
  ])('%s refused with %s is %s', (method, subCode, outcome, advice) => {
    const conclusion = conclude({ code: '40004', subCode, method })
    expect(conclusion.outcome).toBe(outcome)
    expect(conclusion.advice).toMatch(advice)
  })
})

function words(text: string | undefined): string[] {
  return text?.match(/\S+/g) ?? []
}
