import { parseYaml } from '../cloudconfig/yaml.ts'
import { isJsonObject, type Json } from '../machine/json.ts'

/** Keys of netplan, keyfiles, interfaces(5) and ifcfg files whose values nobody should read over a shoulder. */
const secretKey = /passw|passphrase|psk|secret|private|preshared|^key\d?$|^pin$|^shared$|(wep|wireless)[-_]?key/i

/** `psk=...`, `wpa-psk ...` */
const assignment = /^(?<start>\s*(?<key>[\w.-]+)\s*[=:\s]\s*)(?<value>\S.*)$/

export interface Masked {
  /** The text without its secrets; undefined when they can't be told from the rest. */
  text(path: string, content: string): string | undefined
}

/**
 * Takes secrets out of network configuration. The same secret gets the same number, so that a change can still be seen.
 */
export const maskSecrets = (): Masked => {
  const numbers = new Map<string, number>()
  const placeholder = (secret: string): string => {
    const number = numbers.get(secret) ?? numbers.size + 1
    numbers.set(secret, number)
    return `<secret ${number}>`
  }
  const maskLine = (line: string): string => {
    const { start = '', key = '', value = '' } = assignment.exec(line)?.groups ?? {}
    return secretKey.test(key) ? `${start}${placeholder(value)}` : line
  }
  const maskValue = (value: Json, isSecret: boolean): Json => {
    if (Array.isArray(value)) return value.map((item) => maskValue(item, isSecret))
    if (isJsonObject(value))
      return Object.fromEntries(
        // netplan has WireGuard's key pair under `keys`, of which only the public one is none.
        Object.entries(value).map(([key, item]) => [key, maskValue(item, isSecret || secretKey.test(key))]),
      )
    return isSecret && value !== null ? placeholder(String(value)) : value
  }
  const maskYaml = (path: string, content: string): string | undefined => {
    // Comments first: a secret may stand in one.
    try {
      return yamlLines(maskValue(parseYaml(content, path), false)).join('\n')
    } catch {
      return undefined
    }
  }
  return {
    text: (path, content) =>
      /\.ya?ml$/.test(path) ? maskYaml(path, content) : content.split('\n').map(maskLine).join('\n'),
  }
}

/** YAML to be read by people only, one value a line. */
const yamlLines = (value: Json, indent = ''): string[] => {
  const items: readonly (readonly [string, Json])[] = Array.isArray(value)
    ? value.map((item) => ['-', item] as const)
    : isJsonObject(value)
      ? Object.entries(value).map(([key, item]) => [`${key}:`, item] as const)
      : [['', value] as const]
  return items.flatMap(([start, item]) =>
    typeof item === 'object' && item !== null && Object.keys(item).length > 0
      ? [`${indent}${start}`, ...yamlLines(item, `${indent}  `)]
      : [`${indent}${start} ${typeof item === 'string' ? item : JSON.stringify(item)}`.trimEnd()],
  )
}
