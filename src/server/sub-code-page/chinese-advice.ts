/**
 * What to do about a refusal of Alipay's, in Chinese; the keys are the English advice of its table.
 *
 * @module
 */

/** Has an entry for each advice of `subCodes`. */
export const chineseAdvice: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'Find out whether it was carried out before you do anything else.':
      '先查明这次调用是否已经执行，再做其他操作。',
    'Ask the merchant to authorise again and use the new token.': '请商户重新授权，并使用新令牌。',
    'Ask the merchant to authorise the application for this method as well.':
      '请商户为应用补充授权该接口。',
    'Have the merchant sign the contract for 当面付 first.': '请商户先签约当面付产品。',
    'Send all common parameters: something between you and the gateway drops them, or the client is not saoma.':
      '补齐全部公共参数：参数可能被中间的代理丢弃，或请求并非由 saoma 发出。',
    'Upload the application public key in the Alipay console (应用详情 → 开发设置 → 接口加签方式), for the sign type that you use.':
      '在支付宝开放平台（应用详情 → 开发设置 → 接口加签方式）按所用的签名算法上传应用公钥。',
    'Send encrypt_type AES with encrypted content.': '内容加密时，encrypt_type 请传 AES。',
    'Correct the parameter that sub_msg names.': '修正 sub_msg 所指的参数。',
    'Check the spelling of the method.': '检查接口名称的拼写。',
    'Check that the private key belongs to the application public key in the Alipay console of this app_id, and that gateway, app_id and key are all of the sandbox or all of production; sub_msg quotes the text that Alipay verified.':
      '确认应用私钥与开放平台上该 APPID 的应用公钥是一对，且网关、APPID 与密钥同属沙箱或同属正式环境；sub_msg 中有支付宝验签所用的原文。',
    'Use RSA2, as chosen in the Alipay console.': '使用 RSA2，与开放平台上的设置一致。',
    'Check the app_id and the gateway: a sandbox app_id works at the sandbox gateway only, and a production application must be online (已上线).':
      '检查 APPID 与网关：沙箱 APPID 只能用于沙箱网关，正式应用须已上线。',
    'Check that the encrypt key is the one in the Alipay console (接口内容加密方式) of this app_id.':
      '确认加密密钥与开放平台上该 APPID 的“接口内容加密方式”一致。',
    'Send the timestamp as yyyy-MM-dd HH:mm:ss in China time.':
      'timestamp 请用北京时间，格式为 yyyy-MM-dd HH:mm:ss。',
    'Use utf-8, and name it in the address as well.':
      '使用 utf-8，并在请求地址中同样写明 charset。',
    'Send biz_content as JSON.': 'biz_content 请传合法的 JSON。',
    "Change the value that holds one of Alipay's own parameter names (body=, subject, out_trade_no …), such as a subject or passback_params.":
      '修改含有支付宝参数名（body=、subject、out_trade_no 等）的取值，例如订单标题或 passback_params。',
    'Call it without app_auth_token, or ask Alipay to open it.':
      '调用时不传 app_auth_token，或联系支付宝开通。',
    'Use the open id that belongs to this application.': '使用属于本应用的 openid。',
    'Configure the three certificates downloaded from the Alipay console of this app_id (appCertPublicKey, alipayCertPublicKey_RSA2, alipayRootCert).':
      '配置从开放平台该 APPID 下载的三份证书（appCertPublicKey、alipayCertPublicKey_RSA2、alipayRootCert）。',
    'Renew the application certificate in the Alipay console and configure the new one.':
      '在开放平台更新应用公钥证书，并配置新证书。',
    'Ask the merchant to authorise the application again.': '请商户重新授权该应用。',
    'Slow down and send it again later.': '降低调用频率，稍后重试。',
    'Add 当面付 to the application in the Alipay console, bind the application to the merchant account, and sign the contract at b.alipay.com.':
      '在开放平台为应用添加当面付能力，绑定商家账号，并在 b.alipay.com 完成签约。',
    'Let the user authorise the application for this method.': '请用户为应用授权该接口。',
    "Call it for a merchant, with that merchant's app_auth_token.":
      '代商户调用，并传入该商户的 app_auth_token。',
    'Correct the field that sub_msg names, then send it again.':
      '修正 sub_msg 所指的字段后重新发送。',
    'Sign the contract of the product at b.alipay.com and check product_code against it.':
      '在 b.alipay.com 签约该产品，并核对 product_code。',
    'Check the app_id and its state in the Alipay console.': '在开放平台核对 APPID 及其状态。',
    'Query the order: its number has been paid; if not for this sale, take a new out_trade_no.':
      '查询订单：该订单号已支付；若不是这笔销售，请换新的 out_trade_no。',
    'Query the order: a trade of this number was closed or wholly refunded; a new code takes a new out_trade_no.':
      '查询订单：该订单号的交易已关闭或已全额退款；重新出码须换新的 out_trade_no。',
    'Query the order: a trade of this number exists with another content or buyer and may still be paid; cancel it before you take a new out_trade_no.':
      '查询订单：该订单号已有内容或买家不同的交易，仍可能被支付；先撤销，再换新的 out_trade_no。',
    'Query the order, for an earlier code of its number may still be payable, then take a new out_trade_no; if that is refused too, check the contract of the product.':
      '先查询订单（该订单号此前的二维码可能仍可支付），再换新的 out_trade_no；若仍被拒绝，请核对产品签约。',
    'Check sub_merchant and settle_info against the onboarding of that merchant.':
      '对照二级商户的进件资料，核对 sub_merchant 与 settle_info。',
    'Query the order: its number has been paid, perhaps by an earlier call for this very sale.':
      '查询订单：该订单号已支付，可能正是这笔销售此前的调用所致。',
    'Query the order: a trade of this number exists already; take a new out_trade_no only when it is known to be dead.':
      '查询订单：该订单号已有交易；确认其不会再被支付后，才能换新的 out_trade_no。',
    "Query the order and cancel it if it is not paid: the trade may wait on the buyer's phone.":
      '查询订单，未支付则撤销：交易可能仍在买家手机上等待付款。',
    'Query the order: the pre-authorisation has been turned into a paid trade already.':
      '查询订单：预授权已转为支付。',
    'Change subject and body.': '修改订单标题与描述。',
    'Lower the amount: 0.01 to 100000000 yuan.': '降低金额：范围为 0.01 至 100000000 元。',
    'Correct store_id, which has no Chinese letters.': '修正 store_id，不能含有中文。',
    'Correct seller_id, or leave it out to receive on the account with the contract.':
      '修正 seller_id；不传则由签约账号收款。',
    'Set time_expire in the future, in China time.': 'time_expire 须为将来的北京时间。',
    'Send at most 150 entries in goods_detail.': 'goods_detail 最多 150 条。',
    'Send the public address of the ordering device in business_params.mc_create_trade_ip.':
      '在 business_params.mc_create_trade_ip 中传入下单设备的公网 IP。',
    'Contact Alipay (95188 or the merchant centre at b.alipay.com).':
      '联系支付宝（95188 或 b.alipay.com 商家中心）。',
    'Activate the merchant again at b.alipay.com (three months without a trade suspend it), or contact Alipay.':
      '在 b.alipay.com 重新激活商户（连续三个月无交易会被暂停），或联系支付宝。',
    'Contact the service provider of the merchant.': '联系该商户的服务商。',
    'Ask the buyer for another means of payment or another account.':
      '请买家更换付款方式或付款账号。',
    'Ask the buyer to refresh the payment code, and scan it again.': '请买家刷新付款码后重新扫码。',
    'Ask the buyer to switch this way of paying on in Alipay.': '请买家在支付宝中开启该付款方式。',
    'Check the contract of the product at b.alipay.com.': '在 b.alipay.com 核对产品签约。',
    'Check the withholding agreement (代扣) and its limits.': '核对代扣协议及其限额。',
    'Check the pre-authorisation (预授权), its state and its rest.': '核对预授权的状态与剩余金额。',
    'The credit product (先享后付) refused: take another one.':
      '先享后付未通过：请改用其他付款方式。',
    'Check the card or face service that the request names.': '核对请求所用的卡或刷脸服务。',
    'Go on polling: before the buyer scans there is no trade, and a code that was shown may still be scanned.':
      '继续轮询：买家扫码前交易尚未创建，已展示的二维码仍可能被扫。',
    'Ask again; if it stays, contact Alipay.': '再次查询；若持续出现，请联系支付宝。',
    "Top up the merchant's Alipay account, then cancel again with the same request.":
      '为商户支付宝账户充值，再以相同的请求撤销。',
    'Query the order; if it is paid, refund it instead.': '查询订单；若已支付，请改用退款。',
    'Check the number: there is no such trade; a code that was shown may still be scanned.':
      '核对订单号：没有这笔交易；已展示的二维码仍可能被扫。',
    'Query the order and its refunds: it has ended or been refunded, perhaps by an earlier cancel.':
      '查询订单及其退款：交易已完结或已退款，可能是此前的撤销所致。',
    'Keep watching the order until its code has expired: nobody has scanned it, and whether this kills the code is not documented.':
      '继续关注订单直到二维码过期：尚无人扫码，而此操作是否使二维码失效，官方文档并未说明。',
    'Query the order: it is paid, or closed already.': '查询订单：已支付或已关闭。',
    "Top up the merchant's Alipay account, then repeat with the same out_request_no and amount.":
      '为商户支付宝账户充值，再以相同的 out_request_no 和金额重试。',
    'Check the amount against what is left of the trade after all its refunds.':
      '核对金额：不能超过该交易扣除全部退款后的余额。',
    'Check the number: nobody has paid this order.': '核对订单号：该订单无人付款。',
    'Pay the buyer back by another way: the time for refunds by contract is over.':
      '已超过签约的退款期限，请通过其他方式退款给买家。',
    'Query the trade: only a paid one can be refunded.': '查询交易：只有已支付的交易可以退款。',
    'Query the trade and check in the contract whether refunds are allowed.':
      '查询交易，并核对签约是否允许退款。',
    'Ask refund query: the number has been used with another amount, and that refund may have been paid.':
      '查询退款：该退款单号已用于另一金额，那笔退款可能已经到账。',
    'Ask refund query and query: the trade was closed unpaid, or is wholly refunded, perhaps by this very refund.':
      '查询退款与订单：交易未付款已关闭，或已全额退款，可能正是这笔退款所致。',
    'Repeat later with the same out_request_no and amount, or ask refund query.':
      '稍后以相同的 out_request_no 和金额重试，或查询退款。',
    'Pay the buyer back by another way, or contact Alipay: the account cannot receive it.':
      '买家账户无法收款：请通过其他方式退款，或联系支付宝。',
    'Refund the whole amount, or pay back by another way.': '请全额退款，或通过其他方式退款。',
    'Pay the buyer back by another way: a bought voucher was used.':
      '该交易使用了购买的优惠券，请通过其他方式退款给买家。',
    'Correct what sub_msg names; it belongs to a special product.':
      '修正 sub_msg 所指的内容，它属于专门的产品。',
    'Check the number of the trade: there is none.': '核对交易号：没有这笔交易。',
    "Ask again later: a bill is ready by about 9:00 of the next day (a month's by the 3rd), and there is none for a time without business.":
      '稍后再取：日账单约次日 9 点生成，月账单约次月 3 日生成；没有业务的时段没有账单。',
    'Correct bill_type and bill_date: a past day as yyyy-MM-dd or a past month as yyyy-MM.':
      '修正 bill_type 与 bill_date：过去的日期写作 yyyy-MM-dd，过去的月份写作 yyyy-MM。',
    'Take a later date: the merchant was not there yet.': '请取更晚的日期：当时商户尚未注册。',
    'Sign the product that this kind of bill belongs to.': '请签约该类账单所属的产品。',
    'Ask again in a minute.': '一分钟后再试。',
  }),
)
