import { attempts } from '../../src/cloudconfig/attempts.ts'
import { defineModule, type ModuleContext } from '../../src/cloudconfig/module.ts'
import { debianNames } from '../../src/distros/names.ts'
import { ConfigError } from '../../src/machine/errors.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { installKey } from './keys.ts'
import { findMirrors, type Mirrors } from './mirrors.ts'
import { addSources, type IsForTool } from './more-sources.ts'
import { schema } from './schema.ts'
import type { AptSettings, KeyEntry } from './settings.ts'
import { sourceValues } from './usual-sources.ts'
import { writeSources } from './write-sources.ts'

const confFile = '/etc/apt/apt.conf.d/94cloud-init-config'
const proxyFile = '/etc/apt/apt.conf.d/90cloud-init-aptproxy'
const usualMatch = '^[\\w-]+:\\w'

/** What the keys under `apt` were called when they stood at the top. */
const oldKeys = [
  ...['apt_sources', 'apt_mirror', 'apt_mirror_search', 'apt_mirror_search_dns', 'apt_custom_sources_list'],
  ...['apt_preserve_sources_list', 'apt_proxy', 'apt_http_proxy', 'apt_https_proxy', 'apt_ftp_proxy'],
]

const proxies = [
  ['proxy', 'http'],
  ['http_proxy', 'http'],
  ['ftp_proxy', 'ftp'],
  ['https_proxy', 'https'],
] as const

/** One call for all: debconf takes a while to start. Answers may be passwords, so they go through standard input. */
const answerQuestions = async (
  machine: Machine,
  { debconf_selections: selections = {} }: AptSettings,
): Promise<void> => {
  const lines = Object.entries(selections)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([, text]) => `${text.replace(/\n+$/, '')}\n`)
  if (lines.length > 0) await machine.run(['debconf-set-selections'], { input: lines.join(''), timeoutSeconds: 120 })
}

const isForTool = (pattern: string): IsForTool => {
  if (pattern === '') return () => false
  try {
    const expression = new RegExp(pattern, 'u')
    return (source) => expression.test(source)
  } catch {
    throw new ConfigError('apt.add_apt_repo_match', `${JSON.stringify(pattern)} is not a regular expression`)
  }
}

/** Installs what the rest will need, in one go. */
const installTools = async (
  { machine, distro }: ModuleContext,
  settings: AptSettings,
  writesSources: boolean,
  usesTool: IsForTool,
): Promise<void> => {
  const sources = Object.values(settings.sources ?? {})
  const mirrors = writesSources ? [...(settings.primary ?? []), ...(settings.security ?? [])] : []
  const hasKey = ({ key, keyid }: KeyEntry): boolean => key !== undefined || keyid !== undefined
  const missing: string[] = []
  const need = (command: string, name: string): void => {
    if (machine.which(command) === undefined) missing.push(name)
  }
  if ([...sources, ...mirrors].some(hasKey)) need('gpg', 'gnupg')
  if (sources.some(({ source }) => usesTool(source ?? ''))) need('add-apt-repository', 'software-properties-common')
  if (missing.length > 0) await distro.packages.install(machine, missing)
}

const codename = async (machine: Machine): Promise<string> => {
  const text = machine.files.readTextIfExists('/etc/os-release') ?? ''
  const field = (name: string) => new RegExp(`^${name}=["']?([a-z]+)`, 'm').exec(text)?.[1]
  const known = field('VERSION_CODENAME') ?? field('UBUNTU_CODENAME')
  if (known !== undefined) return known
  return (await machine.ask(['lsb_release', '--short', '--codename'], { timeoutSeconds: 30 })).stdout.trim()
}

/** Keys of the mirrors; of several for the same kind the last one counts. */
const mirrorKeys = async (
  context: ModuleContext,
  settings: AptSettings,
): Promise<Partial<Record<'primary' | 'security', string>>> => {
  const files: Partial<Record<'primary' | 'security', string>> = {}
  for (const kind of ['primary', 'security'] as const) {
    for (const [index, entry] of (settings[kind] ?? []).entries()) {
      const file = await installKey(context, entry, kind, false, `apt.${kind}[${index}]`)
      if (file !== undefined) files[kind] = file
    }
  }
  return files
}

const writeOrRemove = (machine: Machine, file: string, text: string): void => {
  if (text === '') machine.files.remove(file)
  else machine.files.write(file, text.endsWith('\n') ? text : `${text}\n`)
}

const proxyText = (settings: AptSettings): string =>
  proxies
    .flatMap(([key, scheme]) => {
      const address = settings[key]
      if (!address) return []
      if (/["\n]/.test(address)) throw new ConfigError(`apt.${key}`, 'a proxy’s address holds no quotes or line breaks')
      return [`Acquire::${scheme}::Proxy "${address}";\n`]
    })
    .join('')

export default defineModule({
  id: 'apt_configure',
  frequency: 'instance',
  distros: debianNames,
  schema,
  title: 'Configures apt: mirrors, more package sources and their keys, proxies, debconf answers',
  description:
    'Without `preserve_sources_list: true` the distribution’s own sources are written anew for each instance, with the ' +
    'mirrors that are named here, or else those that system_info names for the cloud.',
  examples: [
    '#cloud-config\napt:\n  preserve_sources_list: false\n  primary:\n    - arches: [default]\n      uri: http://mirror.example.com/debian\n',
    "#cloud-config\napt:\n  sources:\n    example:\n      source: 'deb [signed-by=$KEY_FILE] http://packages.example.com/ $RELEASE main'\n      keyid: A2EB2DEC0BD7519B7B38BE38376A290EC8068B11\n",
    '#cloud-config\napt:\n  http_proxy: http://proxy.example.com:3128\n  conf: |\n    APT::Install-Recommends "false";\n  debconf_selections:\n    mail: postfix postfix/main_mailer_type select No configuration\n',
  ],
  run: async ({ apt: given }, context) => {
    const { machine, cloudConfig } = context
    for (const key of oldKeys) {
      if (key in cloudConfig) machine.log.warning(`${key}: is not read any more; what it said belongs under apt`)
    }
    if (given === undefined && machine.which('apt-get') === undefined) return
    const settings: AptSettings = given ?? {}
    const work = attempts(machine.log)
    const { attempt } = work
    await attempt('apt.debconf_selections', () => answerQuestions(machine, settings))
    const writesSources = settings.preserve_sources_list !== true
    const usesTool =
      (await attempt('apt', () => isForTool(settings.add_apt_repo_match ?? usualMatch))) ?? isForTool(usualMatch)
    await attempt('apt', () => installTools(context, settings, writesSources, usesTool))

    const needsMirrors = writesSources || settings.sources !== undefined
    const words = needsMirrors ? await attempt('apt', () => readWords(context, settings)) : undefined
    if (writesSources && words !== undefined) {
      await attempt('apt', async () => {
        const keyFiles = await mirrorKeys(context, settings)
        await writeSources(context, settings, { ...words, keyFiles })
      })
    }
    await attempt('apt', () => writeOrRemove(machine, proxyFile, proxyText(settings)))
    await attempt('apt.conf', () => writeOrRemove(machine, confFile, settings.conf ?? ''))
    if (settings.sources !== undefined && words !== undefined) {
      const values = sourceValues({ ...words, keyFiles: {} })
      await addSources(context, { entries: settings.sources, values, isForTool: usesTool }, work)
    }
    work.finish()
  },
})

const readWords = async (
  context: ModuleContext,
  settings: AptSettings,
): Promise<{ readonly mirrors: Mirrors; readonly release: string }> => ({
  mirrors: await findMirrors(context, settings),
  release: await codename(context.machine),
})
