/**
 * What a misbehaving metadata service gets: each row is a whole boot on a simulated cloud, over real HTTP, with the
 * limits that the datasources have by default. Waiting takes no time: it passes on the machine's own clock.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type CloudName, type Fault, startSimulator } from '../../src/simulator/index.ts'
import { assertEnded, assertFitToRead, assertReachable, assertToldOnce, secret } from './expectations.ts'
import { bootStages, imageKey } from './made-up-boot.ts'
import { bootableOn } from './on-cloud.ts'

const cloudKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICloudCloudCloudCloudCloudCloudCloudCloudClo cloud'
const userData = `#cloud-config\npassword: ${secret}\nwrite_files:\n  - {path: /etc/good, content: "good\\n"}\n`

const faults: Readonly<Record<string, Fault>> = {
  'is silent': { kind: 'silent' },
  'sends one byte a second': { kind: 'trickle' },
  'answers 401': { kind: 'status', status: 401 },
  'answers 404': { kind: 'status', status: 404 },
  'answers 500': { kind: 'status', status: 500 },
  'answers 503 for ever': { kind: 'status', status: 503 },
  'sends a login page': { kind: 'html' },
  'sends half of each answer': { kind: 'truncated' },
  'sends answers without an end': { kind: 'endless' },
  'hangs up': { kind: 'reset' },
}
const slow: readonly Fault['kind'][] = ['silent', 'trickle']

interface Cloud {
  /** What tells that the service is of no use, and which. */
  readonly told: RegExp
  /** Where the cloud says it on a disk, too: its user, keys and user-data are there all the same. */
  readonly user?: string
}

const local = 'http:\\/\\/127\\.0\\.0\\.1:\\d+'
const clouds: Readonly<Partial<Record<CloudName, Cloud>>> = {
  ec2: { told: new RegExp(`no usable answer \\(${local}\\/latest\\/api\\/token|^Ec2: .*(meta-data\\/)`) },
  gce: {
    told: new RegExp(`^no metadata: ${local}\\/computeMetadata\\/v1\\/instance\\/id|^GCE: instance\\/attributes`),
  },
  digitalocean: { told: new RegExp(`^DigitalOcean: ${local}\\/metadata\\/v1\\.json: `) },
  'openstack-service': {
    told: new RegExp(`no usable answer \\(${local}\\/openstack:|^OpenStack: openstack\\/\\S+\\/meta_data\\.json`),
  },
  azure: { told: new RegExp(`^${local}\\/metadata is done without`), user: 'azureuser' },
}

// Each has a service of its own, and most of the time nothing happens.
describe('a metadata service that misbehaves', { concurrency: 8 }, () => {
  for (const [cloud, { told, user }] of Object.entries(clouds) as [CloudName, Cloud][]) {
    for (const [misbehaviour, fault] of Object.entries(faults)) {
      test(`${cloud}: a boot ends with the machine reachable when the metadata service ${misbehaviour}`, async () => {
        const simulation = await startSimulator({ cloud, userData, sshKeys: [cloudKey], fault })
        try {
          const machine = bootableOn(simulation, { isSlow: slow.includes(fault.kind) })
          await bootStages(machine)
          assertEnded(machine)
          assertReachable(machine, user === undefined ? [imageKey] : [imageKey, cloudKey], user)
          const done = user === undefined ? '/etc/from-image' : '/etc/good'
          assert.ok(machine.tree()[done], done)
          assertToldOnce(machine, told)
          assertFitToRead(machine)
        } finally {
          await simulation.stop()
        }
      })
    }

    test(`${cloud}: nothing is lost when the metadata service answers 503 and then 200`, async () => {
      const fault: Fault = { kind: 'unavailable', requests: 3, retryAfter: 2 }
      const simulation = await startSimulator({ cloud, userData, sshKeys: [cloudKey], fault })
      try {
        const machine = bootableOn(simulation)
        assert.deepEqual(await bootStages(machine), [])
        assertEnded(machine)
        assertReachable(machine, [imageKey, cloudKey], user)
        assert.equal(machine.tree()['/etc/good']?.content, 'good\n')
        assertFitToRead(machine)
      } finally {
        await simulation.stop()
      }
    })
  }
})
