import type { BlockDevice } from '../../machine/disks.ts'
import type { CommandResult } from '../../machine/machine.ts'
import { answerOf, firstLineOf, isFile } from '../asking.ts'
import { searchConfigValue } from '../config-search.ts'
import type { Evidence } from '../evidence.ts'
import { anyOf, type Detector, FOUND, NOT_FOUND, type Sign } from './detector.ts'
import { assetTagIs, seeded } from './signs.ts'
import { AZURE_CHASSIS } from './simple.ts'

/** VMware's guestinfo, and OVF, which comes the same way or on a CD. */

type Tool = 'vmware-rpctool' | 'vmtoolsd'

const argvOf = (tool: Tool, key: string): readonly string[] =>
  tool === 'vmtoolsd' ? [tool, '--cmd', `info-get guestinfo.${key}`] : [tool, `info-get guestinfo.${key}`]

/** The lines that say something: `---` is how the datasource blanks a value it has used. */
const telling = (text: string): string =>
  text
    .split('\n')
    .filter((line) => /[\p{L}\p{N}]/u.test(line))
    .join('\n')

const guestInfo = async (
  { machine }: Evidence,
  key: string,
  tools: readonly Tool[],
  read: (answer: CommandResult) => string,
): Promise<string> => {
  for (const tool of tools) {
    const answer = await answerOf(machine, argvOf(tool, key))
    const text = answer ? telling(read(answer)) : ''
    if (text !== '') return text
  }
  return ''
}

const hasEnvironment: Sign = ({ machine: { environment } }) =>
  Boolean(environment['VMX_GUESTINFO']) &&
  ['METADATA', 'USERDATA', 'VENDORDATA'].some((key) => Boolean(environment[`VMX_GUESTINFO_${key}`]))

const hasGuestInfo: Sign = async (evidence) => {
  for (const key of ['metadata', 'userdata', 'vendordata']) {
    const text = await guestInfo(evidence, key, ['vmware-rpctool', 'vmtoolsd'], ({ stdout }) => stdout)
    if (text !== '') return true
  }
  return false
}

/** open-vm-tools' plugin for guest customization, wherever a distribution keeps libraries. */
const plugins = ['vmware-tools', 'open-vm-tools'].flatMap((tools) =>
  ['lib', 'lib64', 'lib/x86_64-linux-gnu', 'lib/aarch64-linux-gnu', 'lib/i386-linux-gnu'].map(
    (library) => `/usr/${library}/${tools}/plugins/vmsvc/libdeployPkgPlugin.so`,
  ),
)

const customizes: Sign = ({ machine }) =>
  plugins.some((path) => isFile(machine, path)) &&
  ['0', 'false', 'False'].includes(searchConfigValue(machine, 'disable_vmware_customization') ?? '')

const isVmwareWithTools: Sign = async ({ machine, virtualisation }) =>
  (await virtualisation()) === 'vmware' &&
  (machine.which('vmware-rpctool') !== undefined || machine.which('vmtoolsd') !== undefined)

/** guestinfo.ovfEnv, which only vmware-rpctool is asked for. */
const hasOvfGuestInfo: Sign = async (evidence) => {
  if (!(await isVmwareWithTools(evidence)) || evidence.machine.which('vmware-rpctool') === undefined) return false
  const text = await guestInfo(
    evidence,
    'ovfEnv',
    ['vmware-rpctool', 'vmtoolsd'],
    ({ stdout, stderr }) => stdout + stderr,
  )
  return text.startsWith('<?xml') || text.startsWith('<?XML')
}

const OVF_LABELS = ['OVF-TRANSPORT', 'ovf-transport', 'OVFENV', 'ovfenv', 'OVF ENV', 'ovf env']
const OTHERS_LABELS = /^(config-2|CONFIG-2|cidata|CIDATA|rd_rdfe_stable.*)$/
const SECTORS_PER_MEGABYTE = 2048
const LARGEST_MEGABYTES = 10
const NAMESPACE = 'http://schemas.dmtf.org/ovf/environment/1'

/** A small CD that holds OVF's namespace somewhere, or has one of its labels. */
const isOvfDisk = ({ machine }: Evidence, { path, type, label, labelFatboot }: BlockDevice): boolean => {
  if (type !== 'iso9660' || !/^\/dev\/(sr[0-9]|hd[a-z])$/.test(path)) return false
  const name = label ?? labelFatboot ?? ''
  if (OVF_LABELS.includes(name)) return true
  if (OTHERS_LABELS.test(name)) return false
  const sectors = Number(firstLineOf(machine, `/sys/class/block/${path.slice('/dev/'.length)}/size`) || Number.NaN)
  if (!(Math.floor(sectors / SECTORS_PER_MEGABYTE) < LARGEST_MEGABYTES)) return false
  try {
    const content = machine.files.readBytes(path, LARGEST_MEGABYTES * 1024 * 1024)
    return Buffer.from(content).toString('latin1').toLowerCase().includes(NAMESPACE)
  } catch {
    return false
  }
}

export const vmwareDetectors: readonly Detector[] = [
  {
    id: 'VMware',
    check: async (evidence) => {
      if (await hasEnvironment(evidence)) return FOUND
      if (!(await isVmwareWithTools(evidence))) return NOT_FOUND
      return anyOf(hasGuestInfo, customizes)(evidence)
    },
  },
  {
    id: 'OVF',
    check: async (evidence) => {
      if (await seeded('ovf', 'ovf-env.xml')(evidence)) return FOUND
      if ((await evidence.virtualisation()) === 'none') return NOT_FOUND
      // Azure's provisioning CD is OVF, too.
      if (await assetTagIs(AZURE_CHASSIS)(evidence)) return NOT_FOUND
      if (await hasOvfGuestInfo(evidence)) return FOUND
      return (await evidence.disks()).some((disk) => isOvfDisk(evidence, disk)) ? FOUND : NOT_FOUND
    },
  },
]
