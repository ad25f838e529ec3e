import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../src/machine/json.ts'
import type { MemoryMachine } from '../../src/machine/memory.ts'
import type { DatasourceStage } from '../../src/platform/datasource.ts'
import { datasourceId, findDatasource } from '../../src/platform/find-datasource.ts'
import { contextFor, madeUpMachine } from '../datasources/made-up-cloud.ts'

const find = async (machine: MemoryMachine, names: string[], stage: DatasourceStage, config: JsonObject = {}) =>
  (await findDatasource(names, stage, (_id, now) => contextFor(machine, now, {}, config)))?.datasource.id

const seed = {
  '/var/lib/cloud/seed/nocloud/meta-data': 'instance-id: i1\n',
  '/var/lib/cloud/seed/nocloud/user-data': '',
}
const seeded = () => madeUpMachine({ files: seed })

test('datasources are tried in order, each in its stages', async () => {
  assert.equal(await find(seeded(), ['GCE', 'NoCloud', 'None'], 'local'), 'NoCloud')
  assert.equal(await find(seeded(), ['None', 'NoCloud'], 'local'), 'NoCloud')
  assert.equal(await find(seeded(), ['GCE', 'None'], 'network'), 'None')
  assert.equal(await find(madeUpMachine({}), ['NoCloud', 'None'], 'local'), undefined)
})

test('a datasource that fails is named in the log, and the next one has its turn', async () => {
  const machine = madeUpMachine({ dmi: { sys_vendor: 'DigitalOcean' }, files: seed })
  assert.equal(await find(machine, ['DigitalOcean', 'NoCloud'], 'local'), 'NoCloud')
  const warning = machine.records.find(({ level }) => level === 'WARNING')
  assert.match(warning?.message ?? '', /^DigitalOcean: SMBIOS has no serial number.*going on without it/)
})

test('what the user names is taken without asking whether it fits', async () => {
  const machine = seeded()
  assert.equal(await find(machine, ['NoCloud'], 'network'), undefined)
  assert.equal(await find(machine, ['NoCloud'], 'network', { datasource_list: ['NoCloud', 'None'] }), 'NoCloud')
  assert.equal(await find(machine, ['NoCloud'], 'network', { datasource_list: ['NoCloud', 'GCE'] }), undefined)
})

test('names are taken in any case, unknown ones are passed over', async () => {
  assert.equal(datasourceId('nocloud'), 'NoCloud')
  assert.equal(datasourceId('nocloud-net'), 'NoCloud')
  assert.equal(datasourceId('NoSuchCloud'), undefined)
  assert.equal(await find(seeded(), ['NoSuchCloud', 'nocloud'], 'local'), 'NoCloud')
})
