import { closeSync, openSync, readSync, statSync, truncateSync, writeSync } from 'node:fs'
import type { SimulatedCloud, SimulatedDisk } from '../../src/simulator/cloud.ts'
import { createCloud } from '../../src/simulator/index.ts'
import type { Booted } from './life.ts'
import type { Check } from './story.ts'
import { bootTrial, isProvisioned, type Trial } from './trial.ts'

type Files = SimulatedDisk['files']

const otherFiles = (cloud: 'nocloud' | 'openstack', hostname: string, key: string): Files => {
  const userData = '#cloud-config\nwrite_files: [{path: /etc/from-the-other, content: other}]\n'
  const instanceId = cloud === 'nocloud' ? 'iid-other' : 'd2fa911b-69d4-4476-bbe2-1c92bff6535e'
  const made = createCloud({ cloud, userData, hostname, instanceId, sshKeys: [key] })
  return made.disks?.[0]?.files ?? {}
}

const firstDisk = (cloud: SimulatedCloud): SimulatedDisk => {
  const [disk] = cloud.disks ?? []
  if (!disk) throw new Error('a cloud without a seed disk')
  return disk
}

const keyIn = (cloud: SimulatedCloud): string => {
  const text = JSON.stringify(Object.values(firstDisk(cloud).files).map((content) => Buffer.from(content).toString()))
  return /ssh-ed25519 [A-Za-z0-9+/=]+/.exec(text)?.[0] ?? ''
}

const datasourceIs =
  (datasource: string, words: RegExp) =>
  async (booted: Booted, check: Check): Promise<void> => {
    await isProvisioned(booted, check)
    const { ask } = booted
    check('the other seed', await ask('ls /etc/from-the-other 2>&1 || true'), /No such file/)
    check(
      'datasource',
      await ask('sudo cat /var/lib/cloud/instance/datasource'),
      new RegExp(`^DataSource${datasource}`),
    )
    check('the log says so', await ask('sudo cat /var/log/cloud-init.log'), words)
  }

/** Which of two seeds wins is what cloud-init does, and said in the log. */
export const twoSeeds: readonly Trial[] = [
  {
    cloud: 'nocloud',
    title: 'both layouts on a disk labelled cidata',
    orders: {
      change: (cloud) => {
        const disk = firstDisk(cloud)
        return {
          ...cloud,
          disks: [{ ...disk, files: { ...otherFiles('openstack', 'other', keyIn(cloud)), ...disk.files } }],
        }
      },
    },
    look: datasourceIs('NoCloud', /NoCloud/),
  },
  {
    cloud: 'openstack',
    title: 'both layouts on a disk labelled config-2',
    orders: {
      change: (cloud) => {
        const disk = firstDisk(cloud)
        return {
          ...cloud,
          disks: [{ ...disk, files: { ...otherFiles('nocloud', 'other', keyIn(cloud)), ...disk.files } }],
        }
      },
    },
    look: datasourceIs('ConfigDrive', /ConfigDrive/),
  },
  {
    // Without a datasource_list in the configuration, ConfigDrive comes before NoCloud.
    cloud: 'openstack',
    title: 'a disk labelled config-2 and one labelled cidata',
    orders: {
      change: (cloud) => {
        const disk = firstDisk(cloud)
        const other = { ...disk, label: 'cidata', files: otherFiles('nocloud', 'other', keyIn(cloud)) }
        return { ...cloud, disks: [disk, other] }
      },
    },
    look: datasourceIs('ConfigDrive', /ConfigDrive is this machine's datasource; not asked.*NoCloud/),
  },
  {
    // cloud-init takes the last by name: /dev/sr1.
    cloud: 'nocloud',
    title: 'two disks labelled cidata',
    orders: {
      change: (cloud) => {
        const disk = firstDisk(cloud)
        return { ...cloud, disks: [{ ...disk, files: otherFiles('nocloud', 'other', keyIn(cloud)) }, disk] }
      },
    },
    look: datasourceIs('NoCloud', /\/dev\/sr1.*\/dev\/sr0/),
  },
]

/** ISO 9660: 32 KiB of nothing, then the descriptors with the label. */
const descriptorBytes = 40 * 1024

const truncate = (image: string): void => truncateSync(image, descriptorBytes)

/** Keeps the label; tables of paths, folders and files become noise. */
const scramble = (image: string): void => {
  const file = openSync(image, 'r+')
  const size = statSync(image).size
  const noise = Buffer.alloc(size - descriptorBytes).map((_, index) => (index * 167 + (index >> 8) * 13) & 255)
  writeSync(file, noise, 0, noise.length, descriptorBytes)
  closeSync(file)
}

/** Nothing is left that any datasource would know. */
const wipe = (image: string): void => {
  const file = openSync(image, 'r+')
  const bytes = Buffer.alloc(statSync(image).size)
  readSync(file, bytes)
  writeSync(
    file,
    bytes.map((byte, index) => byte ^ ((index * 31 + 7) & 255)),
    0,
    bytes.length,
    0,
  )
  closeSync(file)
}

/** The machine has its default user, the key of the image, and tells of the disk. */
const reachable =
  (words: RegExp) =>
  async ({ ask }: Booted, check: Check): Promise<void> => {
    check('status', await ask('cloud-init status --wait --long', 400), /status: (done|error)/)
    check('what is told', await ask('cloud-init status --long; sudo cat /var/log/cloud-init.log'), words)
  }

/** @param keyFile the key that the image gives its default user */
export const spoiltSeeds = (keyFile: string): readonly Trial[] => [
  {
    cloud: 'nocloud',
    title: 'truncated seed disk',
    keyFile,
    orders: { spoilDisk: truncate },
    look: reachable(/\/dev\/sr0/),
  },
  {
    cloud: 'nocloud',
    title: 'seed disk of noise',
    keyFile,
    orders: { spoilDisk: scramble },
    look: reachable(/\/dev\/sr0/),
  },
  {
    cloud: 'nocloud',
    title: 'wiped seed disk, named by the kernel command line',
    keyFile,
    orders: { spoilDisk: wipe, change: (cloud) => ({ ...cloud, cmdline: `${cloud.cmdline} ds=nocloud` }) },
    look: reachable(/NoCloud/),
  },
  {
    cloud: 'openstack',
    title: 'truncated config drive',
    keyFile,
    orders: { spoilDisk: truncate },
    look: reachable(/\/dev\/sr0/),
  },
  {
    cloud: 'nocloud',
    title: 'noise for user-data and meta-data',
    keyFile,
    orders: {
      change: (cloud) => {
        const disk = firstDisk(cloud)
        const noise = Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 73 + 11) & 255))
        return { ...cloud, disks: [{ ...disk, files: { ...disk.files, 'user-data': noise, 'meta-data': noise } }] }
      },
    },
    look: reachable(/meta-data/),
  },
]

export const bootSeeds = async (image: string, trials: readonly Trial[]): Promise<readonly string[]> => {
  const failures: string[] = []
  for (const trial of trials) failures.push(...(await bootTrial(image, trial)))
  return failures
}
