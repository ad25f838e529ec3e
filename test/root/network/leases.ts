import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Cloud, layCables } from './cables.ts'
import { attempt, eventually } from './commands.ts'
import type { LeaseOrder, LeaseReport } from './lease-program.ts'
import { makeRoot } from './machine-root.ts'
import type { Place } from './site.ts'
import { cable, dhcp } from './words.ts'

/** DHCP clients that Debian has, and where they are. */
export const dhcpClients = {
  dhclient: ['sbin/dhclient'],
  dhcpcd: ['sbin/dhcpcd'],
  udhcpc: ['sbin/udhcpc'],
  networkd: ['lib/systemd/systemd-networkd'],
} as const
export type DhcpClientName = keyof typeof dhcpClients

/** A machine that is not booted: a root with one DHCP client, and a cable to a cloud. */
interface Room {
  readonly cloud: Cloud
  readonly root: string
  start(order: LeaseOrder): ChildProcess
  ask(order: LeaseOrder): Promise<LeaseReport>
}

/** Sets the stage as process 1 of a namespace of processes, which sees to orphans: $0 the root, then the command. */
const inRoot = `
mount -t proc proc "$0/proc"
mount -t sysfs sysfs "$0/sys"
mount -t tmpfs tmpfs "$0/run"
mount --rbind /dev "$0/dev"
chroot "$0" "$@"
exit $?
`

let number = 0

const withRoom = async (
  client: DhcpClientName,
  { work, layers }: Place,
  dnsmasq: readonly string[],
  use: (room: Room) => Promise<void>,
  addresses?: readonly string[],
): Promise<void> => {
  number += 1
  const label = `l${number}`
  const folder = join(work, label)
  mkdirSync(folder)
  const cloud = await layCables(label, [cable(0, addresses && { addresses })], { kind: 'veth', folder, dnsmasq })
  const root = await makeRoot(folder, { layers, renderer: 'networkd', files: {} })
  for (const [name, paths] of Object.entries(dhcpClients)) {
    if (name !== client) for (const path of paths) rmSync(join(root.folder, path))
  }
  writeFileSync(join(root.folder, 'lease.mjs'), readFileSync(join(work, 'lease.mjs')))
  const wordsOf = (order: LeaseOrder): string[] => [
    ...[`--net=/run/netns/${cloud.desk}`, 'unshare', '--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', inRoot],
    ...[root.folder, '/usr/lib/firstlight/node', '/lease.mjs', JSON.stringify(order)],
  ]
  try {
    await use({
      cloud,
      root: root.folder,
      start: (order) => spawn('nsenter', wordsOf(order), { stdio: 'ignore' }),
      ask: async (order) => {
        const { exitCode, stdout, stderr } = await attempt(['nsenter', ...wordsOf(order)], 90)
        assert.equal(exitCode, 0, stderr)
        return JSON.parse(stdout)
      },
    })
  } finally {
    await cloud.remove()
    await root.remove()
  }
}

const link = 'eth0'

const assertClean = ({ afterwards, processes }: LeaseReport): void => {
  assert.deepEqual(processes, [])
  assert.doesNotMatch(afterwards, /inet |^default|10\.0\.0\./m)
  assert.doesNotMatch(afterwards, /[<,]UP[,>]/)
}

/** Ends the client, once it is running. */
const killClient = (client: DhcpClientName, { cloud }: Room): Promise<void> =>
  eventually(async () => {
    const { stdout } = await attempt(['ip', 'netns', 'pids', cloud.desk])
    const isClient = (pid: string): boolean => {
      // dhcpcd writes `dhcpcd: eth0 [ip4]` there, networkd is called by its whole path.
      const [program = ''] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
      return program.startsWith(client) || program.endsWith(client)
    }
    const running = stdout.split(/\s+/).filter((pid) => pid !== '' && isClient(pid))
    assert.ok(running.length > 0, `${client} does not run`)
    for (const pid of running) process.kill(Number(pid), 'SIGKILL')
  }, 20)

const metadataRoute = 'dhcp-option=121,0.0.0.0/0,10.0.0.1,169.254.169.254/32,10.0.0.1'

