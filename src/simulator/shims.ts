import type { SimulatedDisk, SimulatedLink } from './cloud.ts'
import { leaseOf } from './lease.ts'

/**
 * Commands that reach services, hardware or the network, which a sandbox must not: each is replaced by a script that
 * writes down how it was called and answers as a healthy machine would.
 */

/** Replaced wherever they are installed. */
export const shimmedCommands: readonly string[] = [
  // services and power
  ...['systemctl', 'service', 'rc-service', 'initctl', 'telinit', 'systemd-run', 'loginctl', 'busctl'],
  ...['reboot', 'shutdown', 'poweroff', 'halt', 'kexec'],
  ...['hostnamectl', 'timedatectl', 'localectl', 'networkctl', 'resolvectl'],
  // disks
  ...['growpart', 'resize2fs', 'xfs_growfs', 'btrfs', 'zpool', 'sfdisk', 'sgdisk', 'fdisk', 'parted', 'partprobe'],
  ...['partx', 'wipefs', 'blockdev', 'mkswap', 'swapon', 'swapoff', 'mke2fs', 'mkfs', 'mkfs.ext2', 'mkfs.ext3'],
  ...['mkfs.ext4', 'mkfs.xfs', 'mkfs.btrfs', 'mkfs.vfat', 'cryptsetup', 'lvm', 'hwclock', 'eject'],
  // kernel and boot loader
  ...['udevadm', 'modprobe', 'insmod', 'rmmod', 'update-initramfs', 'update-grub', 'grub-install', 'dracut'],
  // the network as a whole
  ...['netplan', 'nmcli', 'ifup', 'ifdown', 'wpa_supplicant'],
  // packages come from the network
  ...['apt-get', 'apt', 'aptitude', 'add-apt-repository', 'dnf', 'yum', 'zypper', 'apk', 'pacman', 'snap'],
]

/** There whether or not the machine has them: they tell the facts of the cloud. */
export const factCommands: Readonly<Record<string, string>> = {
  blkid: '/usr/sbin/blkid',
  dhclient: '/usr/sbin/dhclient',
  'systemd-detect-virt': '/usr/bin/systemd-detect-virt',
}

/** Where the sandbox keeps its own things, as seen from inside. */
export const SANDBOX_FOLDER = '/run/firstlight-try'
export const COMMAND_LOG = `${SANDBOX_FOLDER}/commands`

/** For the inside of single quotes in sh. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** The stand-in for services, disks and packages. One line a call; words apart by tabs, as a word may have blanks. */
export const shimScript = `#!/bin/sh
# A sandbox of firstlight try: this command would reach beyond it, so it is only written down.
name=\${0##*/}
# Questions are answered, not written down.
[ "$name" != systemctl ] || for word; do case $word in
  is-system-running) echo running; exit 0 ;;
  is-active) echo active; exit 0 ;;
  is-enabled) echo enabled; exit 0 ;;
  show) printf 'LoadState=loaded\\nActiveState=active\\nSubState=running\\nUnitFileState=enabled\\n'; exit 0 ;;
esac; done
line=$name
for word; do line="$line	$word"; done
printf '%s\\n' "$line" >> ${COMMAND_LOG}
case $name in
  hostnamectl) case $1 in set-hostname|hostname) [ $# -gt 1 ] && exec hostname "$2" ;; esac ;;
  growpart) echo 'NOCHANGE: there is no disk in a sandbox'; exit 1 ;;
esac
exit 0
`

/** blkid that knows the cloud's disks alone. It finds nothing by other questions than the list. */
const blkidScript = (disks: readonly SimulatedDisk[]): string => {
  const lines = disks.flatMap(({ device, label, type }) => [
    `DEVNAME=${device}`,
    'UUID=2025-01-01-12-00-00-00',
    `LABEL=${label}`,
    `TYPE=${type}`,
    '',
  ])
  const print = lines.length === 0 ? 'exit 2' : `printf '%s\\n' ${lines.map(quoted).join(' ')}`
  return `#!/bin/sh\ncase " $* " in *" export "*) ${print} ;; *) exit 2 ;; esac\n`
}

const leaseText = (link: SimulatedLink, options: Readonly<Record<string, string>>): string => {
  const { address, options: all } = leaseOf(link, options)
  const lines = Object.entries(all).map(([name, value]) => `  option ${name} ${value};`)
  const times = ['renew', 'rebind', 'expire'].map((name) => `  ${name} 5 2037/01/02 03:04:05;`)
  return ['lease {', `  interface "${link.name}";`, `  fixed-address ${address};`, ...lines, ...times, '}', ''].join(
    '\n',
  )
}

/** dhclient that has the cloud's lease at once: it writes the files it is told to (-lf, -pf), for the link named last. */
const dhclientScript = (links: readonly SimulatedLink[], options: Readonly<Record<string, string>>): string => {
  const leases = links.map((link) => `    ${link.name}) printf '%s' ${quoted(leaseText(link, options))} > "$leases" ;;`)
  return `#!/bin/sh
leases=/var/lib/dhcp/dhclient.leases pid=
while [ $# -gt 1 ]; do
  case $1 in
    -lf) leases=$2; shift ;;
    -pf) pid=$2; shift ;;
    -r|-x) exit 0 ;;
    -cf|-sf|-e|-p|-D|-s|-g) shift ;;
  esac
  shift
done
mkdir -p "\${leases%/*}"
case $1 in
${leases.join('\n')}
  *) echo "No DHCPOFFERS received." >&2; exit 2 ;;
esac
[ -n "$pid" ] || exit 0
sleep 600 < /dev/null > /dev/null 2>&1 &
echo $! > "$pid"
`
}

/** The commands that tell the facts of a cloud, by name. */
export const factScripts = (facts: {
  readonly virtualisation: string
  readonly disks: readonly SimulatedDisk[]
  readonly links: readonly SimulatedLink[]
  readonly leaseOptions: Readonly<Record<string, string>>
}): Readonly<Record<string, string>> => ({
  blkid: blkidScript(facts.disks),
  dhclient: dhclientScript(facts.links, facts.leaseOptions),
  'systemd-detect-virt': `#!/bin/sh\ncase " $* " in *" -c "*|*" --container "*) echo none; exit 1 ;; esac\necho ${facts.virtualisation}\n`,
})
