import assert from 'node:assert/strict'
import type { CloudName } from '../../src/simulator/index.ts'
import { type Booted, beginLife, bootOnce, endLife, type Life } from './life.ts'

/** How the clouds differ, seen from a machine's owner. */
interface Traits {
  readonly user: string
  /** Droplets get no lease: their addresses are in the metadata. */
  readonly isWithoutDhcp?: true
  readonly firstId: string
  readonly secondId: string
}

const uuids = {
  firstId: 'b0fa911b-69d4-4476-bbe2-1c92bff6535c',
  secondId: 'c1fa911b-69d4-4476-bbe2-1c92bff6535d',
}
export const traits: Readonly<Record<CloudName, Traits>> = {
  nocloud: { user: 'debian', firstId: 'iid-first', secondId: 'iid-second' },
  openstack: { user: 'debian', ...uuids },
  'openstack-service': { user: 'debian', ...uuids },
  azure: { user: 'azureuser', ...uuids },
  ec2: { user: 'debian', firstId: 'i-0f1e2d3c4b5a69788', secondId: 'i-1f1e2d3c4b5a69789' },
  gce: { user: 'debian', firstId: '5512345678901234567', secondId: '6612345678901234567' },
  digitalocean: { user: 'debian', isWithoutDhcp: true, firstId: '101234567', secondId: '201234567' },
}

/** All kinds of host keys on one cloud: an RSA key costs an emulated machine ten seconds, or thirty. */
const keyTypes = ({ cloud }: Life): string => (cloud === 'nocloud' ? '' : 'ssh_genkeytypes: [ed25519]\n')

const userData = (life: Life): string => `#cloud-config
users:
  - default
  - name: ada
    groups: [sudo]
    shell: /bin/bash
    ssh_authorized_keys: ['${life.publicKey}']
bootcmd:
  - echo booted >> /var/log/vm-bootcmd
write_files:
  - {path: /etc/vm-test, content: hello, permissions: '0640'}
runcmd:
  - echo run >> /var/log/vm-runcmd
  - [sh, -c, 'sleep 3600 </dev/null >/dev/null 2>&1 & echo started']
${keyTypes(life)}`

const fatal = "#cloud-config\nbootcmd:\n  - [sh, -c, 'kill -9 $(cat /run/cloud-init/stages/pid)']\n"

const broken = '#cloud-config\nusers: {{{\n\t- [nonsense\nruncmd: 7\nhostname: [\n'

/** For those who want to know why a boot took its time ($VM_VERBOSE). */
const details = `systemd-analyze; systemd-analyze blame | head -12; grep -r . /etc/systemd/network/; systemd-analyze critical-chain cloud-final.service ssh.service
bash -c 'time firstlight --version' 2>&1; bash -c 'time firstlight status' 2>&1
systemctl show -p Id,ExecMainStartTimestampMonotonic,ExecMainExitTimestampMonotonic,MemoryPeak,CPUUsageNSec cloud-init-main cloud-init-local cloud-init-network cloud-config cloud-final ssh
sudo cat /var/log/cloud-init.log; cloud-init status --long; ip -br addr`

/** Every check has a name; a failure does not keep the others from being looked at. */
export const checks = () => {
  const failures: string[] = []
  const check = (name: string, actual: string, expected: string | RegExp): void => {
    try {
      if (typeof expected === 'string') assert.equal(actual, expected)
      else assert.match(actual, expected)
    } catch {
      failures.push(`${name}: expected ${expected}, got ${JSON.stringify(actual.slice(0, 600))}`)
    }
  }
  return { check, failures }
}
export type Check = ReturnType<typeof checks>['check']

const checkRuns = async ({ ask }: Booted, check: Check, runcmd: number, bootcmd: number): Promise<void> => {
  check('runcmd ran', await ask('wc -l < /var/log/vm-runcmd'), String(runcmd))
  check('bootcmd ran', await ask('wc -l < /var/log/vm-bootcmd'), String(bootcmd))
}

const checkDone = async ({ ask }: Booted, check: Check): Promise<void> => {
  check('status --wait', await ask('cloud-init status --wait', 300), /^\.*\n?status: done$/)
  const failed = "systemctl list-units --failed --no-legend --plain 'cloud-*' | cut -d' ' -f1"
  check('failed units', await ask(failed), '')
  check('one process, gone', await ask('pgrep -c firstlight || true'), '0')
}

