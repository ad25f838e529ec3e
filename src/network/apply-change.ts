import type { JsonObject } from '../machine/json.ts'
import type { Machine } from '../machine/machine.ts'
import { activateNetwork, forgetLinks, releaseLinks, withLinksDown } from './activate.ts'
import { affectedLinks } from './affected-links.ts'
import { renderNetwork, writeNetwork } from './apply.ts'
import { withSameFilesKept } from './netplan-backend.ts'
import { listNics } from './nics.ts'
import { renameLinks } from './renames.ts'
import { waitOnline } from './wait-online.ts'

/** Longest time for an interface that was added to come online. Seconds. */
const onlineSeconds = 30

/** What happened to a running machine's interfaces. */
export interface LinkChange {
  readonly renderer: string
  readonly distro: string
  /** MAC addresses of interfaces that are new. */
  readonly added: readonly string[]
  /** Names of interfaces that are gone. */
  readonly removed: readonly string[]
}

/**
 * Writes network config on a running machine of which interfaces have come or gone. Only what is new comes up; all other
 * links stay as they are. Doing it again changes nothing.
 * @returns the names of the links that were brought up
 * @throws ConfigError naming the key that can't be used; then nothing was changed
 */
export const applyLinkChange = async (
  machine: Machine,
  config: JsonObject,
  { renderer, distro, added, removed }: LinkChange,
): Promise<string[]> => {
  const { model, files } = renderNetwork(machine, config, { renderer, distro })
  const nics = listNics(machine).filter(({ mac }) => added.includes(mac))
  const links = affectedLinks(model, nics)
  const names = new Set(links.map(({ name }) => name))
  await releaseLinks(machine, renderer, removed)
  const writeFiles = (): Promise<boolean> => writeNetwork(machine, renderer, files)
  const write = renderer === 'netplan' ? () => withSameFilesKept(machine, writeFiles) : writeFiles
  const isChanged = await withLinksDown(machine, renderer, files, write, (name) => names.has(name))
  await renameLinks(machine, { ...model, links })
  // udev also tells of what was there all the time.
  if (!isChanged && nics.every(({ operState }) => operState === 'up')) return links.map(({ name }) => name)
  if (nics.length > 0) {
    await activateNetwork(machine, renderer, model, links)
    await waitOnline(machine, renderer, model, { links, seconds: onlineSeconds })
  } else await forgetLinks(machine, renderer)
  return links.map(({ name }) => name)
}
