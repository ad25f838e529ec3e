/**
 * `npm run bench:vm [-- --cloud nocloud|ec2]... [--rounds N]`: the first boot of one Debian image without any tool, with Debian's
 * cloud-init and with firstlight, one after another, as ratios of what each tool adds. Needs root, qemu and apt.
 */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { buildBase, cache, firstlightVariant, imageOf, type Variant } from './image.ts'
import { beginLife, bootOnce, endLife } from './life.ts'
import { currentStep, runStep } from './namespaces.ts'
import { checkWords, valuesOf } from './words.ts'

const benchClouds = ['nocloud', 'ec2'] as const
type BenchCloud = (typeof benchClouds)[number]

const words = process.argv.slice(2)
checkWords(words, { choices: { cloud: benchClouds }, numbers: ['rounds'], flags: [] })

const keyFile = join(cache, 'bench-key')

/** Nothing but sshd with its host keys and our key, as an image for one machine would have it. */
const bare = (): Variant => ({
  name: 'bare',
  version: '1',
  prepare: `chroot "$1" ssh-keygen -A >/dev/null
    chroot "$1" useradd -m -s /bin/bash debian
    echo 'debian ALL=(ALL) NOPASSWD:ALL' > "$1/etc/sudoers.d/debian"
    install -d -o 1000 -g 1000 -m 700 "$1/home/debian/.ssh"
    install -o 1000 -g 1000 -m 600 ${keyFile}.pub "$1/home/debian/.ssh/authorized_keys"`,
})

const peer: Variant = {
  name: 'cloud-init',
  version: '22.4.2',
  prepare: `cp /etc/apt/sources.list.d/*.sources "$1/etc/apt/sources.list.d/" 2>/dev/null || true
    for file in $(grep -lE '^[[:space:]]*Acquire::' /etc/apt/apt.conf.d/*); do cp "$file" "$1/etc/apt/apt.conf.d/"; done
    cp /etc/resolv.conf /etc/hosts "$1/etc/"
    chroot "$1" apt-get -qq update
    DEBIAN_FRONTEND=noninteractive chroot "$1" apt-get -qq install -y --no-install-recommends cloud-init >/dev/null
    rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*.deb "$1"/var/cache/apt/archives/*.deb`,
}

/** Two users, files, commands, a host name. One kind of host key: how long RSA keys take is chance. */
const userData = `#cloud-config
users:
  - default
  - {name: ada, groups: [sudo], shell: /bin/bash}
write_files:
  - {path: /etc/one, content: one}
  - {path: /etc/two, content: two, permissions: '0600'}
runcmd:
  - [touch, /run/ran]
ssh_genkeytypes: [ed25519]
`

interface Cost {
  /** Seconds since the kernel started. */
  readonly sshd: number
  readonly final: number | undefined
  /** CPU seconds of everything since the kernel started, until all was done. */
  readonly cpu: number
  /** MiB that all services together held at most, pages of files included. */
  readonly memory: number
  readonly requests: number
  /** MiB that the root file system holds, before anything was installed by the user. */
  readonly disk: number
}

const measured = `systemctl show -p ActiveEnterTimestampMonotonic --value ssh
systemctl show -p ExecMainExitTimestampMonotonic --value cloud-final 2>/dev/null || echo 0
cat /tmp/cpu
cat /sys/fs/cgroup/system.slice/memory.peak
df --output=used -BM / | tail -1 | tr -d ' M'`

