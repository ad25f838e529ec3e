import { messageOf } from '../machine/errors.ts'
import type { Machine } from '../machine/machine.ts'
import { inOrder } from './affected-links.ts'
import { changedStanzas } from './eni-stanzas.ts'
import type { Link, NetworkModel } from './model.ts'
import { netplanBackend } from './netplan-backend.ts'
import type { RenderedFile } from './render/renderer.ts'

/** What was rendered, and for which of its links a tool is to act. */
interface Activation {
  readonly model: NetworkModel
  /** Only these come up, the others stay as they are; undefined: the whole configuration is taken up. */
  readonly links?: readonly Link[]
}

/** Longest time for one command. A client may wait a minute for a lease. Seconds. */
const commandSeconds = 120

/** Runs one command of a tool; a failure is reported and does not stop the others. */
const attempt = async (machine: Machine, argv: readonly string[]): Promise<void> => {
  try {
    await machine.run(argv, { timeoutSeconds: commandSeconds })
  } catch (error) {
    machine.log.warning(`the network could not be brought up: ${messageOf(error)}`)
  }
}

/** The same where a failure has a way out, so that nobody has to read of it. */
const succeeds = async (machine: Machine, argv: readonly string[]): Promise<boolean> => {
  try {
    await machine.run(argv, { timeoutSeconds: commandSeconds })
    return true
  } catch (error) {
    machine.log.debug(messageOf(error))
    return false
  }
}

/** What a command that only asks prints; nothing when it fails. */
const answerOf = async (machine: Machine, argv: readonly string[]): Promise<string> => {
  try {
    return (await machine.ask(argv, { timeoutSeconds: 10 })).stdout.trim()
  } catch {
    return ''
  }
}

/**
 * Lets `write` change the files. ifupdown takes a link down by the words that it was brought up with, and does nothing
 * for a link that is up already: so those whose words will be others go down before, and come up again when nothing could
 * be written. The other tools compare for themselves.
 * @param isMeant other links are left alone
 */
export const withLinksDown = async <T>(
  machine: Machine,
  renderer: string,
  files: readonly RenderedFile[],
  write: () => Promise<T>,
  isMeant: (name: string) => boolean = () => true,
): Promise<T> => {
  if (renderer !== 'eni') return write()
  const changed = new Set(
    files.flatMap(({ path, content }) =>
      path.startsWith('/etc/network/') ? changedStanzas(machine.files.readTextIfExists(path) ?? '', content) : [],
    ),
  )
  const configured = changed.size === 0 ? [] : await configuredByIfupdown(machine)
  const names = configured.filter((name) => name !== 'lo' && changed.has(name) && isMeant(name))
  for (const name of names) await attempt(machine, ['ifdown', '--force', name])
  try {
    return await write()
  } catch (error) {
    for (const name of names) await attempt(machine, ['ifup', name])
    throw error
  }
}

/** The links that ifupdown has brought up, by its own notes: `eth0=eth0` a line. */
const configuredByIfupdown = async (machine: Machine): Promise<string[]> => {
  if (machine.which('ifquery') === undefined) return []
  const state = await answerOf(machine, ['ifquery', '--state'])
  return state.split('\n').flatMap((line) => /^([^\s=]+)=/.exec(line)?.[1] ?? [])
}

/**
 * Makes a running machine take up what was rendered, by the tool that belongs to the renderer. Each command has a limit;
 * one that fails is reported and does not stop the others.
 * @param links only these come up, the others stay as they are; without it, the whole configuration is taken up
 */
export const activateNetwork = async (
  machine: Machine,
  renderer: string,
  model: NetworkModel,
  links?: readonly Link[],
): Promise<void> => activators[renderer]?.(machine, { model, ...(links && { links }) })

type Activator = (machine: Machine, activation: Activation) => Promise<void>

/** The links that are to come up: not those that somebody brings up by hand. */
const linksOf = ({ model, links }: Activation): Link[] =>
  inOrder(links ?? model.links).filter(
    ({ type, subnets }) =>
      type !== 'loopback' && (subnets.length === 0 || subnets.some(({ control }) => control !== 'manual')),
  )

