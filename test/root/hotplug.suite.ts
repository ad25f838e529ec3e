/**
 * Hotplug for real: machines in containers, booted by systemd with firstlight's own units, that get network interfaces
 * while they run, and lose them. No event of the kernel reaches udev in a container: the hook is called as udev would.
 */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { eventually } from './network/commands.ts'
import { buildNetworkRoot, installFirstlight, type Renderer } from './network/machine-root.ts'
import { assertBecomes, type Scenario, type Site } from './network/scenario.ts'
import { play } from './network/site.ts'
import { enterStage, isOnStage, reasonToSkip } from './network/stage.ts'

const limitSeconds = 240
const renderers: readonly Renderer[] = ['networkd', 'netplan', 'eni', 'network-manager']
const atATime = 2

const macs: Readonly<Record<string, string>> = {
  ens1: '02:00:00:00:02:01',
  ens7: '02:00:00:00:02:07',
  ens8: '02:00:00:00:02:08',
  ens9: '02:00:00:00:02:09',
}
const addresses: Readonly<Record<string, string>> = { ens1: '10.77.1.2', ens7: '10.77.7.2', ens8: '10.77.8.2' }

/**
 * ens9 gets its address by DHCP, the others theirs by the document. Nobody waits for a router that will not speak. netplan
 * looks at the address that is burned in, which cables have none: it goes by the name.
 */
const networkOf = (renderer: Renderer, ...names: readonly string[]): string =>
  JSON.stringify({
    version: 2,
    ethernets: Object.fromEntries(
      names.map((name) => {
        const match = renderer === 'netplan' ? {} : { match: { macaddress: macs[name] ?? '' }, 'set-name': name }
        return [
          name,
          {
            ...match,
            'accept-ra': false,
            ...(name === 'ens9' ? { dhcp4: true } : { addresses: [`${addresses[name]}/24`] }),
          },
        ]
      }),
    ),
  })

/** A process that has the machine's network namespace, as the host counts processes. */
const processIn = async (site: Site): Promise<string> => {
  const namespace = (await site.machine().run('readlink', '/proc/self/ns/net')).trim()
  const isThere = (pid: string): boolean => {
    try {
      return readlinkSync(`/proc/${pid}/ns/net`) === namespace
    } catch {
      return false
    }
  }
  return readdirSync('/proc').find((name) => /^\d+$/.test(name) && isThere(name)) ?? ''
}

/** The cloud attaches an interface to the running machine. */
const attach = async (site: Site, name: string): Promise<void> => {
  const peer = ['peer', 'name', name, 'address', macs[name] ?? '', 'netns', await processIn(site)]
  const steps = [
    ['link', 'add', `port-${name}`, 'type', 'veth', ...peer],
    ['addr', 'add', '10.77.9.1/24', 'dev', `port-${name}`],
    ['link', 'set', `port-${name}`, 'up'],
  ]
  for (const words of steps) {
    const { exitCode, stderr } = await site.cloud.attempt('ip', ...words)
    assert.equal(exitCode, 0, stderr)
  }
}
const detach = async (site: Site, name: string): Promise<void> => {
  await site.cloud.attempt('ip', 'link', 'del', `port-${name}`)
}

/** As udev calls it, with the environment that udev gives. */
const callHook = (site: Site, action: string, name: string): Promise<string> => {
  const event = [`ACTION=${action}`, `DEVPATH=/devices/virtual/net/${name}`, `INTERFACE=${name}`, 'SUBSYSTEM=net']
  return site.machine().run('env', '-i', ...event, '/usr/lib/cloud-init/hook-hotplug')
}

const listInMetadata = (site: Site, ...names: readonly string[]): void =>
  writeFileSync(join(site.root, 'var/lib/cloud/seed/nocloud/network-config'), networkOf(site.renderer, ...names))

interface ShownLink {
  readonly ifname: string
  readonly addr_info: readonly { readonly family: string; readonly local: string }[]
}

/** IPv4 addresses by interface, those of `ens*` alone. */
const addressesOf = async (site: Site): Promise<Record<string, string[]>> => {
  const links: ShownLink[] = JSON.parse(await site.machine().run('ip', '-json', 'addr'))
  const own = links.filter(({ ifname }) => ifname.startsWith('ens'))
  return Object.fromEntries(
    own.map(({ ifname, addr_info: all }) => [
      ifname,
      all.filter(({ family }) => family === 'inet').map(({ local }) => local),
    ]),
  )
}

const service = 'cloud-init-hotplugd.service'
const stateOf = async (site: Site): Promise<string> =>
  (await site.machine().attempt('systemctl', 'is-active', service)).stdout.trim()
