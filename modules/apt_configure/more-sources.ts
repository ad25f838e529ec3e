import { posix } from 'node:path'
import type { Attempts } from '../../src/cloudconfig/attempts.ts'
import type { ModuleContext } from '../../src/cloudconfig/module.ts'
import { renderTemplate } from '../../src/distros/render-template.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { installKey } from './keys.ts'
import type { SourceEntry } from './settings.ts'

const folder = '/etc/apt/sources.list.d'

/** Tells sources for add-apt-repository (`ppa:...`) from lines of sources.list. */
export type IsForTool = (source: string) => boolean

export interface MoreSources {
  readonly entries: Readonly<Record<string, SourceEntry>>
  /** What their templates may say. */
  readonly values: Readonly<Record<string, string>>
  readonly isForTool: IsForTool
}

/** Several may write to the same file: then their names decide. */
const byName = ([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number =>
  left < right ? -1 : 1

/** Adds package sources with their keys, each on its own, then refreshes the lists. */
export const addSources = async (
  context: ModuleContext,
  { entries, values, isForTool }: MoreSources,
  { attempt }: Attempts,
): Promise<void> => {
  const { machine, distro } = context
  const replaced = new Set<string>()
  for (const [name, entry] of Object.entries(entries).sort(byName)) {
    const key = `apt.sources.${name}`
    await attempt(key, async () => {
      const filename = entry.filename ?? name
      const { source } = entry
      const keyFile = await installKey(context, entry, filename, source?.includes('$KEY_FILE') ?? false, key)
      if (source === undefined) return
      const line = await renderTemplate(source, { ...values, ...(keyFile !== undefined && { KEY_FILE: keyFile }) })
      if (isForTool(line)) {
        await machine.run(['add-apt-repository', '--no-update', line], { timeoutSeconds: 300 })
        return
      }
      const file = posix.resolve(folder, filename.endsWith('.list') ? filename : `${filename}.list`)
      if (entry.append === false) {
        machine.files.write(file, `${line}\n`)
        replaced.add(file)
      } else add(machine, file, line)
    })
  }
  await attempt('apt.sources', () => distro.packages.refresh(machine, { force: true }))
}

/** At the end of the file, unless it is there already: by a boot that was cut off, or for an earlier instance. */
const add = (machine: Machine, file: string, text: string): void => {
  const before = machine.files.readTextIfExists(file) ?? ''
  if (`\n${before}`.includes(`\n${text.trimEnd()}\n`)) return
  machine.files.write(file, `${before}${before === '' || before.endsWith('\n') ? '' : '\n'}${text}\n`)
}
