/** Which instance a machine is: whom it believes, and when it asks again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HttpOutcome } from '../../src/machine/http.ts'
import { httpResponse } from '../../src/machine/http-response.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import type { MemoryFile, MemoryMachine } from '../../src/machine/memory.ts'
import { createCloud } from '../../src/simulator/index.ts'
import { bootable, bootStages, diskOf, seed, statusLines } from './made-up-boot.ts'
import { bootableOn, noNetwork } from './on-cloud.ts'

const instanceOf = (machine: MemoryMachine): string | undefined =>
  machine.tree()['/var/lib/cloud/data/instance-id']?.content.trim()

const later = (machine: MemoryMachine, files: Readonly<Record<string, MemoryFile>> = {}): MemoryMachine =>
  bootable({ files: { ...diskOf(machine), '/run/systemd/system/': '', ...files } })

const booted = async (files: Readonly<Record<string, MemoryFile>>): Promise<MemoryMachine> => {
  const machine = bootable({ files: { ...seed('#cloud-config\n{}\n'), ...files } })
  await bootStages(machine)
  assert.equal(instanceOf(machine), 'iid-1')
  return machine
}

const anotherSeed = seed('#cloud-config\n{}\n', 'instance-id: iid-2\n')

test('the datasource is asked at every boot, and another instance id is another instance', async () => {
  const first = await booted({})
  const second = later(first, anotherSeed)
  await bootStages(second)
  assert.equal(instanceOf(second), 'iid-2')
  const tree = second.tree()
  assert.equal(tree['/var/lib/cloud/data/previous-instance-id']?.content, 'iid-1\n')
  assert.equal(tree['/var/lib/cloud/instance']?.content, '/var/lib/cloud/instances/iid-2')
})

test('manual_cache_clean keeps the instance, whatever the datasource says, until clean', async () => {
  const first = await booted({ '/etc/cloud/cloud.cfg.d/90-keep.cfg': 'manual_cache_clean: true\n' })
  const second = later(first, anotherSeed)
  await bootStages(second)
  assert.equal(instanceOf(second), 'iid-1')
})

test('manual_cache_clean in user-data keeps it, too', async () => {
  const first = await booted(seed('#cloud-config\nmanual_cache_clean: true\n'))
  const second = later(first, anotherSeed)
  await bootStages(second)
  assert.equal(instanceOf(second), 'iid-1')
})

test('what an earlier stage of this boot found is not asked for again', async () => {
  const machine = await booted({})
  machine.files.write('/var/lib/cloud/seed/nocloud/meta-data', 'instance-id: iid-2\n')
  await bootStages(machine, 'four processes')
  assert.equal(instanceOf(machine), 'iid-1')
})

/** A machine on OpenStack whose metadata service has fallen silent after its first boot. */
const onSilentCloud = async (uuid: string): Promise<MemoryMachine> => {
  const cloud = createCloud({ cloud: 'openstack-service', userData: '#cloud-config\n{}\n' })
  const config = {
    datasource_list: ['OpenStack', 'None'],
    datasource: { OpenStack: { metadata_urls: ['http://cloud'] } },
  }
  const answer = (url: string): HttpOutcome => {
    const path = new URL(url).pathname
    return httpResponse({
      url,
      ...cloud.handle?.({ method: 'GET', path, query: new URLSearchParams(), headers: {}, body: '' }),
    })
  }
  const first = bootableOn({ cloud, config }, { http: ({ url }) => answer(url) })
  await bootStages(first)
  const { dmi } = cloud
  const silent = bootableOn(
    { cloud: { ...cloud, dmi: { ...dmi, product_uuid: uuid || (dmi['product_uuid'] ?? '') } }, config },
    { files: { ...diskOf(first), '/run/systemd/system/': '' }, http: noNetwork },
  )
  await bootStages(silent)
  return silent
}

test('a machine that still has its system UUID stays the instance it was when nobody answers', async () => {
  const machine = await onSilentCloud('')
  assert.equal(instanceOf(machine), 'b0fa911b-69d4-4476-bbe2-1c92bff6535c')
})

test('a copy of its disk in another machine does not: it becomes an instance without a cloud, and says so', async () => {
  const machine = await onSilentCloud('00000000-1111-2222-3333-444444444444')
  assert.equal(instanceOf(machine), 'iid-datasource-none')
  assert.ok(statusLines(machine).some((line) => /no cloud was found/.test(line)))
})

for (const [name, content] of [
  ['cut off by a power cut', '{"datasource": "NoCl'],
  ['of another program', '[]'],
  ['empty', ''],
] as const) {
  test(`a cached instance that is ${name} is found anew`, async () => {
    const first = await booted({})
    const second = later(first, { '/var/lib/cloud/instances/iid-1/datasource.json': content })
    assert.deepEqual(await bootStages(second), [])
    assert.equal(instanceOf(second), 'iid-1')
  })
}

test('the name of the metadata is set before the network is configured', async () => {
  const machine = bootable({ files: seed('#cloud-config\nhostname: by-user\n') })
  await bootStages(machine)
  const names = machine.commands.flatMap(({ argv }) => (argv[0] === 'hostname' ? [argv[1]] : []))
  assert.deepEqual(names, ['web-1', 'by-user'])
})

test('at a later boot it is the name that the user-data said, at once', async () => {
  const first = await booted(seed('#cloud-config\nhostname: by-user\n'))
  const second = later(first)
  await bootStages(second)
  assert.equal(second.tree()['/etc/hostname']?.content, 'by-user\n')
  assert.ok(second.commands.every(({ argv }) => argv[0] !== 'hostname' || argv[1] === 'by-user'))
})

/** A new machine on OpenStack whose metadata service answers so many seconds after the machine starts. */
const onLateCloud = async (lateSeconds: number, settings: JsonObject = {}): Promise<MemoryMachine> => {
  const cloud = createCloud({ cloud: 'openstack-service', userData: '#cloud-config\n{}\n', instanceId: 'late' })
  const config = {
    datasource_list: ['OpenStack', 'None'],
    datasource: { OpenStack: { metadata_urls: ['http://cloud'], ...settings } },
  }
  const machine = bootableOn(
    { cloud, config },
    {
      http: (request, { clock }) => {
        if (clock.uptime() < lateSeconds) return noNetwork(request)
        const { url } = request
        const asked = {
          method: 'GET',
          path: new URL(url).pathname,
          query: new URLSearchParams(),
          headers: {},
          body: '',
        }
        return httpResponse({ url, ...cloud.handle?.(asked) })
      },
    },
  )
  await bootStages(machine)
  return machine
}

test('a new machine on OpenStack waits for a metadata service that comes up after it, but not for ever', async () => {
  assert.equal(instanceOf(await onLateCloud(40)), 'late')
  const given = await onLateCloud(1e6)
  assert.equal(instanceOf(given), 'iid-datasource-none')
  assert.ok(given.clock.uptime() < 150, `${given.clock.uptime()} s`)
})

test('max_wait of OpenStack is how long it waits', async () => {
  const machine = await onLateCloud(40, { max_wait: 1 })
  assert.equal(instanceOf(machine), 'iid-datasource-none')
  assert.ok(machine.clock.uptime() < 20, `${machine.clock.uptime()} s`)
})
