import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { CloudName } from '../../src/simulator/index.ts'
import { startCloudNetwork } from './cloud-network.ts'
import { type BootOrders, beginLife, bootOnce, cloudOf, endLife, type Life } from './life.ts'
import { startMachine } from './machine.ts'
import { differences, portrait, tellStatus } from './portrait.ts'
import { seeded } from './seeded.ts'
import { checks, traits } from './story.ts'

/**
 * The power of a machine is cut at random moments of its first boot; it then boots as usual, and has to be like one that
 * nobody disturbed.
 *
 * qemu is killed: what the guest has given to its disk is kept, what was in the guest's memory is lost, as on a real
 * machine whose disk keeps its promises. ext4 writes down the content of a new file up to half a minute after its name.
 */

const userData = ({ publicKey }: Life): string => `#cloud-config
users:
  - default
  - name: ada
    groups: [sudo, crew]
    sudo: 'ALL=(ALL) NOPASSWD:ALL'
    shell: /bin/bash
    ssh_authorized_keys: ['${publicKey}']
groups: [crew]
timezone: Europe/Berlin
manage_etc_hosts: true
ssh_genkeytypes: [ed25519, ecdsa]
ssh_pwauth: false
chpasswd: {expire: false, users: [{name: ada, password: 'secret of ada', type: text}]}
write_files:
  - {path: /etc/vm-test, content: hello, permissions: '0640'}
  - {path: /etc/motd, content: "replaced\\n"}
  - {path: /etc/hosts.allow, content: "appended\\n", append: true}
  - {path: /srv/deep/folder/file, content: "deep\\n", owner: 'ada:crew', defer: true}
  - path: /var/lib/cloud/scripts/per-instance/one
    permissions: '0755'
    content: "#!/bin/sh\\necho one >> /var/log/vm-script\\n"
runcmd:
  - echo run >> /var/log/vm-runcmd
final_message: all of it
`

/** How a boot went on: the console's number of lines after so many seconds. */
interface Course {
  readonly samples: readonly { readonly seconds: number; readonly lines: number }[]
  readonly seconds: number
}

const linesOf = (file: string): number => {
  try {
    return readFileSync(file).filter((byte) => byte === 10).length
  } catch {
    return 0
  }
}

const sampleMilliseconds = 100

const watch = (life: Life): { end(): Course } => {
  const start = performance.now()
  const samples: { seconds: number; lines: number }[] = []
  const timer = setInterval(() => {
    const lines = linesOf(join(life.folder, 'console.log'))
    const seconds = (performance.now() - start) / 1000
    if (samples.at(-1)?.lines !== lines) samples.push({ seconds, lines })
  }, sampleMilliseconds)
  return {
    end: () => {
      clearInterval(timer)
      return { samples, seconds: (performance.now() - start) / 1000 }
    },
  }
}

/** A moment of a boot that does not depend on how fast this machine is today. */
interface Moment {
  /** When the console has so many lines ... */
  readonly lines: number
  /** ... and so much time has passed. */
  readonly seconds: number
  /** Of the whole boot. */
  readonly share: number
}

const momentAt = ({ samples, seconds }: Course, share: number): Moment => {
  const wanted = share * seconds
  const last = samples.findLast((sample) => sample.seconds <= wanted) ?? { seconds: 0, lines: 0 }
  return { lines: last.lines, seconds: wanted - last.seconds, share }
}

/** One random moment in each of `count` equal parts of the boot, and a little of what comes after. */
const momentsOf = (course: Course, count: number, random: () => number): Moment[] =>
  Array.from({ length: count }, (_, index) => momentAt(course, ((index + random()) / count) * 1.1))

