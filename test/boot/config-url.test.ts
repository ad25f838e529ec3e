import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openBoot } from '../../src/boot/open-boot.ts'
import { httpResponse } from '../../src/machine/http-response.ts'
import { bootable } from './made-up-boot.ts'

const address = 'http://conf.example/c.cfg'
const withAddress = (body: string) =>
  bootable({
    files: { '/proc/cmdline': `root=/dev/vda1 cloud-config-url=${address}\n` },
    http: ({ url }) => httpResponse({ url, body }),
  })

test('The configuration that the kernel command line names is fetched and holds in this boot', async () => {
  const machine = withAddress('#cloud-config\nlocale: fr_FR.UTF-8\n')
  const { config } = await openBoot({ machine, records: machine.records, network: 'up' })
  assert.equal(config['locale'], 'fr_FR.UTF-8')
  assert.equal(machine.tree()['/etc/cloud/cloud.cfg.d/91_kernel_cmdline_url.cfg']?.mode, 0o600)
})

test('What is no cloud-config is not used, and nothing is fetched where nobody asks', async () => {
  const machine = withAddress('<html>')
  const { findings } = await openBoot({ machine, records: machine.records, network: 'up' })
  assert.match(findings.map(({ message }) => message).join('\n'), /does not start with #cloud-config/)
  const silent = withAddress('#cloud-config\nlocale: fr_FR.UTF-8\n')
  await openBoot({ machine: silent, records: silent.records })
  assert.equal(silent.files.exists('/etc/cloud/cloud.cfg.d/91_kernel_cmdline_url.cfg'), false)
})
