import type { BlockDevice } from '../machine/disks.ts'
import type { Machine } from '../machine/machine.ts'
import { firstLineOf, isFile } from './asking.ts'
import { flowList, searchConfigValue } from './config-search.ts'
import type { Finding } from './detect/detector.ts'
import { defaultDatasources, detectors } from './detect/index.ts'
import { type Evidence, gatherSurroundings, type Surroundings } from './evidence.ts'
import { readIdentifyConfig } from './identify-config.ts'
import { readKernel } from './kernel.ts'
import { defaultPolicy, type Policy, parsePolicy } from './policy.ts'

/**
 * Which datasources this machine points to, before any of them is asked: what cloud-init's ds-identify decides at boot,
 * with the same verdicts (names, policy and files as in its documentation, "How does ds-identify work").
 */

export interface IdentifyOptions {
  /** Decide anew even when an earlier run of this boot left its result. */
  readonly force?: boolean
  /** What the image's builder made the default, in the words of ds-identify.cfg. */
  readonly policy?: string
}

/** 0: enabled; 1: disabled, no cloud found; 2: switched off by the user. */
export type ExitCode = 0 | 1 | 2

export interface Identification {
  readonly exitCode: ExitCode
  /** What to use, in order. Empty: nothing was decided; with exit code 0 everything configured is tried. */
  readonly datasources: readonly string[]
  /** What would have been decided, where that is only told (report mode, or nothing found). */
  readonly reported?: readonly string[]
  /** undefined when it did not come to reading the policy. */
  readonly mode?: Policy['mode']
  /** What each check answered, before policy; undefined when none had to run. */
  readonly checks?: { readonly found: readonly string[]; readonly maybe: readonly string[] }
  /** The disks that there were, when a check has looked at them. */
  readonly disks?: readonly BlockDevice[]
  /** Text for `cloud.cfg` in `runFolder`; undefined: nothing to write. */
  readonly runConfig?: string
  /** True when this is what an earlier run of this boot left. */
  readonly isCached: boolean
  /** `/run/cloud-init`; off Linux `/var/run/cloud-init`. */
  readonly runFolder: string
  /** Why, in a few words for the log. */
  readonly reason: string
}

type Decision = Omit<Identification, 'isCached' | 'runFolder'>

const runFolderOf = (kernelName: string): string => (kernelName === 'Linux' ? '/run/cloud-init' : '/var/run/cloud-init')

const cachedDecision = (machine: Machine, runFolder: string): Decision | undefined => {
  if (!isFile(machine, `${runFolder}/cloud.cfg`)) return undefined
  const code = firstLineOf(machine, `${runFolder}/.ds-identify.result`)
  if (code !== '0' && code !== '1' && code !== '2') return undefined
  const text = machine.files.readTextIfExists(`${runFolder}/cloud.cfg`) ?? ''
  const listUnder = (indent: string): string[] | undefined => {
    const line = text.split('\n').find((candidate) => candidate.startsWith(`${indent}datasource_list:`))
    return line === undefined ? undefined : flowList(line.slice(line.indexOf(':') + 1).trim())
  }
  const reported = listUnder('  ')
  return {
    exitCode: code === '0' ? 0 : code === '1' ? 1 : 2,
    datasources: listUnder('') ?? [],
    ...(reported && { reported }),
    reason: 'decided earlier in this boot',
  }
}

const switchedOff = ({ machine, cmdline }: Surroundings): string | undefined => {
  if (isFile(machine, '/etc/cloud/cloud-init.disabled')) return 'switched off by /etc/cloud/cloud-init.disabled'
  if (machine.environment['KERNEL_CMDLINE'] === 'cloud-init=disabled') return 'switched off by KERNEL_CMDLINE'
  return cmdline.includes('cloud-init=disabled') ? 'switched off on the kernel command line' : undefined
}

/** The datasource that is named outright, and the policy: ds-identify.cfg, and over it the kernel command line. */
const readSettings = (
  { machine, cmdline }: Surroundings,
  fallback: Policy,
): { datasource: string | undefined; policy: Policy } => {
  const settings = readIdentifyConfig(machine)
  let { datasource = '', policy = '' } = settings
  for (const word of cmdline.split(/\s+/)) {
    const equals = word.indexOf('=')
    if (equals < 0) continue
    // `ds=nocloud;s=http://...`: what follows the first semicolon is for the datasource.
    const [value = ''] = word.slice(equals + 1).split(';', 1)
    const key = word.slice(0, equals)
    if (key === 'ds' || key === 'ci.ds' || key === 'ci.datasource') datasource = value
    if (key === 'ci.di.policy') policy = value
  }
  return { datasource: datasource || undefined, policy: parsePolicy(policy, fallback) }
}

/** The list on the command line (`cc: {datasource_list: [A]} end_cc`), then that of cloud.cfg, then all. */
const readList = ({ machine, cmdline }: Surroundings): readonly string[] => {
  const named = /cc:.*datasource_list/s.test(cmdline) ? cmdline.slice(cmdline.lastIndexOf('datasource_list')) : ''
  const inBrackets = named.split(']', 1)[0]?.split('[').at(-1) ?? ''
  const fromCommandLine = named === '' ? [] : flowList(inBrackets)
  if (fromCommandLine.length > 0) return fromCommandLine
  const configured = flowList(searchConfigValue(machine, 'datasource_list') ?? '')
  return configured.length > 0 ? configured : defaultDatasources
}

