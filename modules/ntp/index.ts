import { attempts } from '../../src/cloudconfig/attempts.ts'
import { defineModule, type ModuleContext } from '../../src/cloudconfig/module.ts'
import { debianNames, suseNames, yumNames } from '../../src/distros/names.ts'
import { renderTemplate } from '../../src/distros/render-template.ts'
import { ConfigError } from '../../src/machine/errors.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { type Client, chooseClient, isInstalled } from './clients.ts'
import { schema } from './schema.ts'
import type { TimeSources } from './texts.ts'

const poolsOfDistro = 4

/** Zones of pool.ntp.org under another name than the distribution's, or none of its own. */
const otherZones: Readonly<Record<string, string>> = {
  alpine: '',
  eurolinux: '',
  'raspberry-pi-os': 'debian.',
  'opensuse-leap': 'opensuse.',
  'opensuse-microos': 'opensuse.',
  'opensuse-tumbleweed': 'opensuse.',
  sles: 'opensuse.',
  sle_hpc: 'opensuse.',
  'sle-micro': 'opensuse.',
}

const usualPools = (distro: string): string[] => {
  const zone = Object.hasOwn(otherZones, distro) ? otherZones[distro] : `${distro}.`
  return Array.from({ length: poolsOfDistro }, (_, number) => `${number}.${zone}pool.ntp.org`)
}

type Given = Partial<TimeSources>

/** What no name or address holds would begin another line or another option. */
const usable = (machine: Machine, key: string, values: readonly string[] = []): string[] =>
  values.filter((value) => {
    if (/^[\w.:%/[\]-]+$/.test(value)) return true
    machine.log.error(`ntp.${key}: ${JSON.stringify(value)} is not a name or an address; it is left out`)
    return false
  })

const readSources = ({ machine, distro }: ModuleContext, given: Given, client: Client): TimeSources => {
  const servers = usable(machine, 'servers', given.servers)
  const pools = usable(machine, 'pools', given.pools)
  const rest = { peers: usable(machine, 'peers', given.peers), allow: usable(machine, 'allow', given.allow) }
  if (servers.length > 0 || pools.length > 0) return { servers, pools, ...rest }
  const usual = usualPools(distro.id)
  // busybox's ntpd knows no pools.
  const isBusybox = distro.id === 'alpine' && client.service === 'ntpd'
  return isBusybox ? { servers: usual, pools: [], ...rest } : { servers: [], pools: usual, ...rest }
}

const textOf = async ({ machine, paths }: ModuleContext, client: Client, sources: TimeSources): Promise<string> => {
  const image =
    client.templateName === undefined
      ? undefined
      : machine.files.readTextIfExists(`${paths.templates}/${client.templateName}.tmpl`)
  const template = client.template ?? image
  if (template !== undefined) {
    const { servers, pools, peers, allow } = sources
    return renderTemplate(template, { servers: [...servers], pools: [...pools], peers: [...peers], allow: [...allow] })
  }
  if (client.render === undefined) throw new ConfigError('ntp.config.template', 'is missing')
  return client.render(sources)
}

/** The distribution's own file stays, under another name. */
const writeConfig = (machine: Machine, { file }: Client, text: string): void => {
  const original = `${file}.dist`
  if (machine.files.exists(file) && !machine.files.exists(original)) machine.files.rename(file, original)
  machine.files.write(file, text, { mode: 0o644 })
}

export default defineModule({
  id: 'ntp',
  frequency: 'instance',
  distros: [...debianNames, ...yumNames, ...suseNames, 'alpine', 'aosc', 'cos', 'freebsd', 'openbsd'],
  activateBy: ['ntp'],
  schema,
  title: 'Sets up a time client and the servers it asks',
  description: 'A configuration file that is there already is kept as `<file>.dist`.',
  examples: [
    '#cloud-config\nntp:\n  servers: [ntp.example.com, 192.0.2.1]\n  pools: [0.example.pool.ntp.org]\n',
    '#cloud-config\nntp:\n  ntp_client: chrony\n  allow: [10.0.0.0/8]\n',
  ],
  run: async ({ ntp: given }, context) => {
    const { machine, distro } = context
    const settings = given ?? {}
    if (settings.enabled === false) return
    const client = chooseClient(context, settings.ntp_client, settings.config)
    const { attempt, finish } = attempts(machine.log)
    await attempt('ntp', async () => {
      writeConfig(machine, client, await textOf(context, client, readSources(context, settings, client)))
    })
    if (client.packages.length > 0 && !isInstalled(machine, client.command)) {
      await attempt('ntp', () => distro.packages.install(machine, client.packages))
    }
    if (distro.services.isActive(machine)) {
      await attempt('ntp', () => distro.services.manage(machine, 'reload', client.service))
    }
    finish()
  },
})