const networkd: Activator = async (machine, { links }) => {
  if (links !== undefined && (await reloadNetworkd(machine))) return
  await attempt(machine, ['systemctl', 'restart', 'systemd-networkd'])
  if ((await answerOf(machine, ['systemctl', 'is-active', 'systemd-resolved'])) === 'active')
    await attempt(machine, ['systemctl', 'restart', 'systemd-resolved'])
}

/** Only links whose files have changed are configured anew. systemd 244 and later. */
const reloadNetworkd = (machine: Machine): Promise<boolean> => succeeds(machine, ['networkctl', 'reload'])

/** netplan has only `apply`, which also looks at all other links; what it generated can be taken up link by link. */
const netplan: Activator = async (machine, activation) => {
  const { links } = activation
  const backend = links === undefined || links.length === 0 ? undefined : netplanBackend(machine)
  if (backend === 'networkd' && (await reloadNetworkd(machine))) return
  if (backend === 'network-manager') {
    const ids = linksOf(activation).map(({ id }) => `netplan-${id}`)
    return upByNetworkManager(machine, ids)
  }
  await attempt(machine, ['netplan', 'apply'])
}

const networkManager: Activator = (machine, activation) =>
  upByNetworkManager(
    machine,
    linksOf(activation).map(({ name }) => `cloud-init ${name}`),
  )

const upByNetworkManager = async (machine: Machine, ids: readonly string[]): Promise<void> => {
  if ((await answerOf(machine, ['nmcli', '--terse', '--fields', 'RUNNING', 'general'])) !== 'running') {
    machine.log.debug('NetworkManager does not run: it will read the files when it starts')
    return
  }
  await attempt(machine, ['nmcli', 'connection', 'reload'])
  for (const id of ids) await attempt(machine, ['nmcli', '--wait', '60', 'connection', 'up', 'id', id])
}

const eni: Activator = async (machine, activation) => {
  for (const { name } of linksOf(activation)) await attempt(machine, ['ifup', name])
}

/** RHEL's network-scripts, where they are, else NetworkManager, which reads the same files; SUSE's wicked. */
const sysconfig: Activator = async (machine, activation) => {
  const names = linksOf(activation).map(({ name }) => name)
  if (machine.which('wicked') !== undefined) {
    await attempt(machine, ['wicked', 'ifreload', ...(activation.links === undefined ? ['all'] : names)])
    return
  }
  if (machine.which('ifup') !== undefined || machine.which('nmcli') === undefined) {
    for (const name of names) await attempt(machine, ['ifup', name])
    return
  }
  for (const name of names) {
    const file = `/etc/sysconfig/network-scripts/ifcfg-${name}`
    await attempt(machine, ['nmcli', 'connection', 'load', file])
    await attempt(machine, ['nmcli', '--wait', '60', 'connection', 'up', 'filename', file])
  }
}

const activators: Readonly<Record<string, Activator>> = {
  netplan,
  networkd,
  'network-manager': networkManager,
  eni,
  sysconfig,
}

/** Interfaces are gone: before their files go, ifupdown and its like let go of what they keep running for them. */
export const releaseLinks = async (machine: Machine, renderer: string, names: readonly string[]): Promise<void> => {
  if (renderer === 'eni' && names.length > 0) {
    const configured = await configuredByIfupdown(machine)
    for (const name of names.filter((gone) => configured.includes(gone)))
      await succeeds(machine, ['ifdown', '--force', name])
  }
  if (renderer === 'sysconfig' && machine.which('wicked') !== undefined) {
    for (const name of names) await succeeds(machine, ['wicked', 'ifdown', name])
  }
}

/** Interfaces are gone, and so are their files: the tools forget them. Links that are there stay as they are. */
export const forgetLinks = async (machine: Machine, renderer: string): Promise<void> => {
  const backend = renderer === 'netplan' ? netplanBackend(machine) : renderer
  if (backend === 'networkd') await succeeds(machine, ['networkctl', 'reload'])
  if (backend === 'network-manager' || (renderer === 'sysconfig' && machine.which('nmcli') !== undefined))
    await succeeds(machine, ['nmcli', 'connection', 'reload'])
}
