import type { NetworkModel } from '../model.ts'

/** Rules that give physical interfaces their names by MAC address (udev(7)). */
export const udevRules = ({ links }: NetworkModel): string =>
  links
    .filter(({ type, mac }) => type === 'physical' && mac !== undefined)
    .map(
      ({ name, mac = '', driver = '?*' }) =>
        `SUBSYSTEM=="net", ACTION=="add", DRIVERS==${quoted(driver)}, ATTR{address}==${quoted(mac.toLowerCase())}, NAME=${quoted(name)}\n`,
    )
    .join('')

const quoted = (text: string): string => `"${text.replaceAll('"', '')}"`
