import assert from 'node:assert/strict'
import { test } from 'node:test'
import none from '../../datasources/none.ts'
import { contextFor, madeUpMachine } from './made-up-cloud.ts'

test('without a cloud the instance is what the configuration says, under a fixed id', async () => {
  const settings = { metadata: { 'local-hostname': 'lab', 'instance-id': 'ignored' }, userdata_raw: '#cloud-config' }
  const data = await none.fetch(await contextFor(madeUpMachine({}), 'network', settings))
  assert.equal(data?.instanceId, 'iid-datasource-none')
  assert.equal(data.localHostname, 'lab')
  assert.equal(Buffer.from(data.userData ?? []).toString(), '#cloud-config')
})

test('metadata that is no mapping does not keep a machine from booting', async () => {
  const machine = madeUpMachine({})
  const data = await none.fetch(await contextFor(machine, 'network', { metadata: ['a'] }))
  assert.equal(data?.instanceId, 'iid-datasource-none')
  assert.match(machine.records.at(-1)?.message ?? '', /datasource\.None\.metadata/)
})
