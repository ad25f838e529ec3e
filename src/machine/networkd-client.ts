import { type LeaseOptions, readNetworkdLease } from './dhcp-leases.ts'
import type { CommandOptions, Machine } from './machine.ts'

const programs = ['/usr/lib/systemd/systemd-networkd', '/lib/systemd/systemd-networkd']

/** Where systemd-networkd is, if it is installed. */
export const networkdProgram = (machine: Machine): string | undefined =>
  programs.find((path) => machine.files.exists(path))

/**
 * systemd.network(5). It asks, sets the address, and does nothing else. KeepConfiguration: what is on the link already is
 * not its own to take away. The MAC address says who asks, as with the other clients: there may be no machine-id yet.
 */
const networkFile = (link: string): string => `[Match]
Name=${link}
[Network]
DHCP=ipv4
LinkLocalAddressing=ipv6
IPv6AcceptRA=no
LLDP=no
KeepConfiguration=yes
[DHCPv4]
ClientIdentifier=mac
UseRoutes=no
UseDNS=no
UseNTP=no
UseHostname=no
UseDomains=no
UseMTU=no
SendRelease=no
RequestOptions=121 245
`

/** networkd.conf(5) */
const programFile = `[Network]
ManageForeignRoutes=no
ManageForeignRoutingPolicyRules=no
`

/**
 * Runs networkd where it sees one link's configuration alone: in mounts of its own, with /etc/systemd and /run/systemd of its
 * own. It can't change the kernel's settings (it would switch router advertisements off), waits for no udev (/sys is
 * read-only, as in a container) and finds no D-Bus. It ends with this script, which is process 1 of a namespace, and prints
 * the lease. $1 the folder, $2 the program, $3 seconds.
 */
const script = `
mount --bind "$1/etc" /etc/systemd || exit 1
mount --bind "$1/run" /run/systemd || exit 1
for folder in /usr/lib/systemd/network /lib/systemd/network /usr/local/lib/systemd/network; do
  [ ! -d "$folder" ] || mount --bind "$1/empty" "$folder" || exit 1
done
for folder in /proc/sys /sys; do
  mount --bind "$folder" "$folder" && mount -o remount,bind,ro "$folder" || exit 1
done
DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nonexistent SYSTEMD_LOG_TARGET=console "$2" >&2 &
networkd=$!
end=$(($(date +%s) + $3))
while kill -0 "$networkd" && [ "$(date +%s)" -le "$end" ]; do
  grep -qs ^ADDRESS= "$1"/run/netif/leases/* && break
  sleep 0.1 || sleep 1
done
# networkd takes the lease with it.
cat "$1"/run/netif/leases/*
kill "$networkd"
wait "$networkd"
`

/** A name that stands for itself in `[Match]`, where others are patterns. */
const plainName = /^[\w.:@-]+$/

/**
 * systemd-networkd, long before it is started as a service (which waits for this stage), asked once for a lease.
 * @param run runs a command, whose exit code does not matter; returns what it prints
 */
export const askNetworkd = async (
  machine: Machine,
  link: string,
  timeoutSeconds: number,
  run: (words: readonly string[], options: CommandOptions) => Promise<string>,
): Promise<LeaseOptions | undefined> => {
  const program = networkdProgram(machine)
  if (program === undefined || !plainName.test(link)) return undefined
  const folder = `/run/firstlight-networkd-${link}`
  machine.files.remove(folder)
  try {
    // A place to mount on, should another init run this machine.
    machine.files.makeFolder('/run/systemd', { mode: 0o755 })
    // networkd gives up root: it must be able to read them.
    for (const path of ['', '/run', '/empty', '/etc', '/etc/network']) {
      machine.files.makeFolder(`${folder}${path}`, { mode: 0o755 })
    }
    machine.files.write(`${folder}/etc/networkd.conf`, programFile, { mode: 0o644 })
    machine.files.write(`${folder}/etc/network/10-firstlight.network`, networkFile(link), { mode: 0o644 })
    const seconds = String(Math.max(1, Math.floor(timeoutSeconds)))
    const inside = ['unshare', '--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', script]
    const options = { timeoutSeconds: timeoutSeconds + 5 }
    return readNetworkdLease(await run([...inside, 'networkd', folder, program, seconds], options))
  } finally {
    machine.files.remove(folder)
  }
}
