import assert from 'node:assert/strict'
import { test } from 'node:test'
import configDrive from '../../datasources/configdrive/index.ts'
import openstackSource from '../../datasources/openstack/index.ts'
import { writeInjectedFiles } from '../../src/instance/injected-files.ts'
import { HttpFailure } from '../../src/machine/errors.ts'
import { httpResponse } from '../../src/machine/http-response.ts'
import { openstack, openstackService } from '../../src/simulator/openstack.ts'
import { longestChain } from '../../src/simulator/request-log.ts'
import { onCloud } from './on-cloud.ts'

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINBR0P5Rc0pkG2+5B4M2JuM5LSIa4Lh0heguckX/iLo8 ada@example.test'
const userData = Buffer.from('#!/bin/sh\necho hello\n')
const identity = { ...openstackService.defaults, sshKeys: [key], userData }
const service = () => openstackService.create(identity)
const drive = () => openstack.create(identity)
const uuid = 'b0fa911b-69d4-4476-bbe2-1c92bff6535c'
/** A drive with these files beside (or instead of) a minimal meta_data.json. */
const driveWith = (files: Record<string, string>, label = 'config-2') => [
  {
    path: '/dev/vdb',
    label,
    type: 'iso9660',
    files: { 'openstack/latest/meta_data.json': JSON.stringify({ uuid }), ...files },
  },
]

test('the metadata service is read in a short chain of requests', async () => {
  const { context, timed } = await onCloud(service())
  const data = await openstackSource.fetch(context)
  assert.equal(data?.instanceId, uuid)
  assert.deepEqual(Buffer.from(data.userData ?? []), userData)
  assert.equal(data.networkConfig?.['version'], 1)
  assert.deepEqual(Object.keys(data.extra ?? {}), ['network_json', 'ec2_metadata'])
  const records = timed.map(({ start, end, url }) => ({
    start,
    end,
    url,
    method: 'GET',
    headers: {},
    body: '',
    status: 200,
  }))
  // The probe of the link-local address fails first; then versions, files, their contents, EC2's tree.
  assert.ok(longestChain(records) <= 6, String(longestChain(records)))
})

test('what the metadata service may do wrong ends in bounded time', async (t) => {
  const cases: [string, (url: string) => ReturnType<typeof httpResponse> | HttpFailure, number][] = [
    ['silence', (url) => new HttpFailure(url, 'timeout', 'no answer'), 21],
    ['an error', (url) => httpResponse({ url, status: 500 }), 1],
    ['a page instead of versions and files', (url) => httpResponse({ url, body: '<html>login</html>' }), 1],
  ]
  for (const [name, instead, seconds] of cases) {
    await t.test(name, async () => {
      const { context, machine } = await onCloud(service(), { instead: ({ url }) => instead(url) })
      const data = await openstackSource.fetch(context).catch((error: unknown) => String(error))
      assert.ok(data === undefined || typeof data === 'string')
      assert.ok(machine.clock.monotonic() <= seconds * 1000, `${machine.clock.monotonic()} ms`)
    })
  }
})

test('broken optional files of the service are named and left out', async () => {
  const broken = (url: string) => (url.includes('vendor_data') || url.includes('network_data') ? '{' : undefined)
  const { context, machine } = await onCloud(service(), {
    instead: ({ url }) => (broken(url) ? httpResponse({ url, body: '{' }) : undefined),
  })
  const data = await openstackSource.fetch(context)
  assert.equal(data?.instanceId, uuid)
  assert.equal(data.networkConfig, undefined)
  const warnings = machine.records.filter(({ level }) => level === 'WARNING').map(({ message }) => message)
  assert.equal(warnings.filter((message) => /(vendor_data2?|network_data)\.json is not JSON/.test(message)).length, 3)
})

