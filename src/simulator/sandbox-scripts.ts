import type { SimulatedCloud } from './cloud.ts'
import type { Layer } from './layers.ts'
import { quoted, SANDBOX_FOLDER } from './shims.ts'

/**
 * The shell scripts that build a sandbox.
 *
 * Two user namespaces, one in the other. The outer one builds: it mounts the overlays and makes everything read-only
 * that leads out (all of /proc, the device nodes, /sys is made up anyway). The inner one runs the boot, as a root that
 * can do what root can in its own network, host name and mounts, but can't undo a mount of the outer one, mount /proc
 * or /sys anew, make device nodes, set the clock, load modules or reboot.
 *
 * Everything lies in a tmpfs over /sys, a folder that always exists and that nobody's project is in:
 * `root` the machine, `up` and `work` for the overlays, `shim` the layer of stand-in commands, `facts`.
 */
export const BASE = '/sys'

/** File descriptors of the scripts, beside the usual three. */
export const descriptors = { events: 3, control: 4, lifeline: 5, messages: 6 } as const

/** In overlay's options colons part the layers and commas the options. */
const optionPath = (path: string): string => path.replaceAll('\\', '\\\\').replaceAll(':', '\\:').replaceAll(',', '\\,')

const overlayLines = (layer: Extract<Layer, { kind: 'overlay' }>, hasShims: boolean): string[] => {
  const { path, mode, owner } = layer
  const up = quoted(`${BASE}/up${path}`)
  const work = quoted(`${BASE}/work/${path.slice(1).replaceAll('/', '%')}`)
  const lower = hasShims ? `${BASE}/shim${optionPath(path)}:${optionPath(path)}` : optionPath(path)
  const options = `userxattr,lowerdir=${lower},upperdir=${BASE}/up${optionPath(path)},workdir=${BASE}/work/${optionPath(path.slice(1).replaceAll('/', '%'))}`
  const target = quoted(`${BASE}/root${path}`)
  return [
    `mkdir -p ${up} ${work} ${target}`,
    `chmod ${mode.toString(8)} ${up}; chown ${owner} ${up} 2>/dev/null || :`,
    ...layer.opened.map(
      (part) =>
        `(cd ${quoted(path)} && find ./${part} -xdev -type d -print0 2>/dev/null | (cd ${up} && xargs -0 mkdir -p))`,
    ),
    `[ ! -k ${quoted(path)}/tmp ] || [ ! -d ${up}/tmp ] || chmod 1777 ${up}/tmp`,
    `mount -t overlay firstlight -o ${quoted(options)} ${target} || fail ${quoted(`overlayfs over ${path}`)}`,
  ]
}

/** What is copied is copied twice, so that it can be compared afterwards. */
const beforeLines = (path: string): string[] => {
  const before = quoted(`${BASE}/before${path}`)
  return [`mkdir -p "$(dirname ${before})"; cp -a ${quoted(`${BASE}/root${path}`)} ${before} 2>/dev/null || :`]
}

const layerLines = (layer: Layer, hasShims: (path: string) => boolean): string[] => {
  const target = quoted(`${BASE}/root${layer.path}`)
  switch (layer.kind) {
    case 'overlay':
      return overlayLines(layer, hasShims(layer.path))
    case 'folder':
      return [
        `mkdir -p ${target}; chmod ${layer.mode.toString(8)} ${target}; chown ${layer.owner} ${target} 2>/dev/null || :`,
      ]
    case 'copy':
      return [`cp -a ${quoted(layer.path)} ${target} 2>/dev/null || :`, ...beforeLines(layer.path)]
    case 'tree':
      return [
        `mkdir -p ${target}; chmod ${layer.mode.toString(8)} ${target}; cp -a ${quoted(layer.path)}/. ${target}/ 2>/dev/null || :`,
        `[ ! -d ${BASE}/shim${layer.path} ] || cp -a ${BASE}/shim${layer.path}/. ${target}/`,
        ...beforeLines(layer.path),
      ]
    case 'link':
      return [`ln -s ${quoted(layer.target)} ${target}`]
  }
}

const devices = ['null', 'zero', 'full', 'random', 'urandom', 'tty']

/** Bound read-only: a device can be written to, but its mode and owner are this machine's. */
const deviceLines = devices.flatMap((name) => [
  `[ -e /dev/${name} ] && : > ${BASE}/root/dev/${name} && mount --bind /dev/${name} ${BASE}/root/dev/${name} &&` +
    ` mount -o remount,bind,ro ${BASE}/root/dev/${name}`,
])