const assertIdle = (site: Site): Promise<void> => assertBecomes(() => stateOf(site), 'inactive', 40)

const count = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0

const check = async (site: Site): Promise<void> => {
  const machine = site.machine()
  assert.equal(await machine.run('firstlight', 'devel', 'hotplug-hook', '-s', 'net', 'query'), 'enabled\n')
  // An address that nobody configured is gone when somebody touches the link.
  await machine.run('ip', 'addr', 'add', '10.77.1.99/32', 'dev', 'ens1')
  const first = { ens1: ['10.77.1.2', '10.77.1.99'] }

  await attach(site, 'ens9')
  await callHook(site, 'add', 'ens9')
  await eventually(() => assert.match(site.log(), /ens9 \S+ has to wait: NoCloud does not list it/))
  listInMetadata(site, 'ens1', 'ens9')
  await assertIdle(site)
  await assertBecomes(() => addressesOf(site), { ...first, ens9: ['10.77.9.9'] })
  assert.match(site.log(), /hotplug\[INFO\]: ens9: configured as NoCloud says/)
  if (site.renderer === 'eni') assert.match(await machine.run('ps', '-eo', 'args'), /dhclient.* ens9/)

  // Two at once, and one that nobody will ever speak of: one process deals with all.
  const processes = count(site.log(), /hotplug\[INFO\]: ens. was added/g)
  for (const name of ['ens7', 'ens8']) await attach(site, name)
  listInMetadata(site, 'ens1', 'ens9', 'ens8', 'ens7')
  for (const name of ['ens7', 'ens8']) await callHook(site, 'add', name)
  await assertIdle(site)
  assert.equal(count(site.log(), /hotplug\[INFO\]: ens. was added/g), processes + 2)
  const all = { ...first, ens7: ['10.77.7.2'], ens8: ['10.77.8.2'], ens9: ['10.77.9.9'] }
  await assertBecomes(() => addressesOf(site), all)

  // The cloud still lists the one that goes.
  await detach(site, 'ens8')
  await callHook(site, 'remove', 'ens8')
  await assertIdle(site)
  await eventually(() => assert.match(site.log(), /hotplug\[INFO\]: ens8: its configuration is gone/))
  const { ens8: _gone, ...left } = all
  await assertBecomes(() => addressesOf(site), left)
  const found = 'grep -rl ens8 /etc/netplan /etc/systemd/network /etc/network /etc/NetworkManager/system-connections'
  const run = '/run/systemd/network /run/NetworkManager/system-connections /run/network/ifstate'
  assert.equal((await machine.attempt('sh', '-c', `${found} ${run}`)).stdout, '')

  if (process.env['HOTPLUG_LOG']) console.log(site.log())
  assert.equal(await machine.run('firstlight', 'status'), 'status: done\n')
  assert.equal((await machine.attempt('systemctl', 'is-active', 'cloud-init-hotplugd.socket')).stdout, 'active\n')
}

const scenarioFor = (renderer: Renderer): Scenario => ({
  name: 'interfaces come and go',
  on: 'container',
  cables: [{ name: 'ens1', mac: macs['ens1'] ?? '', addresses: ['10.77.1.1/24'] }],
  dnsmasq: ['dhcp-range=10.77.9.9,10.77.9.9,255.255.255.0', 'bind-dynamic', 'dhcp-option=3', 'dhcp-option=6'],
  network: networkOf(renderer, 'ens1'),
  files: { '/etc/cloud/cloud.cfg.d/95-hotplug.cfg': 'updates: {network: {when: [boot-new-instance, hotplug]}}\n' },
  check,
})

if (isOnStage()) {
  const work = mkdtempSync(join(tmpdir(), 'firstlight-hotplug-suite-'))
  const layer = join(work, 'firstlight')
  mkdirSync(layer)
  installFirstlight(layer)
  const only = process.env['NETWORK_ONLY']
  const place = { work, layers: [layer, buildNetworkRoot()] }
  await test('hotplug', { concurrency: atATime }, async (context) => {
    const wanted = renderers.filter((renderer) => only === undefined || only.split(',').includes(renderer))
    await Promise.all(
      wanted.map((renderer) =>
        context.test(renderer, async () => {
          await play(scenarioFor(renderer), renderer, place)
        }),
      ),
    )
  })
  rmSync(work, { recursive: true, force: true })
} else {
  const skip = reasonToSkip()
  if (skip) console.log(`hotplug: skipped: ${skip}`)
  test('interfaces that come and go are configured', { skip }, () => {
    buildNetworkRoot()
    assert.equal(enterStage(import.meta.filename, limitSeconds), 0)
  })
}
