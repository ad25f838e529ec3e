import { createDecipheriv, createHash, createPrivateKey, X509Certificate } from 'node:crypto'
import type forgeTypes from 'node-forge'
import { DatasourceError, messageOf } from '../../src/machine/errors.ts'
import { elementAt, parseXml, textOf } from './xml.ts'

/** What the fabric encrypts certificates for, and decrypts them again. Both in PEM. */
export interface TransportKey {
  readonly certificate: string
  readonly privateKey: string
}

export interface AzureCertificate {
  /** SHA-1 of its DER form, in upper-case hex: how Azure names it. */
  readonly thumbprint: string
  readonly pem: string
  /** In PEM; undefined when the fabric handed out the certificate alone. */
  readonly privateKey: string | undefined
}

/** The body of a PEM text on one line: how a certificate is written into a header. */
export const pemBody = (pem: string): string =>
  pem
    .split(/\r?\n/)
    .filter((line) => !line.startsWith('-----'))
    .join('')

/**
 * Reads the certificates document of a goal state: a CMS envelope for the transport key, with a PKCS #12 package inside.
 * In the package's order; empty when the document has none, or says that it holds something else.
 * @throws DatasourceError when it can't be decrypted or read.
 */
export const readCertificates = async (document: Uint8Array, key: TransportKey): Promise<AzureCertificate[]> => {
  const root = await parseXml(document)
  const format = textOf(elementAt(root, 'Format'))
  if (format !== undefined && format !== 'Pkcs7BlobWithPfxContents') return []
  const data = textOf(elementAt(root, 'Data'))
  if (data === undefined) return []
  const forge = (await import('node-forge')).default
  try {
    const envelope = forge.asn1.fromDer(Buffer.from(data, 'base64').toString('binary'))
    return certificatesIn(forge, decryptEnvelope(forge, envelope, key))
  } catch (error) {
    throw new DatasourceError('Azure', `the certificates in the goal state can't be decrypted: ${messageOf(error)}`)
  }
}

type Forge = typeof forgeTypes
type Asn1 = forgeTypes.asn1.Asn1

const child = (node: Asn1 | undefined, index: number): Asn1 => {
  const children = node?.value
  const found = Array.isArray(children) ? children[index] : undefined
  if (found === undefined) throw new TypeError('not a CMS envelope')
  return found
}

/** Bytes of a primitive value, or of the pieces that a constructed one is cut into. */
const bytesOf = (node: Asn1): Buffer => {
  const { value } = node
  return typeof value === 'string' ? Buffer.from(value, 'binary') : Buffer.concat(value.map(bytesOf))
}

const ciphers: Readonly<Record<string, string>> = {
  '1.2.840.113549.3.7': 'des-ede3-cbc',
  '2.16.840.1.101.3.4.1.2': 'aes-128-cbc',
  '2.16.840.1.101.3.4.1.42': 'aes-256-cbc',
}

/**
 * RFC 5652: ContentInfo { type, [0] EnvelopedData { version, recipients, { type, { cipher, iv }, [0] content } } }.
 * There is one recipient, this machine; its key is RSA-encrypted (PKCS #1 v1.5).
 */
const decryptEnvelope = (forge: Forge, contentInfo: Asn1, key: TransportKey): string => {
  const enveloped = child(child(contentInfo, 1), 0)
  const recipient = child(child(enveloped, 1), 0)
  const encryptedKey = bytesOf(child(recipient, 3)).toString('binary')
  const content = child(enveloped, 2)
  const algorithm = child(content, 1)
  const cipher = ciphers[forge.asn1.derToOid(bytesOf(child(algorithm, 0)).toString('binary'))]
  if (cipher === undefined) throw new TypeError('the cipher is neither triple DES nor AES')
  // forge, not node:crypto: Node may refuse PKCS #1 v1.5 decryption.
  const privateKey = forge.pki.privateKeyFromPem(rsaPem(key.privateKey))
  const contentKey = Buffer.from(privateKey.decrypt(encryptedKey, 'RSAES-PKCS1-V1_5'), 'binary')
  const decipher = createDecipheriv(cipher, contentKey, bytesOf(child(algorithm, 1)))
  return Buffer.concat([decipher.update(bytesOf(child(content, 2))), decipher.final()]).toString('binary')
}

const rsaPem = (pem: string): string => createPrivateKey(pem).export({ type: 'pkcs1', format: 'pem' }).toString()

const certificatesIn = (forge: Forge, package12: string): AzureCertificate[] => {
  const { asn1, pki, pkcs12 } = forge
  const { safeContents } = pkcs12.pkcs12FromAsn1(asn1.fromDer(package12), false, '')
  const bags = safeContents.flatMap(({ safeBags }) => safeBags)
  const keys = bags.flatMap(({ key }) => (key ? [pki.privateKeyToPem(key)] : []))
  const keyByPublic = new Map(keys.map((pem) => [publicPart(forge, pem), pem]))
  return bags
    .filter(({ type }) => type === pki.oids['certBag'])
    .map(({ cert, asn1: raw }): AzureCertificate => {
      // forge reads RSA certificates only; others it leaves as they are.
      const der = asn1.toDer(cert ? pki.certificateToAsn1(cert) : raw).getBytes()
      const x509 = new X509Certificate(Buffer.from(der, 'binary'))
      const spki = x509.publicKey.export({ type: 'spki', format: 'pem' }).toString()
      return {
        thumbprint: createHash('sha1').update(x509.raw).digest('hex').toUpperCase(),
        pem: x509.toString(),
        privateKey: keyByPublic.get(spki),
      }
    })
}

const publicPart = (forge: Forge, privatePem: string): string => {
  const { n, e } = forge.pki.privateKeyFromPem(privatePem)
  return forge.pki.publicKeyToPem(forge.pki.setRsaPublicKey(n, e)).replaceAll('\r', '')
}

/** The public key of a certificate as an authorized_keys line; undefined for a kind of key that SSH does not know. */
export const opensshKeyOf = (certificatePem: string): string | undefined => {
  const jwk = new X509Certificate(certificatePem).publicKey.export({ format: 'jwk' })
  const number = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'base64url')
  if (jwk.kty === 'RSA') return keyLine('ssh-rsa', [positive(number(jwk.e)), positive(number(jwk.n))])
  const curve = { 'P-256': 'nistp256', 'P-384': 'nistp384', 'P-521': 'nistp521' }[jwk.crv ?? '']
  if (jwk.kty === 'EC' && curve !== undefined) {
    const point = Buffer.concat([Buffer.from([4]), number(jwk.x), number(jwk.y)])
    return keyLine(`ecdsa-sha2-${curve}`, [Buffer.from(curve), point])
  }
  return jwk.crv === 'Ed25519' ? keyLine('ssh-ed25519', [number(jwk.x)]) : undefined
}

/** RFC 4253, section 6.6: the parts of a public key, each after its length. */
const keyLine = (type: string, parts: readonly Buffer[]): string => {
  const blob = [Buffer.from(type), ...parts].flatMap((part) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(part.length)
    return [length, part]
  })
  return `${type} ${Buffer.concat(blob).toString('base64')}`
}

/** An mpint: a leading zero keeps a number with its highest bit set positive. */
const positive = (number: Buffer): Buffer =>
  (number[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), number]) : number
