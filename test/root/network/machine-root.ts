import { type ExecFileSyncOptionsWithStringEncoding, execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { run } from './commands.ts'

/** How the machine's network is described, and who brings it up. */
export type Renderer = 'networkd' | 'netplan' | 'eni' | 'network-manager'

const top = join(import.meta.dirname, '../../..')

/** The Debian root with the network tools; built when there is none. */
export const buildNetworkRoot = (): string => {
  const words = [join(top, 'test/root/build-network-root')]
  const options: ExecFileSyncOptionsWithStringEncoding = {
    encoding: 'utf8',
    timeout: 900_000,
    stdio: ['ignore', 'pipe', 'inherit'],
  }
  return execFileSync('bash', words, options).trim().split('\n').at(-1) ?? ''
}

const place = (root: string, path: string, content: string, mode = 0o644): void => {
  const file = join(root, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
  chmodSync(file, mode)
}

const link = (root: string, path: string, target: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  symlinkSync(target, join(root, path))
}

const home = '/usr/lib/firstlight'
const units = '/usr/lib/systemd/system'

/** Lays out what the package installs, of what is built, in an empty folder. Node is mounted into each root. */
export const installFirstlight = (layer: string): void => {
  const read = (path: string): string => readFileSync(join(top, path), 'utf8')
  const launcher = read('dist/firstlight.cjs').replace(/^#!.*/, `#!${home}/node`)
  place(layer, `${home}/firstlight.cjs`, launcher, 0o755)
  for (const name of ['engine.cjs', 'engine.cache'])
    copyFileSync(join(top, 'dist', name), join(layer, `${home}/${name}`))
  place(layer, `${home}/node`, '', 0o755)
  place(layer, `${home}/boot-unit`, read('config/systemd/boot-unit'), 0o755)
  for (const path of ['/etc/cloud/cloud.cfg', `${home}/config/cloud.cfg`]) place(layer, path, read('config/cloud.cfg'))
  for (const name of ['firstlight', 'cloud-init']) link(layer, `/usr/bin/${name}`, `../lib/firstlight/firstlight.cjs`)
  for (const name of readdirSync(join(top, 'config/systemd'))) {
    if (/\.(service|target|socket)$/.test(name)) place(layer, `${units}/${name}`, read(`config/systemd/${name}`))
    if (
      /^cloud-.*\.(service|socket)$/.test(name) &&
      read(`config/systemd/${name}`).includes('WantedBy=cloud-init.target')
    )
      link(layer, `/etc/systemd/system/cloud-init.target.wants/${name}`, `${units}/${name}`)
  }
  place(layer, '/usr/lib/cloud-init/hook-hotplug', read('config/package/hook-hotplug'), 0o755)
  const rules = '90-firstlight-hotplug.rules'
  place(layer, `/usr/lib/udev/rules.d/${rules}`, read(`config/package/${rules}`))
  const generator = '/usr/lib/systemd/system-generators/cloud-init-generator'
  place(layer, generator, read('config/systemd/cloud-init-generator'), 0o755)
}

/** Units that the renderer's tool needs, and who wants them. */
const enabled: Readonly<Record<Renderer, Readonly<Record<string, readonly string[]>>>> = {
  networkd: {
    'multi-user.target.wants': ['systemd-networkd.service'],
    'network-online.target.wants': ['systemd-networkd-wait-online.service'],
  },
  netplan: {
    'multi-user.target.wants': ['systemd-networkd.service'],
    'network-online.target.wants': ['systemd-networkd-wait-online.service'],
  },
  eni: { 'multi-user.target.wants': ['networking.service'], 'network-online.target.wants': ['networking.service'] },
  'network-manager': {
    'multi-user.target.wants': ['NetworkManager.service'],
    'network-online.target.wants': ['NetworkManager-wait-online.service'],
  },
}

const configuration = (renderer: Renderer): string => `datasource_list: [NoCloud, None]
system_info: {distro: debian, network: {renderers: [${renderer}]}}
cloud_init_modules: []
cloud_config_modules: []
cloud_final_modules: []
`

/** Of no use here, and slow, above all with a kernel that is a process. */
const masked = [
  'modprobe@configfs.service',
  'modprobe@dm_mod.service',
  'modprobe@drm.service',
  'modprobe@efi_pstore.service',
  'modprobe@fuse.service',
  'modprobe@loop.service',
  'dev-hugepages.mount',
  'dev-mqueue.mount',
  'sys-fs-fuse-connections.mount',
  'sys-kernel-config.mount',
  'sys-kernel-debug.mount',
  'sys-kernel-tracing.mount',
  'proc-sys-fs-binfmt_misc.automount',
  'kmod-static-nodes.service',
  'systemd-modules-load.service',
  'systemd-pstore.service',
  'systemd-random-seed.service',
  'systemd-remount-fs.service',
  'cryptsetup.target',
  'integritysetup.target',
  'veritysetup.target',
  'e2scrub_reap.service',
  'systemd-binfmt.service',
  'systemd-journal-flush.service',
  'systemd-update-utmp.service',
  'systemd-update-utmp-runlevel.service',
  'systemd-logind.service',
  'getty.target',
  'timers.target',
]

const maskedGenerators = ['cryptsetup', 'debug', 'fstab', 'getty', 'gpt-auto', 'hibernate-resume', 'integritysetup']
  .concat(['rc-local', 'run', 'system-update', 'veritysetup'])
  .map((name) => `systemd-${name}-generator`)

/** Nobody here asks for other devices, and a kernel that is a process has hundreds of terminals. */
const onlyNetworkDevices = `[Service]
ExecStart=
ExecStart=udevadm trigger --type=devices --action=add --subsystem-match=net
`

/** A machine's root folder: a copy of the base, for as long as the machine lives. */
export interface MachineRoot {
  readonly folder: string
  remove(): Promise<void>
}

export interface RootOptions {
  /** Folders that make up the root, the uppermost first. */
  readonly layers: readonly string[]
  readonly renderer: Renderer
  /** Path -> content. */
  readonly files: Readonly<Record<string, string>>
}

/** @param place a folder that is not there yet */
export const makeRoot = async (work: string, { layers, renderer, files }: RootOptions): Promise<MachineRoot> => {
  const [upper, scratch, folder] = [join(work, 'upper'), join(work, 'work'), join(work, 'root')]
  for (const path of [upper, scratch, folder]) mkdirSync(path, { recursive: true })
  for (const [wants, names] of Object.entries(enabled[renderer])) {
    for (const name of names) link(upper, `/etc/systemd/system/${wants}/${name}`, `/lib/systemd/system/${name}`)
  }
  for (const name of masked) link(upper, `/etc/systemd/system/${name}`, '/dev/null')
  for (const name of maskedGenerators) link(upper, `/etc/systemd/system-generators/${name}`, '/dev/null')
  place(upper, '/etc/systemd/system/systemd-udev-trigger.service.d/net.conf', onlyNetworkDevices)
  place(upper, '/etc/cloud/cloud.cfg.d/90-test.cfg', configuration(renderer))
  // NetworkManager would ask for leases where nobody wants any, and wait for them.
  if (renderer === 'network-manager')
    place(upper, '/etc/NetworkManager/conf.d/10-test.conf', '[main]\nno-auto-default=*\n')
  if (renderer === 'eni') place(upper, '/etc/network/interfaces', 'source-directory /etc/network/interfaces.d\n')
  for (const [path, content] of Object.entries(files))
    place(upper, path, content, path.includes('bin/') ? 0o755 : 0o644)
  const options = `lowerdir=${layers.join(':')},upperdir=${upper},workdir=${scratch}`
  await run('mount', '-t', 'overlay', 'overlay', '-o', options, folder)
  await run('mount', '--bind', process.execPath, join(folder, `${home}/node`))
  return {
    folder,
    remove: async () => {
      await run('umount', '--recursive', '--lazy', folder)
      execFileSync('rm', ['-rf', '--one-file-system', work])
    },
  }
}
