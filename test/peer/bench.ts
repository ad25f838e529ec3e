/**
 * `npm run bench`: what firstlight costs beside Debian's cloud-init 22.4.2, measured in turn in one run, as ratios.
 * The machine should be idle otherwise.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import Table from 'cli-table3'
import { type Cost, measureInContainer, median } from './container.ts'
import { measureClouds } from './metadata.ts'

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 5)
const dist = join(import.meta.dirname, '../../dist')

const userData = `#cloud-config
hostname: bench
ssh_genkeytypes: [ed25519]
users:
  - name: alice
    groups: [adm]
    shell: /bin/bash
    sudo: "ALL=(ALL) NOPASSWD:ALL"
    ssh_authorized_keys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIItHgFkd4IEkK1vyG515a6mptSOgAAkVyVKMdZZ3WmPU alice]
  - name: bob
    shell: /bin/bash
write_files:
${[1, 2, 3, 4, 5].map((n) => `  - {path: /etc/bench/file-${n}, content: "content ${n}\\n", permissions: '0640'}`).join('\n')}
runcmd:
  - [touch, /run/one]
  - touch /run/two
  - echo three > /run/three
`
const seed = {
  'var/lib/cloud/seed/nocloud/meta-data': 'instance-id: bench-1\nlocal-hostname: bench-meta\n',
  'var/lib/cloud/seed/nocloud/user-data': userData,
  'etc/cloud/cloud.cfg.d/95-bench.cfg': 'datasource_list: [NoCloud, None]\nnetwork: {config: disabled}\n',
}

/** The same outcome as a careful person would script it for this one machine: the floor. */
const script = `#!/bin/sh
set -e
echo bench > /etc/hostname; hostname bench
useradd -m -s /bin/bash -G adm alice; passwd -l alice >/dev/null
useradd -m -s /bin/bash bob; passwd -l bob >/dev/null
echo 'alice ALL=(ALL) NOPASSWD:ALL' > /etc/sudoers.d/90-users; chmod 0440 /etc/sudoers.d/90-users
install -d -m 700 -o alice -g alice /home/alice/.ssh
echo 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIItHgFkd4IEkK1vyG515a6mptSOgAAkVyVKMdZZ3WmPU alice' > /home/alice/.ssh/authorized_keys
chown alice:alice /home/alice/.ssh/authorized_keys; chmod 600 /home/alice/.ssh/authorized_keys
rm -f /etc/ssh/ssh_host_*
ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
mkdir -p /etc/bench
for n in 1 2 3 4 5; do echo "content $n" > /etc/bench/file-$n; chmod 0640 /etc/bench/file-$n; done
touch /run/one; touch /run/two; echo three > /run/three
`

const fourStages = (tool: string): string =>
  ['init --local', 'init', 'modules --mode=config', 'modules --mode=final']
    .map((words) => `${tool} ${words}`)
    .join('; ')

const node = '/usr/local/bin/node /opt/firstlight/firstlight.cjs'
const contenders: readonly { name: string; root: string; command: string }[] = [
  { name: 'cloud-init 22.4.2', root: 'cloud-init', command: fourStages('/usr/bin/cloud-init') },
  { name: 'firstlight boot', root: 'plain', command: `${node} boot` },
  { name: 'firstlight, four processes', root: 'plain', command: fourStages(node) },
  { name: 'shell script (the floor)', root: 'plain', command: 'sh /floor' },
]

const runs = new Map<string, Cost[]>(contenders.map(({ name }) => [name, []]))
for (let round = 0; round < rounds; round += 1) {
  for (const { name, root, command } of contenders) {
    runs.get(name)?.push(measureInContainer(root, command, { ...seed, floor: script }))
  }
}

const middle = (name: string): Cost => {
  const costs = runs.get(name) ?? []
  const of = (pick: (cost: Cost) => number): number => median(costs.map(pick))
  return { wall: of((cost) => cost.wall), cpu: of((cost) => cost.cpu), memory: of((cost) => cost.memory) }
}
const peer = middle('cloud-init 22.4.2')
const ratio = (value: number, base: number): string => `${value.toFixed(2)} (${(value / base).toFixed(2)})`

console.log(
  `The whole run, four stages: 2 users, 5 files, 3 commands, a host name. Median of ${rounds}; ratio to cloud-init.`,
)
const whole = new Table({ head: ['', 'wall s', 'CPU s', 'peak MB'], style: { head: [], border: [] } })
for (const { name } of contenders) {
  const { wall, cpu, memory } = middle(name)
  whole.push([name, ratio(wall, peer.wall), ratio(cpu, peer.cpu), ratio(memory / 1024, peer.memory / 1024)])
}
console.log(whole.toString())

const startUp = (words: readonly string[]): number => {
  const times = Array.from({ length: 15 }, () => {
    const started = performance.now()
    spawnSync(process.execPath, words, { stdio: 'ignore' })
    return performance.now() - started
  })
  return median(times)
}
const bare = startUp(['-e', '0'])
const version = startUp([join(dist, 'firstlight.cjs'), '--version'])
console.log(
  `Start-up: node -e 0 ${bare.toFixed(0)} ms, firstlight --version ${version.toFixed(0)} ms (+${(version - bare).toFixed(0)} ms)`,
)

console.log('\nReading metadata, the service answering after 20 ms:')
const clouds = new Table({
  head: ['cloud', 'requests', 'longest chain', 'metadata there after ms'],
  style: { head: [], border: [] },
})
for (const { cloud, requests, chain, milliseconds } of await measureClouds()) {
  clouds.push([cloud, requests, chain, milliseconds.toFixed(0)])
}
console.log(clouds.toString())
