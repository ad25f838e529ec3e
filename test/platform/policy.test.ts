import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryMachine } from '../../src/machine/memory.ts'
import { flowList, searchConfig, searchConfigValue } from '../../src/platform/config-search.ts'
import { defaultPolicy, parsePolicy } from '../../src/platform/policy.ts'

test('policy words are taken one by one, and nonsense leaves the default', () => {
  const cases: [string, object][] = [
    ['', {}],
    ['report', { mode: 'report' }],
    ['disabled', { mode: 'disabled' }],
    ['search,found=first,maybe=all,notfound=enabled', { found: 'first', maybe: 'all', notFound: 'enabled' }],
    ['search,found=some,maybe=most,notfound=perhaps,zzz', {}],
    ['found=first,found=what', {}],
    ['search, maybe=all', {}],
    ['enabled,search', { mode: 'search' }],
  ]
  for (const [text, changes] of cases) {
    assert.deepEqual(parsePolicy(text, defaultPolicy), { ...defaultPolicy, ...changes }, text)
  }
})

test('a flow list is read with and without brackets and quotes', () => {
  const cases: [string, string[]][] = [
    ['[ Ec2, None ]', ['Ec2', 'None']],
    [`["Ec2" , 'GCE']`, ['Ec2', 'GCE']],
    ['Ec2', ['Ec2']],
    ['[]', []],
    ['', []],
  ]
  for (const [text, expected] of cases) assert.deepEqual(flowList(text), expected, text)
})

test('keys are searched line by line: any depth, last file wins, comments and lists on several lines do not count', () => {
  const machine = memoryMachine({
    files: {
      '/etc/cloud/cloud.cfg': '# datasource_list: [ A ]\n"datasource_list" : [ B ] # why\nseedfrom: /x\n',
      '/etc/cloud/cloud.cfg.d/20.cfg': 'datasource:\n  NoCloud:\n    seedfrom: http://x/\n',
      '/etc/cloud/cloud.cfg.d/30.txt': 'datasource_list: [ C ]\n',
      '/etc/cloud/cloud.cfg.d/.40.cfg': 'datasource_list: [ D ]\n',
    },
  })
  assert.equal(searchConfigValue(machine, 'datasource_list'), '[ B ]')
  assert.equal(searchConfig(machine, 'seedfrom'), 'http://x/')
  assert.equal(searchConfig(machine, 'NoCloud'), '  NoCloud:')
  assert.equal(searchConfigValue(machine, 'NoCloud'), undefined)
  assert.equal(searchConfig(machine, 'absent'), undefined)
})
