import { ConfigError } from '../../src/machine/errors.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { type Runner, runAs } from './runner.ts'

type Option = string | number | boolean | undefined
type Options = Readonly<Record<string, Option>>

/** `--key=value`; what is true has no value, what is false is left out. */
const optionWords = (options: Options): string[] =>
  Object.entries(options)
    .filter(([, value]) => value !== undefined && value !== false)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, value]) => `--${key.replaceAll('_', '-')}${value === true ? '' : `=${value}`}`)

/** From here on ansible-pull runs several playbooks in one go. */
const severalSince = [2, 12] as const

const runsSeveral = async (machine: Machine, runner: Runner): Promise<boolean> => {
  const { stdout } = await runAs(machine, runner, ['ansible-pull', '--version'], { asks: true })
  const [, major, minor] = /(\d+)\.(\d+)/.exec(stdout.split('\n', 1)[0] ?? '') ?? []
  if (major === undefined || minor === undefined) {
    machine.log.debug('ansible: ansible-pull does not tell its version, so playbooks run one by one')
    return false
  }
  const [firstMajor, firstMinor] = severalSince
  return Number(major) > firstMajor || (Number(major) === firstMajor && Number(minor) >= firstMinor)
}

export interface Pull {
  readonly url?: string | undefined
  readonly playbook_name?: string | undefined
  readonly playbook_names?: readonly string[] | undefined
  readonly [option: string]: Option | readonly string[]
}

/** @throws ConfigError, CommandError */
export const pullPlaybooks = async (machine: Machine, runner: Runner, pull: Pull, key: string): Promise<void> => {
  const { playbook_name: single, playbook_names: several = [], ...options } = pull
  const names = single === undefined ? several : [single]
  if (!pull.url) throw new ConfigError(`${key}.url`, 'it is missing')
  if (names.length === 0) throw new ConfigError(`${key}.playbook_names`, 'it is missing')
  if (single !== undefined && several.length > 0) {
    throw new ConfigError(`${key}.playbook_name`, 'it can not stand together with playbook_names; take the latter')
  }
  const words = optionWords(options as Options)
  const rounds = (await runsSeveral(machine, runner)) ? [names] : names.map((name) => [name])
  for (const round of rounds) await runAs(machine, runner, ['ansible-pull', ...words, ...round])
}

export interface Repository {
  readonly path: string
  readonly source: string
}

/** A clone that is there already (of a boot that was cut off) stays as it is. */
export const cloneRepository = async (machine: Machine, runner: Runner, repository: Repository): Promise<void> => {
  const { path, source } = repository
  if (machine.files.exists(`${path.replace(/\/+$/, '')}/.git`)) {
    machine.log.info(`ansible: ${path} is there already; it is not cloned again`)
    return
  }
  await runAs(machine, runner, ['git', 'clone', source, path])
}

export interface Playbook {
  readonly playbook_dir?: string | undefined
  readonly playbook_name?: string | undefined
  readonly [option: string]: unknown
}

/** @throws ConfigError, CommandError */
export const runPlaybook = async (machine: Machine, runner: Runner, playbook: Playbook, key: string): Promise<void> => {
  const { playbook_dir: folder, playbook_name: name, ...options } = playbook
  if (!folder) throw new ConfigError(`${key}.playbook_dir`, 'it is missing')
  if (!name) throw new ConfigError(`${key}.playbook_name`, 'it is missing')
  await runAs(machine, runner, ['ansible-playbook', name, ...optionWords(options as Options)], { cwd: folder })
}