const withNone = (names: readonly string[]): readonly string[] =>
  names.length === 0 || names.includes('None') ? names : [...names, 'None']

/** The text of the run configuration; in report mode it is there to be read, and nobody acts on it. */
const runConfigText = (mode: Policy['mode'], lines: readonly string[]): string => {
  const indent = mode === 'report' ? '  ' : ''
  const text = lines.map((line) => `${indent}${line}\n`).join('')
  return mode === 'report' ? `di_report:\n${text}` : text
}

const listLine = (names: readonly string[]): string => `datasource_list: [ ${names.join(', ')} ]`

/** A list in its final form, as a decision that is acted on, or only told in report mode. */
const chosen = (
  mode: Policy['mode'],
  names: readonly string[],
  reason: string,
  config: string | undefined = undefined,
): Decision => ({
  exitCode: 0,
  ...(mode === 'report' ? { datasources: [], reported: names } : { datasources: names }),
  mode,
  runConfig: runConfigText(mode, config ? [listLine(names), config] : [listLine(names)]),
  reason,
})

const nothingFound = (policy: Policy): Decision => {
  const line = listLine([])
  const isReport = policy.mode === 'report'
  const note = `# reporting not found result. notfound=${policy.notFound}.`
  return {
    exitCode: isReport || policy.notFound === 'enabled' ? 0 : 1,
    datasources: [],
    reported: [],
    mode: policy.mode,
    runConfig: runConfigText('report', isReport ? [line] : [line, note]),
    reason: `no cloud found (notfound=${policy.notFound})`,
  }
}

const runChecks = async (evidence: Evidence): Promise<[name: string, finding: Finding][]> => {
  const findings: [string, Finding][] = []
  for (const name of evidence.list) {
    const detector = detectors.get(name)
    if (detector) findings.push([name, await detector.check(evidence)])
  }
  return findings
}

const search = async (given: Evidence, policy: Policy): Promise<Decision> => {
  let disks: readonly BlockDevice[] | undefined
  const look = async (): Promise<readonly BlockDevice[]> => {
    disks = await given.disks()
    return disks
  }
  const decision = await searchIn({ ...given, disks: look }, policy)
  return { ...decision, ...(disks && { disks }) }
}

const searchIn = async (evidence: Evidence, policy: Policy): Promise<Decision> => {
  const findings = await runChecks(evidence)
  const having = (verdict: Finding['verdict']) => findings.filter(([, finding]) => finding.verdict === verdict)
  const namesOf = (entries: typeof findings) => entries.map(([name]) => name)
  const [found, maybe] = [having('found'), having('maybe')]
  const checks = { found: namesOf(found), maybe: namesOf(maybe) }
  if (found.length > 0) {
    const used = policy.found === 'first' ? checks.found.slice(0, 1) : checks.found
    return { ...chosen(policy.mode, withNone(used), 'found'), checks }
  }
  if (maybe.length > 0 && policy.maybe === 'all') {
    // One line each from the first that has one: where a later source has nothing to add, an empty line.
    const lines = maybe.map(([, { config = '' }]) => config)
    const config = lines.slice(lines.findIndex((line) => line !== '')).join('\n')
    return { ...chosen(policy.mode, withNone(checks.maybe), 'not ruled out', config), checks }
  }
  return { ...nothingFound(policy), checks }
}

const decide = async (surroundings: Surroundings, fallback: Policy): Promise<Decision> => {
  const off = switchedOff(surroundings)
  if (off !== undefined) return { exitCode: 2, datasources: [], reason: off }

  const { datasource, policy } = readSettings(surroundings, fallback)
  const { mode } = policy
  if (mode === 'disabled') return { exitCode: 1, datasources: [], mode, reason: 'disabled by policy' }
  if (mode === 'enabled') return { exitCode: 0, datasources: [], mode, reason: 'enabled by policy' }
  if (datasource !== undefined)
    return chosen(mode, withNone([datasource]), 'named on the command line or in the policy')
  if (isFile(surroundings.machine, '/var/lib/cloud/instance/manual-clean')) {
    const runConfig = runConfigText(mode, ['# manual_cache_clean.'])
    return { exitCode: 0, datasources: [], mode, runConfig, reason: 'the stored instance is kept (manual_cache_clean)' }
  }

  const list = readList(surroundings)
  if (list.length === 1) return chosen(mode, list, 'the only one configured')
  if (list.length === 2 && list[1] === 'None') return chosen(mode, list, 'the only one configured')
  return search({ ...surroundings, list }, policy)
}

/** Finds out, changing nothing. Takes a few milliseconds; commands are asked only where a listed datasource needs them. */
export const identify = async (machine: Machine, options: IdentifyOptions = {}): Promise<Identification> => {
  const kernel = await readKernel(machine)
  const runFolder = runFolderOf(kernel.name)
  const cached = options.force ? undefined : cachedDecision(machine, runFolder)
  if (cached) return { ...cached, isCached: true, runFolder }
  const fallback = parsePolicy(options.policy ?? '', defaultPolicy)
  const decision = await decide(await gatherSurroundings(machine, kernel), fallback)
  return { ...decision, isCached: false, runFolder }
}

/** Leaves the result where the boot stages and a second call find it. */
export const recordIdentification = (machine: Machine, result: Identification): void => {
  if (result.isCached) return
  if (result.runConfig !== undefined) machine.files.write(`${result.runFolder}/cloud.cfg`, result.runConfig)
  machine.files.write(`${result.runFolder}/.ds-identify.result`, `${result.exitCode}\n`)
}
