import { posix } from 'node:path'
import type { ModuleContext } from '../../src/cloudconfig/module.ts'
import { renderTemplate } from '../../src/distros/render-template.ts'
import type { Machine } from '../../src/machine/machine.ts'
import type { AptSettings } from './settings.ts'
import { isDeb822, suiteNames, withoutSuites } from './suites.ts'
import { type SourceWords, sourceValues, usualSources } from './usual-sources.ts'

interface AptPaths {
  /** `/etc/apt/sources.list` */
  readonly list: string
  /** `/etc/apt/sources.list.d` */
  readonly parts: string
}

/** Where this apt looks for sources (apt.conf(5), Dir::Etc). */
const aptPaths = async (machine: Machine): Promise<AptPaths> => {
  const { stdout } = await machine
    .ask(['apt-config', 'dump'], { allowedExitCodes: 'any', timeoutSeconds: 30 })
    .catch(() => ({ stdout: '' }))
  const setting = (name: string, usual: string): string =>
    stdout
      .split('\n')
      .find((line) => line.startsWith(`${name} "`))
      ?.slice(name.length + 2)
      .replace(/";?\s*$/, '') || usual
  const folder = posix.resolve('/', setting('Dir::Etc', 'etc/apt'))
  return {
    list: posix.resolve(folder, setting('Dir::Etc::sourcelist', 'sources.list')),
    parts: posix.resolve(folder, setting('Dir::Etc::sourceparts', 'sources.list.d')),
  }
}

const moved = '# The package sources are in the folder sources.list.d, in the format of deb822(5).\n'

/** With the new file in force, the old one would name the same sources a second time. */
const retire = ({ machine, distro }: ModuleContext, list: string): void => {
  if (!machine.files.exists(list)) return
  if (distro.id === 'ubuntu') machine.files.write(list, moved)
  else machine.files.remove(list)
}

/** Writes the distribution's own package sources, in the format that the text has. */
export const writeSources = async (
  context: ModuleContext,
  settings: AptSettings,
  words: SourceWords,
): Promise<void> => {
  const { machine, distro, paths } = context
  const given = settings.sources_list
  const text = given
    ? await renderTemplate(given, sourceValues(words))
    : await usualSources(machine, paths.templates, distro.id, words)
  if (text === undefined) {
    machine.log.warning(
      `apt: the usual package sources of ${distro.id} are not known, so they stay as they are; give sources_list`,
    )
    return
  }
  const { list, parts } = await aptPaths(machine)
  const file = isDeb822(text) ? `${parts}/${distro.id}.sources` : list
  const kept = withoutSuites(text, suiteNames(settings.disable_suites ?? [], words.release))
  machine.files.write(file, kept.endsWith('\n') ? kept : `${kept}\n`, { mode: 0o644 })
  if (file !== list) retire(context, list)
}
