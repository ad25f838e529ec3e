import assert from 'node:assert/strict'
import { createHash, X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import forge from 'node-forge'
import { opensshKeyOf, readCertificates } from '../../../datasources/azure/certificates.ts'
import azure from '../../../datasources/azure/index.ts'
import { lastingTransportKey, transportKey } from '../../../datasources/azure/transport-key.ts'
import { memoryMachine } from '../../../src/machine/memory.ts'
import { contextFor } from '../made-up-cloud.ts'
import { azureMachine, goalState, ovfEnv, reports } from './made-up-azure.ts'

const folder = '/var/lib/waagent'

/** A user's certificate, as the portal makes them; and its thumbprint. */
const userCertificate = () => {
  const pair = forge.pki.rsa.generateKeyPair({ bits: 1024, e: 0x10001 })
  const certificate = forge.pki.createCertificate()
  certificate.publicKey = pair.publicKey
  certificate.setSubject([{ name: 'commonName', value: 'ada' }])
  certificate.setIssuer([{ name: 'commonName', value: 'ada' }])
  certificate.sign(pair.privateKey, forge.md.sha256.create())
  const { raw } = new X509Certificate(forge.pki.certificateToPem(certificate))
  return { certificate, pair, thumbprint: createHash('sha1').update(raw).digest('hex').toUpperCase() }
}

/** What the fabric sends: a PKCS #12 package in an envelope for the holder of `recipient`. */
const document = (recipientPem: string, package12: forge.asn1.Asn1): string => {
  const envelope = forge.pkcs7.createEnvelopedData()
  envelope.addRecipient(forge.pki.certificateFromPem(recipientPem))
  envelope.content = forge.util.createBuffer(forge.asn1.toDer(package12).getBytes())
  envelope.encrypt()
  const data = Buffer.from(forge.asn1.toDer(envelope.toAsn1()).getBytes(), 'binary').toString('base64')
  return `<CertificateFile><Format>Pkcs7BlobWithPfxContents</Format><Data>${data}</Data></CertificateFile>`
}

test('keys named by fingerprint are found among the certificates of the goal state', async () => {
  const { certificate, pair, thumbprint } = userCertificate()
  const key = await transportKey(memoryMachine(), folder)
  const package12 = forge.pkcs12.toPkcs12Asn1(pair.privateKey, [certificate], '')
  const keys = `<SSH><PublicKeys>
    <PublicKey><Fingerprint>${thumbprint}</Fingerprint><Path>p</Path></PublicKey>
    <PublicKey><Fingerprint>00</Fingerprint><Path>p</Path></PublicKey>
    <PublicKey><Path>p</Path><Value>ssh-ed25519 AAAA by-value</Value></PublicKey>
  </PublicKeys></SSH>`
  const machine = azureMachine({
    ovf: ovfEnv(keys),
    goalState: goalState('<Certificates>http://168.63.129.16:80/machine?comp=certificates</Certificates>'),
    certificates: document(key.certificate, package12),
    files: {
      [`${folder}/TransportPrivate.pem`]: { content: key.privateKey, mode: 0o600 },
      [`${folder}/TransportCert.pem`]: key.certificate,
    },
  })
  const data = await azure.fetch(await contextFor(machine, 'local'))
  const expected = forge.ssh.publicKeyToOpenSSH(pair.publicKey, '').trim()
  assert.deepEqual(data?.publicKeys, [expected, 'ssh-ed25519 AAAA by-value'])
  assert.ok(machine.records.some(({ message }) => message.includes('the public key 00 is not among')))
  const request = machine.requests.find(({ url }) => url.includes('certificates'))
  assert.equal(request?.headers?.['x-ms-cipher-name'], 'DES_EDE3_CBC')
  assert.deepEqual(reports(machine), ['Ready'])
})

test('a transport key that others can read is not used again', async () => {
  const key = await lastingTransportKey(memoryMachine(), folder)
  const machine = memoryMachine({
    files: { [`${folder}/TransportPrivate.pem`]: key.privateKey, [`${folder}/TransportCert.pem`]: key.certificate },
  })
  const other = await lastingTransportKey(machine, folder)
  assert.notEqual(other.privateKey, key.privateKey)
  assert.equal(machine.tree()[`${folder}/TransportPrivate.pem`]?.mode, 0o600)
  assert.deepEqual(await lastingTransportKey(machine, folder), other)
})

test('a certificate document that is damaged, or not for this machine, is refused with a reason', async () => {
  const key = await transportKey(memoryMachine(), folder)
  const other = await transportKey(memoryMachine(), folder)
  const { certificate, pair } = userCertificate()
  const whole = document(key.certificate, forge.pkcs12.toPkcs12Asn1(pair.privateKey, [certificate], ''))
  assert.equal((await readCertificates(Buffer.from(whole), key)).length, 1)
  await assert.rejects(readCertificates(Buffer.from(whole), other), /can't be decrypted/)
  const cut = whole.replace(/.{400}<\/Data>/, '</Data>')
  await assert.rejects(readCertificates(Buffer.from(cut), key), /can't be decrypted/)
  for (const data of ['', 'AAAA', 'MAMCAQE=']) {
    const damaged = `<CertificateFile><Data>x${data}</Data></CertificateFile>`
    await assert.rejects(readCertificates(Buffer.from(damaged), key), /can't be decrypted/)
  }
})

test('a certificate becomes an SSH key that ssh-keygen would write', () => {
  const { certificate, pair } = userCertificate()
  const line = opensshKeyOf(forge.pki.certificateToPem(certificate))
  assert.equal(line, forge.ssh.publicKeyToOpenSSH(pair.publicKey, '').trim())
})
