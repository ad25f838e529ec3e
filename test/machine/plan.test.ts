import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FileError, LinkError } from '../../src/machine/errors.ts'
import { httpResponse } from '../../src/machine/http-response.ts'
import { memoryMachine } from '../../src/machine/memory.ts'
import { planMachine } from '../../src/machine/plan.ts'

const text = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString()

test('a plan shows the machine as it will be, and leaves it as it is', () => {
  const machine = memoryMachine({
    files: {
      '/etc/hostname': 'old\n',
      '/etc/hosts': 'hosts',
      '/etc/ssh/key': 'key',
      '/etc/ssh/sshd_config.d/': '',
      '/etc/link': { link: 'hosts' },
    },
  })
  const before = machine.tree()
  const { files } = planMachine(machine)
  files.write('/etc/hostname', 'new\n')
  files.write('/etc/link', 'changed')
  files.append('/etc/ssh/key', ' more')
  files.remove('/etc/ssh/sshd_config.d')
  files.rename('/etc/ssh', '/etc/moved')
  files.makeFolder('/etc/ssh')
  files.setMode('/etc/moved/key', 0o600)

  assert.equal(files.readText('/etc/hostname'), 'new\n')
  assert.equal(files.readText('/etc/hosts'), 'changed')
  assert.equal(files.readText('/etc/moved/key'), 'key more')
  assert.equal(files.stat('/etc/moved/key')?.mode, 0o600)
  assert.deepEqual(files.list('/etc'), ['hostname', 'hosts', 'link', 'moved', 'ssh'])
  assert.deepEqual(files.list('/etc/ssh'), [])
  assert.deepEqual(files.list('/etc/moved'), ['key'])
  assert.deepEqual(machine.tree(), before)
  assert.deepEqual(machine.journal.entries, [])
})

test('a plan sees what changes on the machine below, where it has planned nothing itself', () => {
  const machine = memoryMachine({ files: { '/run/one': '1', '/run/two': '2' } })
  const { files } = planMachine(machine)
  files.write('/run/one', 'planned')
  machine.files.write('/run/one', 'changed')
  machine.files.write('/run/two', 'changed')
  machine.files.write('/run/three', 'new')
  assert.deepEqual(
    files.list('/run').map((name) => files.readText(`/run/${name}`)),
    ['planned', 'new', 'changed'],
  )
})

test('the journal of a plan holds what files had before and have after, for a diff', () => {
  const machine = memoryMachine({ files: { '/etc/hosts': 'old', '/etc/shadow': { content: 'secret', mode: 0o640 } } })
  const plan = planMachine(machine).as('set_passwords')
  plan.files.write('/etc/hosts', 'new')
  plan.files.write('/etc/shadow', 'other')
  plan.files.write('/etc/new', 'text')
  const shown = plan.journal.entries.map(
    (change) =>
      change.kind === 'file' && [change.actor, change.path, text(change.before), text(change.after), change.secret],
  )
  assert.deepEqual(shown, [
    ['set_passwords', '/etc/hosts', 'old', 'new', false],
    ['set_passwords', '/etc/shadow', 'secret', 'other', true],
    ['set_passwords', '/etc/new', undefined, 'text', false],
  ])
})

test('a plan reads a mounted disk, and speaks HTTP, by the machine below', async () => {
  const machine = memoryMachine({ disks: [{ path: '/dev/sr0', label: 'cidata', files: { 'meta-data': 'id' } }] })
  const plan = planMachine(machine)
  assert.equal((await plan.disks.list())[0]?.label, 'cidata')
  const read = await plan.disks.withMounted('/dev/sr0', (folder) => plan.files.readText(`${folder}/meta-data`))
  assert.equal(read, 'id')
  await assert.rejects(plan.http.request({ url: 'http://x/' }))
  assert.equal(machine.requests.length, 1)
})

test('a plan does not touch the network links', async () => {
  const machine = memoryMachine({ leases: { eth0: {} } })
  const { links } = planMachine(machine)
  await assert.rejects(links.dhcp('eth0'), LinkError)
  await assert.rejects(links.linkLocal('eth0'), LinkError)
  await links.release('eth0')
  assert.deepEqual(machine.linkCalls, [])
})

test('what a plan may not read counts as missing, and the log says so once', () => {
  const machine = memoryMachine({
    files: { '/etc/shadow': { content: 'secret', mode: 0o640 }, '/root/.ssh/authorized_keys': 'key' },
    fault: (_action, path) => (path === '/etc/shadow' || path.startsWith('/root/') ? 'EACCES' : undefined),
  })
  const plan = planMachine(machine)
  assert.equal(plan.files.readTextIfExists('/etc/shadow'), undefined)
  assert.equal(plan.files.readTextIfExists('/etc/shadow'), undefined)
  assert.throws(() => plan.files.readText('/etc/shadow'), FileError)
  plan.files.write('/etc/shadow', 'new', { mode: 0o640 })
  assert.equal(plan.files.readText('/etc/shadow'), 'new')
  assert.deepEqual(
    machine.records.map(({ level, message }) => [level, message]),
    [['WARNING', 'cannot read /etc/shadow: permission denied (EACCES): run as root; the plan takes it for missing']],
  )
})

test('a plan keeps a log of its own when it is given one', () => {
  const machine = memoryMachine()
  const messages: string[] = []
  const plan = planMachine(machine, { sinks: [({ actor, message }) => void messages.push(`${actor}: ${message}`)] })
  plan.as('ntp').log.info('planned')
  planMachine(machine).as('ntp').log.info('into the log below')
  assert.deepEqual(messages, ['ntp: planned'])
  assert.equal(machine.records[0]?.message, 'into the log below')
})

test('a plan asks over the network, but tells nobody anything', async () => {
  const machine = memoryMachine({ http: ({ url }) => httpResponse({ url, body: 'answer' }) })
  const { http } = planMachine(machine)
  assert.equal((await http.request({ url: 'http://a/' })).text(), 'answer')
  assert.equal((await http.request({ url: 'http://a/', method: 'POST', body: 'failed' })).status, 200)
  assert.deepEqual(
    machine.requests.map(({ method }) => method),
    [undefined],
  )
})