const privateLines = (): string[] => [
  `mkdir ${['proc', 'sys', 'dev', 'run', 'tmp'].map((name) => `${BASE}/root/${name}`).join(' ')}`,
  `mount -t proc proc ${BASE}/root/proc || fail 'a /proc of its own'`,
  `mount --bind ${BASE}/facts/cmdline ${BASE}/root/proc/cmdline`,
  `mount -o remount,bind,ro ${BASE}/root/proc/cmdline`,
  `mount -o remount,bind,ro ${BASE}/root/proc`,
  `mount -t tmpfs -o mode=755 tmpfs ${BASE}/root/dev`,
  ...deviceLines,
  `mkdir ${BASE}/root/dev/pts ${BASE}/root/dev/shm; : > ${BASE}/root/dev/console; chmod 600 ${BASE}/root/dev/console`,
  `ln -s /proc/self/fd ${BASE}/root/dev/fd; ln -s fd/0 ${BASE}/root/dev/stdin`,
  `ln -s fd/1 ${BASE}/root/dev/stdout; ln -s fd/2 ${BASE}/root/dev/stderr`,
  `mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts ${BASE}/root/dev/pts 2>/dev/null || :`,
  `ln -s pts/ptmx ${BASE}/root/dev/ptmx`,
  `mount -t tmpfs -o mode=1777 tmpfs ${BASE}/root/dev/shm`,
  `mount -t tmpfs -o mode=755 tmpfs ${BASE}/root/run`,
  `mount -t tmpfs -o mode=1777 tmpfs ${BASE}/root/tmp`,
  `mount --bind ${BASE}/facts/sys ${BASE}/root/sys; mount -o remount,bind,ro ${BASE}/root/sys`,
  `mkdir -p ${BASE}/root/run/lock ${BASE}/root${SANDBOX_FOLDER}`,
]

/** A folder that must be seen inside (node, the bundle), though it lies below one of the private folders. */
const visibleLines = (path: string): string[] => {
  const target = quoted(`${BASE}/root${path}`)
  return [`mkdir -p ${target}; mount --rbind ${quoted(path)} ${target} && mount -o remount,bind,ro ${target}`]
}

export interface BuildPlan {
  readonly layers: readonly Layer[]
  readonly visible: readonly string[]
  readonly cloud: SimulatedCloud
  /** True when the shim layer has something below this folder. */
  hasShims(path: string): boolean
  /** Folders of state that begin empty: `/var/lib/cloud`. */
  readonly emptied: readonly string[]
  /** Files of an earlier boot that must not be there. */
  readonly removed: readonly string[]
  readonly hasSystemd: boolean
  /** False where iproute2 is not installed. */
  readonly hasIp: boolean
  /** Lines for uid_map and gid_map of the inner namespace: every number stays as it is. */
  readonly identityMap: string
  /** What runs inside: argv. */
  readonly inside: readonly string[]
}

const failLine = `fail() { echo "failed $1" >&${descriptors.messages}; exit 99; }`

/** The first process of the outer namespaces (it is process 1): waits until its folder has been filled, then builds. */
export const waitScript = [
  'set -u',
  failLine,
  `mount -t tmpfs -o mode=755 tmpfs ${BASE} || fail 'a tmpfs of its own'`,
  `mkdir ${BASE}/root ${BASE}/up ${BASE}/work ${BASE}/shim ${BASE}/before ${BASE}/facts`,
  `echo mounted >&${descriptors.messages}; read -r _ <&${descriptors.control} || exit 99`,
  `. ${BASE}/facts/build.sh`,
].join('\n')

const diskLines = (cloud: SimulatedCloud): string[] =>
  (cloud.disks ?? []).flatMap(({ device }, index) => {
    const folder = `${BASE}/root${SANDBOX_FOLDER}/disk${index}`
    // A device that is mounted is read where it is; so the disk needs no device node.
    return [
      `mkdir -p ${folder}; mount -t tmpfs ${quoted(device)} ${folder} && cp -a ${BASE}/facts/disk${index}/. ${folder}/`,
      `mount -o remount,bind,ro ${folder}`,
    ]
  })

