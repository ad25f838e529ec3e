import type { Machine } from '../machine/machine.ts'
import { byName, type Link, type NetworkModel } from './model.ts'
import { listNics } from './nics.ts'
import { header, type RenderedFile } from './render/renderer.ts'

/**
 * Renderers whose own files give no names: netplan writes such files itself, the others have udev rules.
 */
const renderersWithoutNames = new Set(['networkd', 'network-manager'])

/** Folder of systemd.link(5), which udev reads whether networkd runs or not. */
export const linkFolder = '/etc/systemd/network'
export const linkFileName = /^10-cloud-init-.*\.link$/

/** The links that would have another name without such a file; one that has a file keeps it. */
export const linksToName = (machine: Machine, { links }: NetworkModel): Link[] => {
  const nics = listNics(machine)
  return links.filter(
    ({ name, mac = '', wakeOnLan }) =>
      wakeOnLan === true ||
      nics.some((nic) => nic.mac.toLowerCase() === mac.toLowerCase() && nic.name !== name) ||
      machine.files.exists(pathFor(name)),
  )
}

/**
 * Files that make udev give physical interfaces their names at every boot, before anybody configures them
 * (systemd.link(5)). VLANs and bonds have the MAC addresses of the interfaces below them, so the type is matched, too.
 */
export const linkFiles = (links: readonly Link[], renderer: string): RenderedFile[] =>
  renderersWithoutNames.has(renderer) ? [...links].sort(byName).flatMap(linkFile) : []

const pathFor = (name: string): string => `${linkFolder}/10-cloud-init-${name}.link`

const linkFile = ({ name, type, mac, driver, wakeOnLan }: Link): RenderedFile[] => {
  if (type !== 'physical' || mac === undefined || !/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(mac)) return []
  const lines = [
    '[Match]',
    ...(driver === undefined ? [] : [`Driver=${driver}`]),
    `MACAddress=${mac.toLowerCase()}`,
    'Type=ether',
    '',
    '[Link]',
    `Name=${name}`,
    ...(wakeOnLan === true ? ['WakeOnLan=magic'] : []),
  ]
  return [{ path: pathFor(name), content: `${header}${lines.join('\n')}\n`, mode: 0o644 }]
}