/** What must hold of each client: the name of the test, and the test. */
export const leaseTests: Readonly<Record<string, (client: DhcpClientName, place: Place) => Promise<void>>> = {
  'a lease is there for as long as it is needed, its routes, too, and nothing is left': (client, place) =>
    withRoom(client, place, [...dhcp(0), metadataRoute], async ({ ask, root }) => {
      const before = readFileSync(join(root, 'etc/resolv.conf'), 'utf8')
      const report = await ask({ link, timeoutSeconds: 20, work: 'nothing' })
      assert.equal(report.error, undefined)
      const address = report.lease?.['fixed-address'] ?? ''
      assert.match(address, /^10\.0\.0\.(5\d|60)$/)
      assert.ok(report.meanwhile?.includes(`inet ${address}/24`), report.meanwhile)
      assert.match(report.meanwhile ?? '', /default via 10\.0\.0\.1 dev eth0/)
      assert.match(report.meanwhile ?? '', /169\.254\.169\.254 via 10\.0\.0\.1 dev eth0/)
      assertClean(report)
      assert.equal(readFileSync(join(root, 'etc/resolv.conf'), 'utf8'), before)
    }),
  'nothing is left when the work with it fails': (client, place) =>
    withRoom(client, place, dhcp(0), async ({ ask }) => {
      const report = await ask({ link, timeoutSeconds: 20, work: 'throw' })
      assert.match(report.error ?? '', /the work failed/)
      assertClean(report)
    }),
  'a server that is silent is given up in time, and nothing is left': (client, place) =>
    withRoom(client, place, [], async ({ ask }) => {
      const report = await ask({ link, timeoutSeconds: 3, work: 'nothing' })
      assert.match(report.error ?? '', /no DHCP lease/)
      assert.ok(report.seconds < 30, `it took ${report.seconds} s`)
      assertClean(report)
    }),
  'a client that is killed leaves nothing': (client, place) =>
    withRoom(client, place, [], async (room) => {
      const asking = room.ask({ link, timeoutSeconds: 40, work: 'nothing' })
      await killClient(client, room)
      const report = await asking
      assert.match(report.error ?? '', /no DHCP lease/)
      assert.ok(report.seconds < 35, `it took ${report.seconds} s`)
      assertClean(report)
    }),
  'where there is IPv6 alone, it is there soon, and nothing is left': (client, place) =>
    withRoom(
      client,
      place,
      ['enable-ra', 'dhcp-range=::,constructor:port0,ra-only'],
      async ({ ask }) => {
        const report = await ask({ link, timeoutSeconds: 20, work: 'nothing', orIpv6: true })
        assert.equal(report.error, undefined)
        assert.deepEqual(report.families, [6])
        assert.match(report.meanwhile ?? '', /inet6 2001:db8:.*scope global/)
        assert.match(report.meanwhile ?? '', /default via fe80:.* dev eth0/)
        assert.ok(report.seconds < 40, `it took ${report.seconds} s`)
        assert.doesNotMatch(report.afterwards, /inet6/)
        assertClean(report)
      },
      ['2001:db8::1/64'],
    ),
  'who is killed while it has a lease leaves nothing that hinders the next': (client, place) =>
    withRoom(client, place, dhcp(0), async ({ start, ask, cloud }) => {
      const child = start({ link, timeoutSeconds: 20, work: 'stay' })
      await eventually(async () => {
        const { stdout } = await attempt(['ip', '-n', cloud.desk, 'addr', 'show', 'dev', link])
        assert.match(stdout, /inet 10\.0\.0\./)
        const routes = await attempt(['ip', '-n', cloud.desk, 'route'])
        assert.match(routes.stdout, /default/)
      }, 30)
      child.kill('SIGKILL')
      const report = await ask({ link, timeoutSeconds: 20, work: 'nothing' })
      assert.equal(report.error, undefined)
      assert.match(report.lease?.['fixed-address'] ?? '', /^10\.0\.0\./)
      assert.deepEqual(report.processes, [])
    }),
}