const checkFirstBoot = async (booted: Booted, check: Check, life: Life): Promise<void> => {
  const { ask } = booted
  await checkDone(booted, check)
  await checkRuns(booted, check, 1, 1)
  check('host name', await ask('hostname'), 'vm-one')
  check('cloud', await ask('cloud-id'), /\w/)
  check('user ada', await ask('id -nG ada'), 'ada sudo')
  check('written file', await ask('sudo stat -c %a:%s /etc/vm-test'), '640:5')
  check('root has grown', await ask("df --output=size -BM / | tail -1 | tr -d ' M'"), /^2[6-9]\d\d$/)
  check('host keys on the console', booted.console(), /BEGIN SSH HOST KEY FINGERPRINTS|SSH HOST KEY FINGERPRINTS/)
  check('system', await ask('systemctl is-system-running --wait', 200), /running|degraded/)
  if (life.cloud === 'azure') {
    const reports = booted.requests.filter(({ method, url }) => method === 'POST' && /comp=health/.test(url))
    check('ready reports', reports.map(({ body }) => /<State>(\w+)</.exec(body)?.[1] ?? '').join(), /Ready/)
  }
}

export interface Outcome {
  readonly failures: readonly string[]
  readonly seconds: readonly string[]
}

type PlannedBoot = [
  title: string,
  orders: Omit<Parameters<typeof bootOnce>[1], 'title'>,
  work: (booted: Booted) => Promise<void>,
]

/**
 * First boot, reboot, another instance id, user-data that breaks everything.
 * @param count only the first boots of them
 */
export const liveThrough = async (
  cloud: CloudName,
  image: string,
  count = Number(process.env['VM_BOOTS'] ?? Number.POSITIVE_INFINITY),
): Promise<Outcome> => {
  const life = beginLife(cloud, image)
  const { check, failures } = checks()
  const seconds: string[] = []
  const { user, firstId, secondId, isWithoutDhcp = false } = traits[cloud]
  const one = { user, isWithoutDhcp, userData: userData(life), instanceId: firstId, hostname: 'vm-one' }
  const killed: PlannedBoot = [
    'process killed',
    { ...one, instanceId: firstId.replace(/.$/, '5'), userData: fatal },
    async ({ ask }) => {
      const failed = "systemctl list-units --failed --no-legend --plain 'cloud-*' | cut -d' ' -f1 | xargs"
      const units = 'cloud-config.service cloud-final.service cloud-init-main.service cloud-init-network.service'
      await ask('systemctl is-system-running --wait', 200)
      check('failed units', await ask(failed), units)
      check('status', await ask('cloud-init status --wait', 60), /status: error/)
    },
  ]
  const boots: PlannedBoot[] = [
    ['first boot', one, (booted) => checkFirstBoot(booted, check, life)],
    [
      'reboot',
      one,
      async (booted) => {
        await checkDone(booted, check)
        await checkRuns(booted, check, 1, 2)
      },
    ],
    [
      'new instance',
      { ...one, instanceId: secondId, hostname: 'vm-two' },
      async (booted) => {
        await checkDone(booted, check)
        await checkRuns(booted, check, 2, 3)
        check('new host name', await booted.ask('hostname'), 'vm-two')
      },
    ],
    // How the units take it is the same on every cloud.
    ...(cloud === 'nocloud' ? [killed] : []),
    [
      'broken user-data',
      { ...one, instanceId: firstId.replace(/.$/, '0'), userData: broken },
      async (booted) => {
        check('status of a broken boot', await booted.ask('cloud-init status --wait', 300), /status: (error|done)/)
      },
    ],
  ]
  try {
    for (const [title, orders, work] of boots.slice(0, count)) {
      const before = failures.length
      await bootOnce(life, { title, ...orders }, async (booted) => {
        seconds.push(`${title} ${booted.loginSeconds.toFixed(0)} s`)
        await work(booted)
        if (process.env['VM_VERBOSE'] !== undefined) console.log(await booted.ask(details))
      })
      failures.splice(before, failures.length, ...failures.slice(before).map((text) => `${title}: ${text}`))
    }
  } catch (error) {
    failures.push(error instanceof Error ? error.message : String(error))
  } finally {
    if (process.env['VM_KEEP'] === undefined) endLife(life)
    else console.log(`kept: ${life.folder}`)
  }
  return { failures, seconds }
}
