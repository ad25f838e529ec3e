import { networkEvents } from '../cloudconfig/update-events.ts'
import { type CachedInstance, readCachedInstance, writeCachedInstance } from '../instance/instance-cache.ts'
import { instanceFolder } from '../instance/paths.ts'
import { messageOf } from '../machine/errors.ts'
import { isJsonObject, type JsonObject } from '../machine/json.ts'
import type { Machine } from '../machine/machine.ts'
import { type ApplyOptions, applyNames, applyNetwork } from '../network/apply.ts'
import { chooseNetwork } from '../network/choose-source.ts'
import { fallbackNetwork } from '../network/fallback.ts'
import { bootMacOf, initramfsWasAsked, networkFromCmdline, networkFromInitramfs } from '../network/from-cmdline.ts'
import type { Boot } from './boot.ts'
import { effectiveConfig } from './effective-config.ts'
import { datasourceContext, loadDatasource } from './find-instance.ts'
import { isNewInstance } from './load-instance.ts'

/** What the instance's network was configured from, for people to read. */
const noteName = 'network-config.json'

/**
 * Configures the network: for a new instance, and at every boot where `updates` asks for it. The first source that says
 * something is used: kernel command line, initramfs, configuration of the image, datasource, and DHCP when nobody does.
 *
 * A configuration that can't be used changes nothing; a new machine then gets DHCP, so that it can be reached.
 * @returns a line for what could not be used
 */
export const configureNetwork = async (
  boot: Boot,
  known: CachedInstance | undefined,
  { bringsUp }: { readonly bringsUp: boolean },
): Promise<string[]> => {
  const machine = boot.machine.as('network')
  if (machine.files.exists(`${boot.paths.cloud}/data/upgraded-network`)) {
    machine.log.debug('the network is configured by what was there before an upgrade')
    return []
  }
  if (known === undefined && readCachedInstance(machine, boot.paths) !== undefined) {
    machine.log.debug('the network stays as the last boot left it until a datasource answers')
    return []
  }
  const isNew = known === undefined || isNewInstance(boot, known.data.instanceId)
  if (!isNew && !(await isAskedAtBoot(boot, known))) {
    if (!bringsUp) await keepNames(boot, known)
    machine.log.debug(
      'the network was configured when this instance was new; updates.network.when does not ask for more',
    )
    return []
  }
  const cached = known && (isNew ? known : await askAgain(boot, known))
  const chosen = await chooseNetworkConfig(boot, cached)
  if (chosen === undefined) {
    machine.log.debug('no interface to configure')
    return []
  }
  if (chosen.config === undefined) {
    machine.log.debug(`the network is not configured: disabled by ${chosen.source}`)
    return []
  }
  const options = { renderer: boot.renderer(), distro: boot.distro.id, bringsUp: bringsUp && !isLeftDown(boot) }
  try {
    await applyNetwork(machine, chosen.config, options)
    noteNetworkConfig(boot, cached, chosen.config)
    return []
  } catch (error) {
    const failure = `network config of ${chosen.source} can't be used: ${messageOf(error)}`
    machine.log.error(failure)
    const fallback = isNew ? fallbackFor(boot, cached, (await boot.platform()).cmdline) : undefined
    if (fallback !== undefined) {
      machine.log.warning('using DHCP instead, so that the machine can be reached')
      return [failure, ...(await applyFallback(machine, fallback, options))]
    }
    return [failure]
  }
}

const applyFallback = async (machine: Machine, fallback: JsonObject, options: ApplyOptions): Promise<string[]> => {
  try {
    await applyNetwork(machine, fallback, options)
    return []
  } catch (error) {
    const failure = `DHCP can't be configured: ${messageOf(error)}`
    machine.log.error(failure)
    return [failure]
  }
}

/** udev gives interfaces their names, but can't swap two: what it left undone is done before they are brought up. */
const keepNames = async (boot: Boot, known: CachedInstance): Promise<void> => {
  const machine = boot.machine.as('network')
  try {
    const chosen = await chooseNetworkConfig(boot, known)
    if (chosen?.config !== undefined) await applyNames(machine, chosen.config)
  } catch (error) {
    machine.log.debug(`interfaces keep the names they have: ${messageOf(error)}`)
  }
}

