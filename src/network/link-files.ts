import { byName, type Link, type NetworkModel } from './model.ts'
import { header, type RenderedFile } from './render/renderer.ts'

/**
 * Renderers whose own files give no names: netplan writes such files itself, the others have udev rules.
 */
const renderersWithoutNames = new Set(['networkd', 'network-manager'])

/** Folder of systemd.link(5), which udev reads whether networkd runs or not. */
export const linkFolder = '/etc/systemd/network'
export const linkFileName = /^10-cloud-init-.*\.link$/

/**
 * Files that make udev give physical interfaces their names at every boot, before anybody configures them
 * (systemd.link(5)). VLANs and bonds have the MAC addresses of the interfaces below them, so the type is matched, too.
 */
export const linkFiles = (model: NetworkModel, renderer: string): RenderedFile[] =>
  renderersWithoutNames.has(renderer) ? [...model.links].sort(byName).flatMap(linkFile) : []

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
  return [{ path: `${linkFolder}/10-cloud-init-${name}.link`, content: `${header}${lines.join('\n')}\n`, mode: 0o644 }]
}
