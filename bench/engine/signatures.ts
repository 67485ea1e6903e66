/**
 * RSA-2048 signatures per second: what every call of Alipay's gateway costs, whoever makes it.
 *
 * @module
 */
import { generateKeyPairSync, sign } from 'node:crypto'
import { promisify } from 'node:util'

/** How many signatures this machine makes in a second. */
export interface SignatureRate {
  /** On all cores, asynchronously. */
  readonly allCores: number
  /** On one, synchronously. */
  readonly oneCore: number
}

/** Signatures under way at a time: more are not quicker. */
const UNDER_WAY = 16

/** Signs some 600 bytes again and again. */
export async function measureSignatures({
  seconds,
}: {
  readonly seconds: number
}): Promise<SignatureRate> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const request = Buffer.alloc(600, 'request')
  const signAsync = promisify(sign)

  let signed = 0
  const began = performance.now()
  const end = began + seconds * 1_000
  const signUntilEnd = async (): Promise<void> => {
    for (; performance.now() < end; signed++) await signAsync('sha256', request, privateKey)
  }
  await Promise.all(Array.from({ length: UNDER_WAY }, signUntilEnd))
  const allCores = (signed * 1_000) / (performance.now() - began)

  signed = 0
  const beganAlone = performance.now()
  for (; performance.now() < beganAlone + seconds * 1_000; signed++) {
    sign('sha256', request, privateKey)
  }
  return { allCores, oneCore: (signed * 1_000) / (performance.now() - beganAlone) }
}