test('a machine that is not x86 is not ruled out, one of another maker is', async () => {
  const arm = await onCloud({ ...service(), dmi: {} }, { files: { '/proc/sys/kernel/arch': 'aarch64\n' } })
  assert.equal(await openstackSource.detect(arm.context), true)
  const other = await onCloud({ ...service(), dmi: { sys_vendor: 'QEMU' } })
  assert.equal(await openstackSource.detect(other.context), false)
})

test('a config drive is read, and its files are written for root and its group alone', async () => {
  const { context, machine } = await onCloud(drive())
  const data = await configDrive.fetch(context)
  assert.equal(data?.instanceId, uuid)
  assert.match(data.subplatform ?? '', /^config-disk \(\/dev\//)
  writeInjectedFiles(machine, data)
  assert.equal(machine.tree()['/etc/motd.d/cloud']?.mode, 0o660)
  assert.equal(configDrive.checkInstanceId?.(context, uuid.toUpperCase()), true)
  assert.equal(configDrive.checkInstanceId?.(context, 'another'), false)
})

test('files with paths that lead elsewhere are neither read nor written', async () => {
  const files = ['/etc/../../root/.profile', 'etc/relative', '/', '/etc//passwd', '/etc/ok'].map((path) => ({
    path,
    content_path: '/content/0000',
  }))
  const { context } = await onCloud(drive(), {
    disks: driveWith({
      'openstack/latest/meta_data.json': JSON.stringify({ uuid, files }),
      'openstack/content/0000': 'x',
    }),
  })
  assert.deepEqual(Object.keys((await configDrive.fetch(context))?.injectedFiles ?? {}), ['/etc/ok'])

  const outside = await onCloud(drive(), {
    disks: driveWith({
      'openstack/latest/meta_data.json': JSON.stringify({
        uuid,
        files: [{ path: '/etc/ok', content_path: '../../../etc/shadow' }],
      }),
    }),
  })
  assert.equal(await configDrive.fetch(outside.context), undefined)
  assert.match(outside.machine.records.map(({ message }) => message).join('\n'), /content_path .*leads elsewhere/)
})

test('an interfaces file is used where there is no network_data.json', async () => {
  const { context } = await onCloud(drive(), {
    disks: driveWith({
      'openstack/latest/meta_data.json': JSON.stringify({ uuid, network_config: { content_path: '/content/0000' } }),
      'openstack/content/0000': 'auto eth0\niface eth0 inet static\n  address 192.0.2.5\n  netmask 255.255.255.0\n',
    }),
  })
  assert.deepEqual((await configDrive.fetch(context))?.networkConfig, {
    version: 1,
    config: [
      {
        type: 'physical',
        name: 'eth0',
        subnets: [
          {
            _orig_eni_name: 'eth0',
            type: 'static',
            control: 'auto',
            address: '192.0.2.5',
            netmask: '255.255.255.0',
          },
        ],
      },
    ],
  })
})

test('keys on a drive of the first layout are used when the user gave none', async () => {
  const { context } = await onCloud(drive(), {
    disks: [
      {
        path: '/dev/vdb',
        type: 'vfat',
        files: { 'meta.js': '{"instance-id": "i-1"}', 'root/.ssh/authorized_keys': `# ours\n${key}\n` },
      },
    ],
  })
  const data = await configDrive.fetch(context)
  assert.equal(data?.instanceId, 'i-1')
  assert.deepEqual(data.publicKeys, [key])
})

test('without a lease the service is asked at its link-local address', async () => {
  const { context, machine } = await onCloud(service(), {
    stage: 'local',
    files: { '/proc/net/if_inet6': 'fe80000000000000505400fffe000000 02 40 20 80     ens3\n' },
    instead: ({ url }) => (url.includes('169.254.') ? new HttpFailure(url, 'unreachable', 'no route') : undefined),
  })
  const data = await openstackSource.fetch(context)
  assert.equal(data?.instanceId, uuid)
  assert.equal(data.subplatform, 'metadata (http://[fe80::a9fe:a9fe%25ens3])')
  assert.deepEqual(
    machine.linkCalls.map(({ call }) => call),
    ['up', 'dhcp', 'release'],
  )
})
