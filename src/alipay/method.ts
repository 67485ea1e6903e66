/**
 * What a method of the gateway is to the client: a name, and two shapes that only the compiler
 * sees.
 *
 * @module
 */

declare const shapes: unique symbol

/**
 * A method of the gateway: its name on the wire, and the shapes of its request and of its verified
 * answer. A method that saoma does not have is one line: `const method: Method<MyRequest, MyAnswer>
 * = { name: 'alipay.…' }`.
 *
 * @template Request What `biz_content` holds, with Alipay's own names.
 * @template Answer The node of the answer, with Alipay's own names.
 */
export interface Method<Request, Answer> {
  /** The `method` parameter, e.g. `alipay.trade.query`. */
  readonly name: string
  /**
   * Never set: carries the two shapes, so that a request of one method does not compile for
   * another.
   */
  readonly [shapes]?: (request: Request) => Answer
}

/**
 * What every answer of the gateway has, whatever the method. Amounts, dates and flags in answers
 * are strings.
 */
export interface CommonAnswer {
  /**
   * `10000`: the call was processed; look at the business fields. `10003`: `alipay.trade.pay` waits
   * for the buyer.
   */
  readonly code: string
  /** A fixed English text for `code`, e.g. `Success`. */
  readonly msg: string
  /** In refusals: what exactly is wrong, e.g. `ACQ.TRADE_NOT_EXIST`. */
  readonly sub_code?: string
  /** In refusals: `sub_code` in Chinese, for people. The text may change; never compare it. */
  readonly sub_msg?: string
}
