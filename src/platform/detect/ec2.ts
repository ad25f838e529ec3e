import type { Machine } from '../../machine/machine.ts'
import { firstLineOf } from '../asking.ts'
import { searchConfig } from '../config-search.ts'
import type { Evidence } from '../evidence.ts'
import { readIdentifyConfig } from '../identify-config.ts'
import { type Detector, FOUND, NOT_FOUND } from './detector.ts'
import { seeded } from './signs.ts'

const STRICT_KEY = 'ci.datasource.ec2.strict_id'

/**
 * The first block of an EC2 instance's SMBIOS uuid begins with `ec2`, or has those bytes swapped where the firmware
 * writes it little-endian (AWS, "Detect whether a host is an EC2 instance").
 */
const isEc2Uuid = (uuid: string): boolean => {
  const [block = ''] = uuid.split('-', 1)
  return /^ec2/i.test(block) || /2[0-9a-f]ec$/i.test(block)
}

/** AWS itself, or a cloud that serves the same metadata. */
const isEc2Platform = async ({ machine, dmi }: Evidence): Promise<boolean> => {
  const vendor = await dmi('sys_vendor')
  if ((await dmi('product_serial')).endsWith('.brightbox.com')) return true
  if ((await dmi('chassis_asset_tag')).endsWith('.zstack.io')) return true
  if (vendor === 'e24cloud' || vendor === 'Tilaa') return true
  if (vendor === '3DS Outscale' && (await dmi('product_name')) === '3DS Outscale VM') return true
  if (firstLineOf(machine, '/sys/hypervisor/uuid')?.startsWith('ec2')) return true
  return isEc2Uuid(await dmi('product_uuid'))
}

const strictSetting = (machine: Machine, cmdline: string): string | undefined => {
  const words = ` ${cmdline} `
  const start = words.lastIndexOf(` ${STRICT_KEY}=`)
  if (start >= 0) return words.slice(start + STRICT_KEY.length + 2).split(' ', 1)[0] || undefined
  return searchConfig(machine, 'strict_id', /ec2/i) ?? readIdentifyConfig(machine)[STRICT_KEY]
}

export const ec2Detector: Detector = {
  id: 'Ec2',
  check: async (evidence) => {
    if (await seeded('ec2', 'meta-data', 'user-data')(evidence)) return FOUND
    if (evidence.isContainer) return NOT_FOUND
    if (await isEc2Platform(evidence)) return FOUND
    const strict = strictSetting(evidence.machine, evidence.cmdline) ?? 'true'
    const allowsOthers = /^(false|warn|warn,[0-9].*)$/.test(strict)
    if (!allowsOthers) return NOT_FOUND
    return { verdict: 'maybe', config: `datasource: {Ec2: {strict_id: "${strict}"}}` }
  },
}