const measure = async (variant: Variant, cloud: BenchCloud): Promise<Cost> => {
  const life = beginLife(cloud, imageOf(variant), keyFile)
  let cost: Cost | undefined
  try {
    await bootOnce(life, { title: `bench-${variant.name}`, user: 'debian', userData }, async ({ ask, requests }) => {
      // Jobs still queued are the boot; what comes later is not.
      await ask('systemctl is-system-running --wait >/dev/null 2>&1; head -1 /proc/stat > /tmp/cpu', 400)
      const [sshd = '', final = '', stat = '', memory = '', disk = ''] = (await ask(measured)).split('\n')
      const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = stat.trim().split(/\s+/).slice(1).map(Number)
      cost = {
        sshd: Number(sshd) / 1e6,
        final: Number(final) > 0 ? Number(final) / 1e6 : undefined,
        cpu: (user + nice + system + irq + softirq) / 100,
        memory: Number(memory) / 2 ** 20,
        requests: requests.length,
        disk: Number(disk),
      }
    })
  } finally {
    endLife(life)
  }
  if (!cost) throw new Error(`${variant.name} on ${cloud} told nothing`)
  return cost
}

const variants = (): Variant[] => [bare(), peer, firstlightVariant()]

const median = (values: readonly number[]): number =>
  [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN

const medianCost = (costs: readonly Cost[]): Cost => {
  const of = (what: keyof Cost): number => median(costs.map((cost) => cost[what] ?? Number.NaN))
  return {
    sshd: of('sshd'),
    final: costs.some(({ final }) => final === undefined) ? undefined : of('final'),
    cpu: of('cpu'),
    memory: of('memory'),
    requests: of('requests'),
    disk: of('disk'),
  }
}

const line = (name: string, { sshd, final, cpu, memory, requests, disk }: Cost): string =>
  [name.padEnd(24), sshd.toFixed(1), final?.toFixed(1) ?? '-', cpu.toFixed(1), memory.toFixed(0), requests, disk].join(
    '\t',
  )

/** Each round boots all three one after another: what the host does besides hits them alike. */
const compare = async (cloud: BenchCloud): Promise<void> => {
  const costs: [none: Cost[], theirs: Cost[], ours: Cost[]] = [[], [], []]
  for (let round = 0; round < rounds(); round++) {
    costs[0].push(await measure(bare(), cloud))
    costs[1].push(await measure(peer, cloud))
    costs[2].push(await measure(firstlightVariant(), cloud))
  }
  const [none, theirs, ours] = [medianCost(costs[0]), medianCost(costs[1]), medianCost(costs[2])]
  console.log(`\n${cloud}: seconds to sshd, to the end of final, CPU seconds, peak MiB, metadata requests, MiB on disk`)
  console.log(
    `(medians of ${rounds()}; sshd of each: ${costs.map((each) => each.map(({ sshd }) => sshd.toFixed(1)).join(' ')).join(' | ')})`,
  )
  console.log(line('no tool', none))
  console.log(line('cloud-init 22.4.2', theirs))
  console.log(line('firstlight', ours))
  const added = (what: 'sshd' | 'cpu' | 'memory' | 'disk'): string =>
    ((ours[what] - none[what]) / (theirs[what] - none[what])).toFixed(2)
  const ratios = (['sshd', 'cpu', 'memory', 'disk'] as const).map((what) => `${what} ${added(what)}`)
  console.log(`added by firstlight / added by cloud-init: ${ratios.join(', ')}`)
  const final = (ours.final ?? Number.NaN) / (theirs.final ?? Number.NaN)
  console.log(`firstlight / cloud-init: final ${final.toFixed(2)}, requests ${ours.requests}/${theirs.requests}`)
}

/** An odd number makes a median one of the figures. */
const rounds = (): number => Number(valuesOf(words, '--rounds')[0] ?? 3)

const chosen = (): BenchCloud[] => {
  const named = valuesOf(words, '--cloud')
  return benchClouds.filter((name) => named.length === 0 || named.includes(name))
}

const steps: Readonly<Record<string, () => Promise<number> | number>> = {
  images: () => {
    if (!existsSync(keyFile)) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', keyFile])
    for (const variant of variants()) imageOf(variant)
    return 0
  },
  boots: async () => {
    for (const cloud of chosen()) await compare(cloud)
    return 0
  },
}
const enter = (): number => {
  buildBase()
  return runStep('images', ['mount']) || runStep('boots', ['mount', 'net'])
}
process.exitCode = await (steps[currentStep() ?? ''] ?? enter)()
