import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadDistro } from '../../src/distros/index.ts'
import { memoryMachine } from '../../src/machine/memory.ts'
import { complaints } from '../modules/made-up-debian.ts'

test('Debian and Ubuntu are known', async () => {
  for (const id of ['debian', 'ubuntu']) {
    const machine = memoryMachine()
    const distro = await loadDistro(id, { ssh_svcname: 'ssh' }, machine)
    assert.equal(distro.id, id)
    assert.equal(distro.family, 'debian')
    assert.deepEqual(distro.systemInfo, { ssh_svcname: 'ssh' })
    assert.deepEqual(complaints(machine), [])
  }
})

test('an unknown distribution is treated as its nearest relative, with a warning', async () => {
  const cases: [string, string][] = [
    ['ID=raspbian\nID_LIKE="ubuntu debian"\n', 'as ubuntu, which /etc/os-release names'],
    ['', 'as debian'],
    ['ID=__proto__\n', 'as debian'],
  ]
  for (const [osRelease, expected] of cases) {
    const machine = memoryMachine({ files: { '/etc/os-release': osRelease } })
    const distro = await loadDistro('raspbian', {}, machine)
    assert.equal(distro.id, 'raspbian')
    assert.equal(distro.family, 'debian')
    assert.match(complaints(machine).join(), new RegExp(`raspbian is not supported.*${expected}`))
  }
})
