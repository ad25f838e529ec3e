import { generateKeyPair, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import type { Files } from '../../src/machine/files.ts'
import type { Machine } from '../../src/machine/machine.ts'
import type { TransportKey } from './certificates.ts'

/** Names by which WALinuxAgent keeps its own. */
const certificateFile = 'TransportCert.pem'
const privateKeyFile = 'TransportPrivate.pem'

/**
 * The key that the fabric encrypts certificates for: the one WALinuxAgent left from an earlier boot (if only root can read it),
 * or a fresh one that lives as long as this process.
 */
export const transportKey = async (machine: Machine, folder: string): Promise<TransportKey> =>
  keptKey(machine.files, folder) ?? (await freshKey(machine))

/** As transportKey, but a fresh one is kept for the next time, as WALinuxAgent does. */
export const lastingTransportKey = async (machine: Machine, folder: string): Promise<TransportKey> => {
  const kept = keptKey(machine.files, folder)
  if (kept) return kept
  const key = await freshKey(machine)
  machine.files.makeFolder(folder, { mode: 0o700 })
  machine.files.write(`${folder}/${privateKeyFile}`, key.privateKey, { mode: 0o600, owner: root })
  machine.files.write(`${folder}/${certificateFile}`, key.certificate, { mode: 0o600, owner: root })
  return key
}

const root = { userId: 0, groupId: 0 }

const keptKey = (files: Files, folder: string): TransportKey | undefined => {
  const stat = files.linkStat(`${folder}/${privateKeyFile}`)
  if (stat?.type !== 'file' || stat.userId !== 0 || (stat.mode & 0o077) !== 0) return undefined
  const certificate = files.readTextIfExists(`${folder}/${certificateFile}`)
  return certificate === undefined
    ? undefined
    : { certificate, privateKey: files.readText(`${folder}/${privateKeyFile}`) }
}

const validDays = 32_768

/** A self-signed RSA certificate in the name of LinuxTransport. */
const freshKey = async (machine: Machine): Promise<TransportKey> => {
  const pair = await promisify(generateKeyPair)('rsa', {
    modulusLength: 3072,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const { pki, md } = (await import('node-forge')).default
  const certificate = pki.createCertificate()
  certificate.publicKey = pki.publicKeyFromPem(pair.publicKey)
  certificate.serialNumber = `00${randomBytes(19).toString('hex')}`
  certificate.validity.notBefore.setTime(machine.clock.now())
  certificate.validity.notAfter.setTime(machine.clock.now() + validDays * 86_400_000)
  const name = [{ name: 'commonName', value: 'LinuxTransport' }]
  certificate.setSubject(name)
  certificate.setIssuer(name)
  // As openssl makes them: the fabric names the recipient by the key identifier.
  certificate.setExtensions([
    { name: 'subjectKeyIdentifier' },
    { name: 'authorityKeyIdentifier', keyIdentifier: true },
    { name: 'basicConstraints', cA: true, critical: true },
  ])
  certificate.sign(pki.privateKeyFromPem(pair.privateKey), md.sha256.create())
  return { certificate: pki.certificateToPem(certificate), privateKey: pair.privateKey }
}
