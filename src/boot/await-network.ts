import type { CachedInstance } from '../instance/instance-cache.ts'
import { textOfBytes } from '../machine/bytes.ts'
import { messageOf } from '../machine/errors.ts'
import { isJsonObject, type Json, type JsonObject, objectAt } from '../machine/json.ts'
import type { Machine } from '../machine/machine.ts'
import type { Boot } from './boot.ts'
import { loadDatasource } from './find-instance.ts'
import { parseModuleEntry } from './module-list.ts'
import { hasRun, moduleMark } from './semaphores.ts'

/**
 * The network stage begins at once, beside the tools that bring the network up. Whoever needs the network waits for it
 * here; most first boots need it later only (packages, keys of others: the config stage comes after
 * network-online.target), and so sshd is up sooner.
 */

/** systemd's units that bring the network up or wait for it, by the targets whose part they may be. */
const networkUnits: Readonly<Record<string, readonly string[]>> = {
  'multi-user.target': ['systemd-networkd.service', 'networking.service'],
  'network-online.target': [
    'networking.service',
    'ifupdown-wait-online.service',
    'systemd-networkd-wait-online.service',
    'NetworkManager-wait-online.service',
  ],
}

/** Where units are switched on: by the image, or for this boot (netplan's generator does). */
const unitFolders = ['/etc/systemd/system', '/run/systemd/generator.late']

/** Where the generator says when the network stage comes (config/systemd/cloud-init-generator). */
const orderFile = '/run/systemd/generator.early/cloud-init-network.service.d/order.conf'

const switchedOn = ({ files }: Machine): string[] => {
  const units = Object.entries(networkUnits).flatMap(([target, names]) =>
    names.filter((name) => unitFolders.some((folder) => files.exists(`${folder}/${target}.wants/${name}`))),
  )
  // NetworkManager comes after sysinit.target: a stage that comes before would wait for what waits for it.
  const isBeforeServices = files.readTextIfExists(orderFile)?.includes('Before=sysinit.target') === true
  return [...new Set(units)].filter((name) => !isBeforeServices || !name.startsWith('NetworkManager'))
}

/** More than the units' own limits (120 s and 60 s). Seconds. */
const limitSeconds = 150

/** Waits until systemd says that the network is online, in the way and for the time that the image has set. */
export const awaitNetwork = async ({ machine }: Boot, reason: string): Promise<void> => {
  if (!machine.files.exists('/run/systemd/system')) return
  const units = switchedOn(machine)
  if (units.length === 0) return
  const start = machine.clock.monotonic()
  try {
    await machine.ask(['systemctl', 'start', ...units], { timeoutSeconds: limitSeconds })
    const seconds = ((machine.clock.monotonic() - start) / 1000).toFixed(3)
    machine.log.debug(`waited ${seconds} s for the network, because ${reason}`)
  } catch (error) {
    machine.log.warning(`the network is not online, and is needed because ${reason}: ${messageOf(error)}`)
  }
}

/** User-data that is taken apart without fetching anything, by its first line. */
const localUserData = /^(?:## *template: *jinja\r?\n)?#(?:cloud-config[ \t]*\r?\n|!)/

/** Why taking user-data apart may need the network; undefined: it does not. */
export const whyUserDataNeedsNetwork = ({ data }: CachedInstance): string | undefined => {
  const isLocal = (document: Uint8Array | Json | undefined): boolean => {
    if (document === undefined || document === null) return true
    if (document instanceof Uint8Array) return document.length === 0 || localUserData.test(textOfBytes(document))
    return typeof document === 'string' && (document === '' || localUserData.test(document))
  }
  if (!isLocal(data.userData)) return 'user-data may have to be fetched'
  return isLocal(data.vendorData) && isLocal(data.vendorData2) ? undefined : 'vendor-data may have to be fetched'
}

const isFilled = (value: Json | undefined): boolean =>
  Array.isArray(value) ? value.length > 0 : isJsonObject(value) ? Object.keys(value).length > 0 : Boolean(value)

const objectsAt = (config: JsonObject, key: string): JsonObject[] => {
  const value = config[key]
  return (Array.isArray(value) ? value : []).filter(isJsonObject)
}

const never = (): undefined => undefined

/** What makes a module of this stage reach for the network, by its id; modules that are not named here may always. */
const needs: Readonly<Record<string, (config: JsonObject) => string | undefined>> = {
  seed_random: (config) =>
    isFilled(objectAt(config, 'random_seed')['command']) ? 'random_seed.command may use it' : undefined,
  bootcmd: (config) => (isFilled(config['bootcmd']) ? 'bootcmd may use it' : undefined),
  write_files: (config) =>
    objectsAt(config, 'write_files').some((file) => isFilled(file['source'])) ? 'write_files has a source' : undefined,
  growpart: never,
  resizefs: never,
  disk_setup: never,
  mounts: (config) => (isFilled(config['mounts']) ? 'mounts may use it' : undefined),
  set_hostname: never,
  update_hostname: never,
  update_etc_hosts: never,
  resolv_conf: never,
  ca_certs: never,
  rsyslog: never,
  users_groups: (config) =>
    objectsAt(config, 'users').some((user) => isFilled(user['snapuser'])) ? 'users has a snapuser' : undefined,
  ssh: never,
  set_passwords: never,
}

/**
 * Why the modules of the network stage may need the network; undefined: they do not. What has run for this instance does
 * not run again, and needs nothing.
 */
export const whyModulesNeedNetwork = async (
  { machine, paths }: Boot,
  { datasource }: CachedInstance,
  config: JsonObject,
): Promise<string | undefined> => {
  const list = config['cloud_init_modules']
  const entries = (Array.isArray(list) ? list : []).flatMap((entry) => parseModuleEntry(entry) ?? [])
  const waiting = entries
    .filter(({ id, frequency = 'instance' }) => !hasRun(machine, paths, moduleMark(id), frequency))
    .map(({ id }) => id)
  for (const id of waiting) {
    const need = Object.hasOwn(needs, id) ? needs[id] : undefined
    const reason = need ? need(config) : `the module ${id} may use it`
    if (reason !== undefined) return reason
  }
  const publishes = waiting.includes('ssh') && objectAt(config, 'ssh_publish_hostkeys')['enabled'] !== false
  return publishes && (await loadDatasource(datasource))?.publishHostKeys ? 'host keys are published' : undefined
}