/** `disable_network_activation: true`: files are written, and somebody else brings the links up. */
const isLeftDown = ({ config }: Boot): boolean => config['disable_network_activation'] === true

/** Writes down what the network was configured from. */
export const noteNetworkConfig = (boot: Boot, cached: CachedInstance | undefined, config: JsonObject): void => {
  if (cached === undefined) return
  const path = `${instanceFolder(boot.paths, cached.data.instanceId)}/${noteName}`
  boot.machine.files.write(path, `${JSON.stringify(config, null, 1)}\n`, { mode: 0o600 })
}

const isAskedAtBoot = async (boot: Boot, cached: CachedInstance): Promise<boolean> => {
  const { cloudConfig } = await effectiveConfig(boot, cached)
  const events = networkEvents(boot.machine, boot.paths, cloudConfig, cached.data)
  return events.has('boot') || events.has('boot-legacy')
}

/**
 * What the cloud says now, where it was not asked at this boot. The instance as it was known stays in place when the
 * cloud does not answer, or speaks of another one.
 */
const askAgain = async (boot: Boot, known: CachedInstance): Promise<CachedInstance> => {
  const datasource = await loadDatasource(known.datasource)
  const context = await datasourceContext(boot, known.datasource, 'local', known)
  // Without that check it was asked at this boot already.
  if (datasource?.checkInstanceId?.(context, known.data.instanceId) !== true) return known
  try {
    const data = await datasource.fetch(context)
    if (data?.instanceId !== known.data.instanceId) return known
    const fresh = { ...known, data }
    writeCachedInstance(boot.machine, boot.paths, fresh)
    boot.memory.instance = fresh
    return fresh
  } catch (error) {
    boot.machine.log.warning(`${known.datasource} does not say what the network is to be now: ${messageOf(error)}`)
    return known
  }
}

/** The first source of network config that says something, with what the datasource said last. */
export const chooseNetworkConfig = async (boot: Boot, cached: CachedInstance | undefined) => {
  const { config } = boot
  const { cmdline } = await boot.platform()
  return chooseNetwork(
    {
      cmdline: () => tolerantly(boot, 'cmdline', () => networkFromCmdline(cmdline)),
      initramfs: () => tolerantly(boot, 'initramfs', () => fromInitramfs(boot, cmdline)),
      system_cfg: () => (isJsonObject(config['network']) ? config['network'] : undefined),
      ds: () => cached?.data.networkConfig,
      fallback: () => fallbackFor(boot, cached, cmdline),
    },
    cached?.data.networkConfigSources,
  )
}

const fallbackFor = ({ machine }: Boot, cached: CachedInstance | undefined, cmdline: string) =>
  fallbackNetwork(machine, { withDriver: cached?.datasource === 'Azure', bootMac: bootMacOf(cmdline) })

/** A source that can't be read is reported, and the next one is asked. */
const tolerantly = (boot: Boot, source: string, read: () => JsonObject | undefined): JsonObject | undefined => {
  try {
    return read()
  } catch (error) {
    boot.machine.log.warning(`network config of ${source} can't be read: ${messageOf(error)}`)
    return undefined
  }
}

const fromInitramfs = ({ machine }: Boot, cmdline: string): JsonObject | undefined => {
  const { files } = machine
  const names = files.list('/run').filter((name) => /^net6?-.*\.conf$/.test(name))
  // net-eth0.conf before net6-eth0.conf
  const ordered = [
    ...names.filter((name) => name.startsWith('net-')),
    ...names.filter((name) => name.startsWith('net6')),
  ]
  const facts = {
    cmdline,
    files: ordered.map((name) => ({
      path: `/run/${name}`,
      text: files.readTextIfExists(`/run/${name}`, 1 << 20) ?? '',
    })),
    macs: new Map(
      files.list('/sys/class/net').flatMap((name): [string, string][] => {
        const mac = files.readTextIfExists(`/sys/class/net/${name}/address`)?.trim()
        return mac ? [[name, mac]] : []
      }),
    ),
    isIscsiRoot: files.exists('/run/initramfs/open-iscsi.interface'),
  }
  return initramfsWasAsked(facts) ? networkFromInitramfs(facts) : undefined
}
