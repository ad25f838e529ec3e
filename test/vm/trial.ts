import type { CloudName } from '../../src/simulator/index.ts'
import { type Booted, type BootOrders, beginLife, bootOnce, endLife, type Life } from './life.ts'
import { tellStatus } from './portrait.ts'
import { type Check, checks, traits } from './story.ts'

/** A first boot under difficulties. */
export interface Trial {
  readonly cloud: CloudName
  readonly title: string
  /** What is different from a usual first boot. */
  readonly orders?: Partial<BootOrders>
  /** A key that the image knows: for a machine that can't learn any from its cloud. */
  readonly keyFile?: string
  /** Default: the machine is what its cloud wants it to be. */
  readonly look?: (booted: Booted, check: Check, life: Life) => Promise<void>
}

const userData = `#cloud-config
ssh_genkeytypes: [ed25519]
write_files:
  - {path: /etc/vm-test, content: hello, permissions: '0640'}
runcmd:
  - echo run >> /var/log/vm-runcmd
`

/** As a cloud's customer expects it. */
export const isProvisioned = async ({ ask }: Booted, check: Check): Promise<void> => {
  check('status', await ask('cloud-init status --wait', 400), /status: done/)
  check('host name', await ask('hostname'), 'vm-one')
  check('written file', await ask('sudo stat -c %a:%s /etc/vm-test'), '640:5')
  check('runcmd', await ask('wc -l < /var/log/vm-runcmd'), '1')
}

/** The usual orders of a first boot. */
export const firstOrders = (cloud: CloudName, title: string): BootOrders => {
  const { user, firstId, isWithoutDhcp = false } = traits[cloud]
  return { title, user, isWithoutDhcp, userData, instanceId: firstId, hostname: 'vm-one' }
}

/** @returns a line for each thing that is not as it should be */
export const bootTrial = async (image: string, trial: Trial): Promise<readonly string[]> => {
  const { cloud, title, orders, keyFile, look = isProvisioned } = trial
  const { check, failures } = checks()
  const life = beginLife(cloud, image, keyFile)
  try {
    await bootOnce(life, { ...firstOrders(cloud, title), ...orders }, async (booted) => {
      await look(booted, check, life)
      console.log(
        `  ${cloud}, ${title}: login after ${booted.loginSeconds.toFixed(0)} s; ${await tellStatus(booted.ask)}`,
      )
      if (process.env['VM_VERBOSE'] !== undefined) console.log(await booted.ask('sudo cat /var/log/cloud-init.log'))
    })
  } catch (error) {
    failures.push(error instanceof Error ? error.message : String(error))
  } finally {
    if (process.env['VM_KEEP'] === undefined) endLife(life)
  }
  return failures.map((failure) => `${cloud}, ${title}: ${failure}`)
}
