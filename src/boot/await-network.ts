import type { CachedInstance } from '../instance/instance-cache.ts'
import { textOfBytes } from '../machine/bytes.ts'
import { messageOf } from '../machine/errors.ts'
import { isJsonObject, type Json, type JsonObject, objectAt } from '../machine/json.ts'
import type { Boot } from './boot.ts'
import { loadDatasource } from './find-instance.ts'
import { parseModuleEntry } from './module-list.ts'

/**
 * The network stage begins as soon as the network's tools have been started. Whoever needs the network itself waits for
 * it here; most first boots need it later only (packages, keys of others: the config stage comes after
 * network-online.target), and so sshd is up sooner.
 */

/** systemd's units that wait for the network, where they are part of the boot. */
const waitingUnits = ['systemd-networkd-wait-online.service', 'NetworkManager-wait-online.service']

/** More than the units' own limits (120 s and 60 s). Seconds. */
const limitSeconds = 150

/** Waits until systemd says that the network is online, in the way and for the time that the image has set. */
export const awaitNetwork = async ({ machine }: Boot, reason: string): Promise<void> => {
  const { files } = machine
  if (!files.exists('/run/systemd/system')) return
  const units = waitingUnits.filter((unit) => files.exists(`/etc/systemd/system/network-online.target.wants/${unit}`))
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

/** Modules of this stage that reach for the network only when the configuration below says so. */
const localModules = new Set([
  'seed_random',
  'bootcmd',
  'write_files',
  'growpart',
  'resizefs',
  'disk_setup',
  'mounts',
  'set_hostname',
  'update_hostname',
  'update_etc_hosts',
  'resolv_conf',
  'ca_certs',
  'rsyslog',
  'users_groups',
  'ssh',
  'set_passwords',
])

const isFilled = (value: Json | undefined): boolean =>
  Array.isArray(value) ? value.length > 0 : isJsonObject(value) ? Object.keys(value).length > 0 : Boolean(value)

const objectsAt = (config: JsonObject, key: string): JsonObject[] => {
  const value = config[key]
  return (Array.isArray(value) ? value : []).filter(isJsonObject)
}

/** Why the modules of the network stage may need the network; undefined: they do not. */
export const whyModulesNeedNetwork = async (
  { datasource }: CachedInstance,
  config: JsonObject,
): Promise<string | undefined> => {
  const list = config['cloud_init_modules']
  const ids = (Array.isArray(list) ? list : []).flatMap((entry) => parseModuleEntry(entry)?.id ?? [])
  const other = ids.find((id) => !localModules.has(id))
  if (other !== undefined) return `the module ${other} may use it`
  for (const key of ['bootcmd', 'mounts']) {
    if (isFilled(config[key])) return `${key} may use it`
  }
  if (isFilled(objectAt(config, 'random_seed')['command'])) return 'random_seed.command may use it'
  if (objectsAt(config, 'write_files').some((file) => isFilled(file['source']))) return 'write_files has a source'
  if (isFilled(config['snap']) || objectsAt(config, 'users').some((user) => isFilled(user['snapuser'])))
    return 'users has a snapuser'
  const publishes = objectAt(config, 'ssh_publish_hostkeys')['enabled'] !== false
  if (publishes && (await loadDatasource(datasource))?.publishHostKeys) return 'host keys are published'
  return undefined
}
