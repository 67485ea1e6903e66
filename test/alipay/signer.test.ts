import { createHmac, createPublicKey, createSecretKey } from 'node:crypto'
import { describe, expect, test } from 'vitest'

import { ConfigurationInvalid, KeyInvalid } from '../../src/alipay/errors.ts'
import { loadPrivateKey, loadPublicKey, sameKey, type SignType } from '../../src/alipay/keys.ts'
import { createSigner, verifySignature } from '../../src/alipay/signer.ts'
import { describeReference, referenceText } from '../reference-vectors.ts'
import { vectors, vectorText } from '../vectors.ts'

interface Signature {
  content: string
  signType: SignType
  key: 'application' | 'short'
  signature: string
}

const answers = vectors('signatures') as Signature[]
const privateKeys = {
  application: vectorText('keys/application-private-key.pkcs8.pem'),
  short: vectorText('keys/short-private-key.pem'),
}
const publicKeys = {
  application: loadPublicKey(vectorText('keys/application-public-key.spki.pem')),
  short: loadPublicKey(vectorText('keys/short-public-key.pem'), { signType: 'RSA' }),
}

describe('openssl makes the same signature and it verifies:', () => {
  test.each(answers)('$signType with the $key key over "$content"', async (answer) => {
    const content = Buffer.from(answer.content)
    const signer = createSigner(privateKeys[answer.key], answer.signType)
    expect(await signer.sign(content)).toBe(answer.signature)
    const key = publicKeys[answer.key]
    expect(verifySignature(content, answer.signature, key, answer.signType)).toBe(true)
  })
})

test('a signer tells its sign type, RSA2 unless asked otherwise, and its public key', () => {
  const signer = createSigner(privateKeys.application)
  expect(signer.signType).toBe('RSA2')
  expect(sameKey(signer.publicKey!, publicKeys.application)).toBe(true)
  expect(createSigner(privateKeys.short, 'RSA').signType).toBe('RSA')
})

test('a signer needs a key that is long enough and a sign type that exists', () => {
  expect(() => createSigner(privateKeys.short)).toThrow(KeyInvalid)
  for (const signType of ['rsa2', 'SM2', 'constructor']) {
    expect(() => createSigner(privateKeys.application, signType as SignType)).toThrow(
      new ConfigurationInvalid(`signType is RSA2 or RSA, not "${signType}"`),
    )
  }
})

describe('no proof, and no error, is', () => {
  const { content, signature } = answers[0]!
  const bytes = Buffer.from(content)
  const key = publicKeys.application
  const secret = createSecretKey(Buffer.alloc(32))
  const hmac = createHmac('sha256', secret).update(content).digest('base64')
  const other = loadPublicKey(vectorText('keys/alipay-public-key.pem'))
  const ec = createPublicKey(vectorText('keys/ec-public-key.pem'))

  test.each<[string, () => boolean]>([
    ['another content', () => verifySignature(Buffer.from(`${content} `), signature, key, 'RSA2')],
    ["someone else's key", () => verifySignature(bytes, signature, other, 'RSA2')],
    ['the other digest', () => verifySignature(bytes, signature, key, 'RSA')],
    ['a sign type that does not exist', () => verifySignature(bytes, signature, key, 'X' as 'RSA')],
    ['a public key of another kind', () => verifySignature(bytes, signature, ec, 'RSA2')],
    ['a secret key', () => verifySignature(bytes, hmac, secret, 'RSA2')],
    ['no signature', () => verifySignature(bytes, '', key, 'RSA2')],
    ['a signature without padding', () => check(signature.replaceAll('=', ''))],
    ['a signature with a line break', () => check(`${signature}\n`)],
    ['a signature with blanks for plus signs', () => check(signature.replaceAll('+', ' '))],
    [
      'a signature in the alphabet of URLs',
      () => check(signature.replaceAll('+', '-').replaceAll('/', '_')),
    ],
    ['a signature with spare bits', () => check(withSpareBits(signature))],
    ['a signature that goes on', () => check(signature + signature)],
    ['a signature cut off', () => check(signature.slice(0, -4))],
  ])('%s', (_, verdict) => {
    expect(verdict()).toBe(false)
  })

  function check(text: string): boolean {
    expect(text).not.toBe(signature)
    return verifySignature(bytes, text, key, 'RSA2')
  }
})

interface ReferenceRequest {
  id: string
  signContent: string
  sign: string
  signType: SignType
  signWith: string
}

describeReference('sign-requests', 'signatures of requests', (vectors) => {
  const requests = vectors as ReferenceRequest[]
  const isShort = ({ signWith, signType }: ReferenceRequest) =>
    signWith.includes('rsa1024') && signType === 'RSA2'

  test.each(requests.filter((each) => !isShort(each)))('$id', async (request) => {
    const signer = createSigner(referenceText(request.signWith), request.signType)
    expect(await signer.sign(Buffer.from(request.signContent))).toBe(request.sign)
  })

  test.each(requests.filter(isShort))('$id, with a key that signers refuse', (request) => {
    const { signContent, sign, signType, signWith } = request
    const key = loadPrivateKey(referenceText(signWith), { signType: 'RSA' })
    expect(verifySignature(Buffer.from(signContent), sign, createPublicKey(key), signType)).toBe(
      true,
    )
    expect(() => createSigner(key, signType)).toThrow(KeyInvalid)
  })
})

/** The last letter before the padding carries four bits that no byte holds. */
function withSpareBits(signature: string): string {
  const next = { A: 'B', Q: 'R', g: 'h', w: 'x' }[signature.at(-3)!]
  return `${signature.slice(0, -3)}${next}==`
}

interface ReferenceAnswer {
  id: string
  signContent: string
  sign: string
  signType: SignType
  verifyWith: string
}

for (const name of ['sync-responses', 'verify-selfsigned']) {
  describeReference(name, 'signatures verify', (vectors) => {
    test.each(vectors as ReferenceAnswer[])(
      '$id',
      ({ signContent, sign, signType, verifyWith }) => {
        const key = loadPublicKey(referenceText(verifyWith), { signType })
        expect(verifySignature(Buffer.from(signContent), sign, key, signType)).toBe(true)
        expect(verifySignature(Buffer.from(`${signContent} `), sign, key, signType)).toBe(false)
      },
    )
  })
}