/** Boots, and pulls the plug. */
const cutBoot = async (life: Life, orders: BootOrders, moment: Moment, limitSeconds: number): Promise<number> => {
  const cloud = cloudOf(life, orders)
  const consoleFile = join(life.folder, 'console.log')
  writeFileSync(consoleFile, '')
  const { isWithoutDhcp = false } = orders
  const network = await startCloudNetwork(cloud, { folder: life.folder, isWithoutDhcp })
  const start = performance.now()
  const elapsed = (): number => (performance.now() - start) / 1000
  const machine = startMachine({ ...life, cloud, taps: network.taps, consoleFile })
  process.once('exit', machine.kill)
  try {
    while (machine.isRunning() && linesOf(consoleFile) < moment.lines && elapsed() < limitSeconds)
      await setTimeout(sampleMilliseconds)
    await setTimeout(moment.seconds * 1000)
    return elapsed()
  } finally {
    machine.kill()
    process.off('exit', machine.kill)
    await machine.ended
    await network.stop()
  }
}

const ordersOf = (life: Life, title: string): BootOrders => {
  const { user, firstId, isWithoutDhcp = false } = traits[life.cloud]
  return { title, user, isWithoutDhcp, userData: userData(life), instanceId: firstId, hostname: 'vm-one' }
}

export interface PowerCutOptions {
  readonly cloud: CloudName
  readonly image: string
  readonly count: number
  readonly seed: number
}

/** @returns a line for each thing that is not as it should be */
export const cutPower = async (options: PowerCutOptions): Promise<string[]> => {
  const { cloud, image, count, seed } = options
  console.log(`power cuts on ${cloud}: ${count}, seed ${seed}`)
  const undisturbed = beginLife(cloud, image)
  const failures: string[] = []
  try {
    const reference = await bootUndisturbed(undisturbed)
    console.log(`  undisturbed: ${reference.course.seconds.toFixed(1)} s`)
    for (const moment of momentsOf(reference.course, count, seeded(seed))) {
      // The same key, so that the files are the same.
      const life = beginLife(cloud, image, undisturbed.keyFile)
      const title = `${cloud}, cut at ${Math.round(moment.share * 100)} %`
      const failed = await outlive(life, moment, reference, title)
      for (const failure of failed) console.log(`    ${failure}`)
      failures.push(...failed.map((failure) => `${title}: ${failure}`))
      if (process.env['VM_KEEP'] === undefined) endLife(life)
    }
  } finally {
    endLife(undisturbed)
  }
  return failures
}

interface Reference {
  readonly course: Course
  readonly portrait: string
}

const bootUndisturbed = async (life: Life): Promise<Reference> => {
  const watched = watch(life)
  let reference: Reference | undefined
  await bootOnce(life, ordersOf(life, 'undisturbed'), async ({ ask }) => {
    const status = await ask('cloud-init status --wait', 300)
    const course = watched.end()
    if (!/status: done/.test(status)) throw new Error(`the undisturbed boot: ${status}`)
    reference = { course, portrait: await ask(portrait, 120) }
  })
  if (reference === undefined) throw new Error('the undisturbed boot tells nothing')
  return reference
}

/** A first boot that is cut, and the next one. */
const outlive = async (life: Life, moment: Moment, reference: Reference, title: string): Promise<string[]> => {
  const { check, failures } = checks()
  const orders = ordersOf(life, title)
  try {
    const cutAfter = await cutBoot(life, orders, moment, reference.course.seconds * 2)
    await bootOnce(life, orders, async ({ ask, loginSeconds }) => {
      check('status', await ask('cloud-init status --wait', 300), /status: done/)
      failures.push(...differences(await ask(portrait, 120), reference.portrait))
      // Whoever is cut off before it is noted down that a script ran, runs it again.
      check('times that runcmd ran', await ask('wc -l < /var/log/vm-runcmd'), /^[12]$/)
      check('times that the script ran', await ask('wc -l < /var/log/vm-script'), /^[12]$/)
      const after = `${cutAfter.toFixed(1)} s, ${moment.lines} lines`
      console.log(`  ${title} (${after}): login after ${loginSeconds.toFixed(0)} s; ${await tellStatus(ask)}`)
      if (process.env['VM_VERBOSE'] !== undefined) console.log(await ask('sudo cat /var/log/cloud-init.log'))
    })
  } catch (error) {
    failures.push(error instanceof Error ? error.message : String(error))
  }
  return failures
}
