/** What broken disks of a cloud get: each row is a whole boot. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCloud } from '../../src/simulator/index.ts'
import { assertEnded, assertFitToRead, assertReachable, assertToldOnce, secret } from './expectations.ts'
import { bootStages, imageKey } from './made-up-boot.ts'
import { bootableOn, noNetwork } from './on-cloud.ts'

const cloudKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICloudCloudCloudCloudCloudCloudCloudCloudClo cloud'
const userData = `#cloud-config\npassword: ${secret}\nwrite_files:\n  - {path: /etc/good, content: "good\\n"}\n`

type Content = string | Uint8Array

interface BadMedia {
  readonly name: string
  readonly cloud: 'azure' | 'openstack' | 'nocloud'
  /** What the disk holds instead, by what it would hold. */
  readonly change: (files: Readonly<Record<string, Content>>) => Record<string, Content>
  readonly told: RegExp
  /** True when the rest of the disk is good enough for keys and user-data. */
  readonly isUsable?: boolean
}

const entityBomb = [
  '<?xml version="1.0"?><!DOCTYPE Environment [<!ENTITY a0 "xxxxxxxxxx">',
  ...Array.from({ length: 12 }, (_, depth) => `<!ENTITY a${depth + 1} "${`&a${depth};`.repeat(10)}">`),
  ']><Environment>&a12;</Environment>',
].join('\n')

const halfOf = (content: Content | undefined): Uint8Array => {
  const bytes = Buffer.from(content ?? '')
  return bytes.subarray(0, Math.floor(bytes.length / 2))
}

const without = (files: Readonly<Record<string, Content>>, unwanted: RegExp): Record<string, Content> =>
  Object.fromEntries(Object.entries(files).filter(([path]) => !unwanted.test(path)))

const replaced = (files: Readonly<Record<string, Content>>, wanted: RegExp, make: (content: Content) => Content) =>
  Object.fromEntries(
    Object.entries(files).map(([path, content]) => [path, wanted.test(path) ? make(content) : content]),
  )

const cases: readonly BadMedia[] = [
  {
    name: 'a truncated ovf-env.xml',
    cloud: 'azure',
    change: (files) => ({ 'ovf-env.xml': halfOf(files['ovf-env.xml']) }),
    told: /^Azure: .*ovf-env\.xml/,
  },
  {
    name: 'an entity bomb in ovf-env.xml',
    cloud: 'azure',
    change: () => ({ 'ovf-env.xml': entityBomb }),
    told: /^Azure: .*ovf-env\.xml/,
  },
  {
    name: 'an ovf-env.xml that is binary',
    cloud: 'azure',
    change: () => ({ 'ovf-env.xml': Uint8Array.from([0, 1, 2, 0xff, 0xfe]) }),
    told: /^Azure: .*ovf-env\.xml/,
  },
  {
    name: 'a config drive without meta_data.json',
    cloud: 'openstack',
    change: (files) => without(files, /meta_data\.json$|^ec2\//),
    told: /config drive \/dev\/sr0 .*meta_data\.json is missing/,
  },
  {
    name: 'a config drive whose meta_data.json is cut off',
    cloud: 'openstack',
    change: (files) => replaced(files, /meta_data\.json$/, halfOf),
    told: /config drive \/dev\/sr0 .*meta_data\.json is not JSON/,
  },
  {
    name: 'a config drive whose network_data.json is cut off',
    cloud: 'openstack',
    change: (files) => replaced(files, /network_data\.json$/, halfOf),
    told: /network_data\.json is not JSON/,
    isUsable: true,
  },
  {
    name: 'a config drive whose vendor_data.json is a page',
    cloud: 'openstack',
    change: (files) => replaced(files, /vendor_data\.json$/, () => '<html>'),
    told: /vendor_data\.json is not JSON/,
    isUsable: true,
  },
  {
    name: 'a seed disk whose meta-data is broken',
    cloud: 'nocloud',
    change: (files) => ({ ...files, 'meta-data': 'instance-id: [\n' }),
    told: /meta-data.*line \d+/,
  },
]

for (const { name, cloud: cloudName, change, told, isUsable = false } of cases) {
  test(`${name}: the boot ends, the machine is reachable, one line tells it`, async () => {
    const cloud = createCloud({ cloud: cloudName, userData, sshKeys: [cloudKey] })
    const disks = (cloud.disks ?? []).map(({ device, label, type, files }) => ({
      path: device,
      label,
      type,
      files: change(files),
    }))
    const config = { datasource_list: [cloud.datasource, 'None'] }
    const machine = bootableOn({ cloud, config }, { disks, http: noNetwork })
    await bootStages(machine)
    assertEnded(machine)
    assertReachable(machine, isUsable ? [imageKey, cloudKey] : [imageKey])
    const done = isUsable ? '/etc/good' : '/etc/from-image'
    if (cloudName !== 'nocloud') assert.ok(machine.tree()[done], done)
    assertToldOnce(machine, told)
    assertFitToRead(machine)
  })
}
