import assert from 'node:assert/strict'
import { test } from 'node:test'
import caCerts from '../../modules/ca_certs.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import { commandLines, contextFor, madeUpDebian } from './made-up-debian.ts'

const run = async (config: JsonObject) => {
  const machine = madeUpDebian({
    files: { '/etc/ca-certificates.conf': '# comment\n\n!already/out.crt\nmozilla/A.crt\nmozilla/B.crt\n' },
    commands: { 'update-ca-certificates': '', 'debconf-set-selections -': '' },
  })
  await caCerts.run(config, await contextFor(machine, config))
  return machine
}

test('trusted certificates become files of their own and the store is updated', async () => {
  for (const key of ['ca_certs', 'ca-certs']) {
    const machine = await run({ [key]: { trusted: ['ONE\n', 'TWO'] } })
    assert.equal(machine.files.readText('/usr/local/share/ca-certificates/cloud-init-ca-cert-1.crt'), 'ONE\n')
    assert.equal(machine.files.readText('/usr/local/share/ca-certificates/cloud-init-ca-cert-2.crt'), 'TWO\n')
    assert.deepEqual(commandLines(machine), ['update-ca-certificates'])
  }
})

test('the certificates of the image can be deselected, once', async () => {
  const machine = await run({ ca_certs: { remove_defaults: true } })
  const list = machine.files.readText('/etc/ca-certificates.conf')
  assert.match(list, /^# comment\n\n!already\/out.crt\n# Deselected.*\n!mozilla\/A.crt\n!mozilla\/B.crt\n$/)
  assert.deepEqual(commandLines(machine), ['debconf-set-selections -', 'update-ca-certificates'])
  await caCerts.run({ ca_certs: { 'remove-defaults': true } }, await contextFor(machine, {}))
  assert.equal(machine.files.readText('/etc/ca-certificates.conf'), list)
})
