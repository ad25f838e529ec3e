import { chmodSync, existsSync, mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { defaultDatasources } from '../platform/detect/index.ts'
import type { SimulatedCloud } from './cloud.ts'
import type { InsideOrders } from './inside.ts'
import { factCommands, factScripts, shimmedCommands, shimScript } from './shims.ts'

/** What a sandbox shows of the cloud: a made-up /sys, the kernel command line, disks, stand-in commands, a little config. */

/** Files that the machine has besides its own: absolute path -> content. */
export type AddedFiles = Readonly<Record<string, string>>

const searchPath = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']

const put = (path: string, content: string | Uint8Array, mode = 0o644): void => {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content, { mode })
  chmodSync(path, mode)
}

/** Everywhere a command is installed; its folder's real path, as the layers are laid over real folders. */
export const placesOf = (command: string): string[] => {
  const found = searchPath.filter((folder) => existsSync(join(folder, command)))
  return [...new Set(found.map((folder) => join(realpathSync(folder), command)))]
}

/** Without root nobody inside could read this machine's password files; these are the same users without passwords. */
const shadowFiles = (): [string, string][] => {
  const names = (file: string): string[] =>
    readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line) => (line.includes(':') ? (line.split(':')[0] ?? []) : []))
  return [
    [
      '/etc/shadow',
      names('/etc/passwd')
        .map((name) => `${name}:*:20000:0:99999:7:::\n`)
        .join(''),
    ],
    [
      '/etc/gshadow',
      names('/etc/group')
        .map((name) => `${name}:*::\n`)
        .join(''),
    ],
  ]
}

/** Files of the layer that lies over this machine's: path on the machine -> content and mode. */
const shimFiles = (cloud: SimulatedCloud, added: AddedFiles): Map<string, { content: string; mode: number }> => {
  const files = new Map(Object.entries(added).map(([path, content]) => [path, { content, mode: 0o644 }]))
  for (const command of shimmedCommands) {
    for (const place of placesOf(command)) files.set(place, { content: shimScript, mode: 0o755 })
  }
  const scripts = factScripts({
    virtualisation: cloud.virtualisation,
    disks: cloud.disks ?? [],
    links: cloud.links,
    leaseOptions: cloud.leaseOptions ?? {},
  })
  for (const [command, script] of Object.entries(scripts)) {
    const usual = factCommands[command] ?? `/usr/bin/${command}`
    const place = join(realpathSync(dirname(usual)), basename(usual))
    for (const path of new Set([place, ...placesOf(command)])) files.set(path, { content: script, mode: 0o755 })
  }
  if (placesOf('ip').length === 0) files.set('/usr/sbin/ip', { content: shimScript, mode: 0o755 })
  const names = Object.entries(cloud.hosts ?? {}).map(([name, address]) => `${address} ${name}\n`)
  const hosts = existsSync('/etc/hosts') ? readFileSync('/etc/hosts', 'utf8') : '127.0.0.1 localhost\n'
  if (names.length > 0) files.set('/etc/hosts', { content: hosts.replace(/\n?$/, '\n') + names.join(''), mode: 0o644 })
  if (process.getuid?.() !== 0) {
    for (const [path, content] of shadowFiles()) files.set(path, { content, mode: 0o640 })
  }
  // All of them, so that the cloud must be found out as on a real machine, whatever this one is configured for.
  files.set('/etc/cloud/cloud.cfg.d/99-zz-try.cfg', {
    content: `datasource_list: [ ${defaultDatasources.join(', ')}, None ]\nmanual_cache_clean: false\n`,
    mode: 0o644,
  })
  return files
}

const networkFacts = (folder: string, cloud: SimulatedCloud): void => {
  const link = (name: string, facts: Readonly<Record<string, string | number>>): void => {
    for (const [key, value] of Object.entries(facts)) put(`${folder}/class/net/${name}/${key}`, `${value}\n`)
  }
  // As at the beginning of a boot: not up yet.
  const common = { operstate: 'down', addr_assign_type: 0, dev_id: '0x0', flags: '0x1002' }
  link('lo', {
    ...common,
    address: '00:00:00:00:00:00',
    ifindex: 1,
    iflink: 1,
    mtu: 65536,
    type: 772,
    operstate: 'unknown',
    flags: '0x9',
  })
  for (const [position, { name, mac, driver }] of cloud.links.entries()) {
    const ifindex = position + 2
    const uevent = `INTERFACE=${name}\nIFINDEX=${ifindex}`
    link(name, { ...common, address: mac, ifindex, iflink: ifindex, mtu: 1500, type: 1, name_assign_type: 4, uevent })
    mkdirSync(`${folder}/class/net/${name}/device`, { recursive: true })
    mkdirSync(`${folder}/bus/virtual/drivers/${driver}`, { recursive: true })
    symlinkSync(`../../../../bus/virtual/drivers/${driver}`, `${folder}/class/net/${name}/device/driver`)
  }
}

/** A /sys with nothing of this machine in it: the cloud's DMI fields and network links, and no disks. */
const systemFacts = (folder: string, cloud: SimulatedCloud): void => {
  for (const [field, value] of Object.entries(cloud.dmi)) put(`${folder}/class/dmi/id/${field}`, `${value}\n`, 0o444)
  networkFacts(folder, cloud)
  mkdirSync(`${folder}/class/block`, { recursive: true })
  mkdirSync(`${folder}/block`, { recursive: true })
  for (const { device, type } of cloud.disks ?? []) {
    put(`${folder}/class/block/${basename(device)}/size`, type === 'iso9660' || type === 'udf' ? '2048\n' : '131072\n')
  }
}

/** Folders (with all above them) in which the shim layer has something. */
export const shimFolders = (cloud: SimulatedCloud, added: AddedFiles): ReadonlySet<string> => {
  const folders = new Set<string>()
  for (const path of shimFiles(cloud, added).keys()) {
    for (let folder = dirname(path); folder !== '/'; folder = dirname(folder)) folders.add(folder)
  }
  return folders
}

/** Writes it all below `base`, in `shim` and `facts`. */
export const writeFacts = (base: string, cloud: SimulatedCloud, orders: InsideOrders, added: AddedFiles): void => {
  for (const [path, { content, mode }] of shimFiles(cloud, added)) put(`${base}/shim${path}`, content, mode)
  systemFacts(`${base}/facts/sys`, cloud)
  put(`${base}/facts/cmdline`, `${cloud.cmdline}\n`)
  for (const [index, disk] of (cloud.disks ?? []).entries()) {
    mkdirSync(`${base}/facts/disk${index}`, { recursive: true })
    for (const [path, content] of Object.entries(disk.files)) put(`${base}/facts/disk${index}/${path}`, content)
  }
  put(`${base}/facts/inside.json`, JSON.stringify(orders), 0o600)
}