/** Goes on there: builds, starts the inside, waits, and says how it ended. As a file, `facts/build.sh`. */
export const buildScript = (plan: BuildPlan): string =>
  [
    `mount -t tmpfs -o mode=755 tmpfs ${BASE}/root`,
    ...plan.layers.filter(({ path }) => path !== '/').flatMap((layer) => layerLines(layer, plan.hasShims)),
    ...privateLines(),
    ...plan.visible.flatMap(visibleLines),
    ...diskLines(plan.cloud),
    ...plan.emptied.map((path) => `mount -t tmpfs -o mode=755 tmpfs ${quoted(`${BASE}/root${path}`)}`),
    ...plan.removed.map((path) => `rm -f ${quoted(`${BASE}/root${path}`)}`),
    ...(plan.hasSystemd ? [`mkdir -p ${BASE}/root/run/systemd/system`] : []),
    `cp ${BASE}/facts/inside.json ${BASE}/root${SANDBOX_FOLDER}/inside.json`,
    `mkfifo ${BASE}/ready ${BASE}/go`,
    `unshare --user --mount --net --uts --ipc --propagation private sh ${BASE}/facts/enter.sh &`,
    'inner=$!',
    `read -r _ < ${BASE}/ready || fail 'a namespace inside'`,
    `printf ${quoted(plan.identityMap)} > /proc/$inner/uid_map || fail 'user ids inside'`,
    `printf ${quoted(plan.identityMap)} > /proc/$inner/gid_map || fail 'group ids inside'`,
    `echo go > ${BASE}/go`,
    'wait $inner',
    'code=$?',
    // Whatever the boot left running must not write while the changes are read.
    'kill -9 -1 2>/dev/null',
    `echo "ended $code" >&${descriptors.messages}`,
    // The overlays live as long as this process: until the changes have been looked at.
    `read -r _ <&${descriptors.control}`,
    'exit 0',
  ].join('\n')

const linkLines = (cloud: SimulatedCloud): string[] =>
  cloud.links.flatMap(({ name, mac }, index) => [
    `ip link add name ${name} index ${index + 2} address ${mac} type veth peer name cloud${index} index ${index + 102}` +
      ` || ip link add name ${name} index ${index + 2} address ${mac} type dummy` +
      ` || echo "note no network link ${name} (neither veth nor dummy)" >&${descriptors.messages}`,
    `ip link set cloud${index} up 2>/dev/null || :`,
  ])

const addressLines = (cloud: SimulatedCloud): string[] =>
  cloud.serviceAddresses.map((address) => {
    if (address.startsWith('fe80:')) return `ip -6 addr add ${address}/64 dev cloud0 nodad 2>/dev/null || :`
    if (address.includes(':')) return `ip -6 addr add ${address}/128 dev lo nodad 2>/dev/null || :`
    return `ip addr add ${address}/32 dev lo`
  })

/**
 * The loopback link up, with these addresses, by the kernel's old interface (netdevice(7)): for machines without ip, but
 * with perl, as every Debian has it. There are no network links then; the stand-in for ip agrees to everything.
 */
const loopbackByPerl = [
  'socket(my $s, 2, 2, 0) or die "socket: $!";',
  'sub set { my ($call, $data, $what) = @_; ioctl($s, $call, $data) or die "$what: $!" }',
  'set(0x8914, pack("a16 s x14", "lo", 0x49), "lo up");',
  'my $n = 0;',
  'for my $address (@ARGV) {',
  '  my $name = "lo:" . $n++;',
  '  my $at = sub { pack("a16 S n a4 x8", $name, 2, 0, pack("C4", split /[.]/, $_[0])) };',
  '  set(0x8916, $at->($address), $address);',
  '  set(0x891c, $at->("255.255.255.255"), $address);',
  '}',
].join('\n')

const loopbackLines = (cloud: SimulatedCloud): string[] => {
  const addresses = cloud.serviceAddresses.filter((address) => !address.includes(':'))
  return [
    `perl -e ${quoted(loopbackByPerl)} ${addresses.join(' ')} || fail 'a private network (install iproute2)'`,
    `echo 'note no network links: there is no ip here (package iproute2)' >&${descriptors.messages}`,
  ]
}

/** Runs in the inner namespaces, as `facts/enter.sh`: goes into the new root for good, brings the private network up, starts the inside. */
export const enterScript = (plan: BuildPlan): string =>
  [
    `echo ready > ${BASE}/ready; read -r _ < ${BASE}/go || exit 99`,
    failLine,
    // An address is there at once; nobody else could have it.
    'for conf in all default; do echo 0 > /proc/sys/net/ipv6/conf/$conf/accept_dad; done 2>/dev/null',
    `mount --rbind ${BASE}/root ${BASE}/root && cd ${BASE}/root && mkdir .old && pivot_root . .old && cd / || fail 'a root of its own'`,
    "umount -l /.old && rmdir /.old || fail 'leaving this machine'",
    'hostname localhost 2>/dev/null',
    ...(plan.hasIp
      ? ["ip link set lo up || fail 'a private network'", ...linkLines(plan.cloud), ...addressLines(plan.cloud)]
      : loopbackLines(plan.cloud)),
    `exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 ${plan.inside
      .map(quoted)
      .join(' ')}`,
  ].join('\n')
