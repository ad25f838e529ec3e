import { isJsonObject, type Json, type JsonObject, objectAt, textAt } from '../../src/machine/json.ts'
import {
  type MemoryCommand,
  type MemoryDisk,
  type MemoryFile,
  type MemoryMachine,
  memoryMachine,
} from '../../src/machine/memory.ts'
import { leavePool, transportKeyFiles } from './datasource-azure.ts'
import { absolute, contentOf, objectsAt, textMapAt, textsAt } from './datasource-case.ts'
import { recordedCloud } from './datasource-http.ts'

/** The machine of a recorded case: its files, links, disks, commands, leases and cloud. */

interface RecordedNic {
  readonly name: string
  readonly mac: string
  readonly driver: string
  readonly features?: string
}

const nicsOf = (platform: JsonObject): RecordedNic[] => {
  if (platform['nics'] === undefined) return [{ name: 'eth0', mac: '00:16:3e:00:00:01', driver: 'virtio_net' }]
  return objectsAt(platform, 'nics').map((nic) => {
    const features = textAt(nic, 'features')
    return {
      name: textAt(nic, 'name') ?? '',
      mac: textAt(nic, 'mac') ?? '',
      driver: textAt(nic, 'driver') ?? '',
      ...(features !== undefined && { features }),
    }
  })
}

const nicFiles = (nics: readonly RecordedNic[]): Record<string, MemoryFile> => {
  const files: Record<string, MemoryFile> = {}
  for (const [position, nic] of nics.entries()) {
    const folder = `/sys/class/net/${nic.name}`
    files[`${folder}/address`] = `${nic.mac}\n`
    files[`${folder}/ifindex`] = `${position + 2}\n`
    files[`${folder}/operstate`] = 'up\n'
    files[`${folder}/carrier`] = '1\n'
    files[`${folder}/addr_assign_type`] = '0\n'
    files[`${folder}/type`] = '1\n'
    files[`${folder}/device/driver`] = { link: `../../../../bus/drivers/${nic.driver}` }
    files[`${folder}/device/features`] = `${nic.features ?? ''}\n`
  }
  return files
}

const recordedFiles = (platform: JsonObject): Record<string, MemoryFile> => {
  const modes = textMapAt(platform, 'fileModes')
  const files: Record<string, MemoryFile> = {}
  for (const [path, value] of Object.entries(objectAt(platform, 'files'))) {
    const mode = modes[path]
    const content = contentOf(value)
    files[absolute(path)] = mode === undefined ? content : { content, mode: Number.parseInt(mode, 8) }
  }
  for (const path of textsAt(platform, 'sockets')) files[absolute(path)] = { socket: true }
  return files
}

const systemFiles = (vector: JsonObject, platform: JsonObject): Record<string, MemoryFile> => {
  const dmi = Object.entries(textMapAt(platform, 'dmi'))
  return {
    '/etc/hostname': 'testhost\n',
    '/etc/hosts': '127.0.0.1 localhost\n',
    '/proc/cmdline': `${textAt(platform, 'cmdline') ?? ''}\n`,
    '/proc/mounts': '/dev/root / ext4 rw 0 0\n',
    '/proc/sys/kernel/hostname': 'testhost\n',
    '/proc/sys/kernel/ostype': 'Linux\n',
    '/proc/sys/kernel/version': `${textAt(platform, 'kernelVersion') ?? '#1 SMP'}\n`,
    '/proc/sys/kernel/arch': `${textAt(platform, 'machine') ?? 'x86_64'}\n`,
    '/sys/class/dmi/id/': '',
    ...Object.fromEntries(dmi.map(([field, text]) => [`/sys/class/dmi/id/${field}`, `${text}\n`])),
    ...diskFiles(vector),
    ...transportKeyFiles(vector),
  }
}

const disksOf = (vector: JsonObject): JsonObject[] => {
  const disk = vector['disk']
  return [...(isJsonObject(disk) ? [disk] : []), ...objectsAt(vector, 'disks')]
}

const diskFiles = (vector: JsonObject): Record<string, MemoryFile> =>
  Object.fromEntries(disksOf(vector).map((disk) => [textAt(disk, 'device') ?? '/dev/sda', { device: true } as const]))

const memoryDisk = (disk: JsonObject): MemoryDisk => {
  const [label, type] = [textAt(disk, 'label'), textAt(disk, 'fstype')]
  const [uuid, labelFatboot] = [textAt(disk, 'uuid'), textAt(disk, 'labelFatboot')]
  const files = Object.entries(objectAt(disk, 'files')).map(([path, value]) => [path, contentOf(value)] as const)
  return {
    path: textAt(disk, 'device') ?? '/dev/sda',
    ...(label !== undefined && { label }),
    ...(type !== undefined && { type }),
    ...(uuid !== undefined && { uuid }),
    ...(labelFatboot !== undefined && { labelFatboot }),
    isPartition: disk['partition'] === true,
    unmountable: disk['unmountable'] === true,
    files: Object.fromEntries(files),
  }
}

const commandOf = (value: Json): MemoryCommand => {
  if (!isJsonObject(value)) return String(value ?? '')
  const base64 = textAt(value, 'stdoutBase64')
  return {
    stdout: base64 === undefined ? (textAt(value, 'stdout') ?? '') : Buffer.from(base64, 'base64'),
    stderr: textAt(value, 'stderr') ?? '',
    exitCode: typeof value['rc'] === 'number' ? value['rc'] : 0,
  }
}

const defaultLease = { 'fixed-address': '10.0.0.5', 'subnet-mask': '255.255.255.0', routers: '10.0.0.1' }

/** By link. `dhcpByNic` says which links have a lease; without it the general one is for all. */
const leasesOf = (platform: JsonObject, nics: readonly RecordedNic[]): Record<string, Record<string, string>> => {
  const leases: Record<string, Record<string, string>> = {}
  for (const { name } of nics) {
    const lease = isJsonObject(platform['dhcpByNic']) ? platform['dhcpByNic'][name] : platform['dhcp']
    if (!isJsonObject(lease)) continue
    const { interface: _link, ...options } = textMapAt({ lease }, 'lease')
    leases[name] = { ...defaultLease, ...options }
  }
  return leases
}

export const recordedMachine = (vector: JsonObject): MemoryMachine => {
  const platform = objectAt(vector, 'platform')
  const nics = nicsOf(platform)
  const now = textAt(vector, 'now')
  const commands = Object.entries(objectAt(platform, 'commands')).map(
    ([line, value]) => [line, commandOf(value)] as const,
  )
  const cloud = recordedCloud(vector)
  return memoryMachine({
    files: { ...systemFiles(vector, platform), ...nicFiles(nics), ...recordedFiles(platform) },
    commands: Object.fromEntries(commands),
    disks: disksOf(vector).map(memoryDisk),
    leases: leasesOf(platform, nics),
    environment: textMapAt(platform, 'env'),
    http: (request, machine) => {
      leavePool(vector, request, machine)
      return cloud(request)
    },
    ...(now !== undefined && { startTime: Date.parse(now) }),
  })
}
