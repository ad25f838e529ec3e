import type { Machine } from '../machine/machine.ts'
import { unquote } from './config-search.ts'

/** Settings of /etc/cloud/ds-identify.cfg: `policy`, `datasource`, `ci.datasource.ec2.strict_id`. Lines `key: value`. */
export const readIdentifyConfig = (machine: Machine): Readonly<Record<string, string>> => {
  const settings: Record<string, string> = {}
  let text: string | undefined
  try {
    text = machine.files.readTextIfExists('/etc/cloud/ds-identify.cfg')
  } catch {
    machine.log.warning('/etc/cloud/ds-identify.cfg can not be read; identification goes on without it')
  }
  for (const line of (text ?? '').split('\n')) {
    const [code = ''] = line.split('#', 1)
    const colon = code.indexOf(':')
    if (colon < 0) continue
    settings[code.slice(0, colon).trim()] = unquote(code.slice(colon + 1).trim())
  }
  return settings
}
