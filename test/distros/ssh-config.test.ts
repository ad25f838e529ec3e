import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addSshdLines, setSshdOption, sshdOption } from '../../src/distros/ssh-config.ts'
import { memoryMachine } from '../../src/machine/memory.ts'

const main = '/etc/ssh/sshd_config'
const dropIn = '/etc/ssh/sshd_config.d/50-cloud-init.conf'

test('an option goes into the drop-in when sshd_config includes drop-ins', () => {
  const machine = memoryMachine({ files: { [main]: 'Include /etc/ssh/sshd_config.d/*.conf\nPort 22\n' } })
  assert.equal(setSshdOption(machine, 'PasswordAuthentication', 'no'), true)
  assert.equal(machine.tree()[dropIn]?.content, 'PasswordAuthentication no\n')
  assert.equal(machine.tree()[dropIn]?.mode, 0o600)
  assert.equal(setSshdOption(machine, 'PasswordAuthentication', 'no'), false)
  assert.equal(setSshdOption(machine, 'PasswordAuthentication', 'yes'), true)
  assert.equal(machine.tree()[dropIn]?.content, 'PasswordAuthentication yes\n')
})

test('without drop-ins sshd_config is edited, in place or before the first Match', () => {
  const cases: [string, string][] = [
    ['Port 22\n#PasswordAuthentication no\n', 'Port 22\n#PasswordAuthentication no\nPasswordAuthentication yes\n'],
    ['passwordauthentication no\nPort 22\n', 'PasswordAuthentication yes\nPort 22\n'],
    ['PasswordAuthentication=no\n', 'PasswordAuthentication yes\n'],
    [
      'Port 22\nMatch User bob\n  PasswordAuthentication no\n',
      'Port 22\nPasswordAuthentication yes\nMatch User bob\n  PasswordAuthentication no\n',
    ],
    ['', 'PasswordAuthentication yes\n'],
  ]
  for (const [before, after] of cases) {
    const machine = memoryMachine({ files: { [main]: { content: before, mode: 0o644 } } })
    assert.equal(setSshdOption(machine, 'PasswordAuthentication', 'yes'), true)
    assert.equal(machine.tree()[main]?.content, after)
    assert.equal(machine.tree()[main]?.mode, 0o644)
    assert.equal(setSshdOption(machine, 'PasswordAuthentication', 'yes'), false)
  }
})

test('a drop-in folder without sshd_config is enough, as where the original lies in /usr/etc', () => {
  const machine = memoryMachine({ files: { '/etc/ssh/sshd_config.d/': '' } })
  setSshdOption(machine, 'PasswordAuthentication', 'no')
  assert.equal(machine.tree()[dropIn]?.content, 'PasswordAuthentication no\n')
  assert.equal(machine.tree()[main], undefined)
})

test('lines that may repeat are added once each', () => {
  const machine = memoryMachine({
    files: { [main]: 'Include /etc/ssh/sshd_config.d/*.conf\n', [dropIn]: 'HostCertificate /a\n' },
  })
  addSshdLines(machine, ['HostCertificate /a', 'HostCertificate /b'])
  addSshdLines(machine, ['HostCertificate /b'])
  assert.equal(machine.tree()[dropIn]?.content, 'HostCertificate /a\nHostCertificate /b\n')
})

test('the first value of an option counts, as for sshd', () => {
  const machine = memoryMachine({
    files: {
      [main]: 'Include sshd_config.d/*.conf\nStrictModes yes\nPort 22\n',
      '/etc/ssh/sshd_config.d/20.conf': 'StrictModes no\n',
      '/etc/ssh/sshd_config.d/10.conf': 'Port 2222\n',
      '/etc/ssh/sshd_config.d/10.txt': 'Port 1\n',
    },
  })
  assert.equal(sshdOption(machine, 'StrictModes'), 'no')
  assert.equal(sshdOption(machine, 'Port'), '2222')
  assert.equal(sshdOption(machine, 'UsePAM'), undefined)
})
