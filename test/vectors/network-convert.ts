import { parseYaml } from '../../src/cloudconfig/yaml.ts'
import { FirstlightError } from '../../src/machine/errors.ts'
import { isJsonObject, type JsonObject, objectAt, textAt } from '../../src/machine/json.ts'
import { convertNetwork, type NetworkKind, networkKinds } from '../../src/network/convert.ts'
import type { RenderedFile } from '../../src/network/render/renderer.ts'
import { differences, type VectorRunner } from './family.ts'

/** convert/<case>.json: one document, the files of every distro and renderer. */
export const runConvert: VectorRunner = async (vector: JsonObject) => [
  ...Object.entries(objectAt(vector, 'expected')).flatMap(([pair, expected]) =>
    isJsonObject(expected) ? runPair(vector, pair, expected, true) : [],
  ),
  ...Object.entries(objectAt(vector, 'expected_without_ip_command')).flatMap(([pair, expected]) =>
    isJsonObject(expected) ? runPair(vector, pair, expected, false) : [],
  ),
]

const runPair = (vector: JsonObject, pair: string, expected: JsonObject, hasIp: boolean): string[] => {
  const only = process.env['NETWORK_PAIR']
  if (only !== undefined && !pair.includes(only)) return []
  const [distro = '', renderer = ''] = pair.split('/')
  const name = `${pair}${hasIp ? '' : ' without ip'}`
  // A crash of the recorded program is not something to match; a sensible result is as good (README).
  if (expected['error'] !== undefined && expected['deliberate'] !== true) return []
  try {
    const files = convertNetwork(textAt(vector, 'input') ?? '', {
      kind: kindOf(vector),
      distro,
      renderer,
      hasIp,
      macs: nicsOf(objectAt(vector, 'macs')),
      nics: nicsOf(objectAt(vector, 'host_interfaces')),
      warn: () => {},
    })
    if (expected['error'] !== undefined) return [`${name}: expected a failure, got ${files.length} files`]
    return compareFiles(objectAt(expected, 'files'), files).map((difference) => `${name}: ${difference}`)
  } catch (error) {
    if (!(error instanceof FirstlightError)) throw error
    return expected['error'] === undefined ? [`${name}: raised ${error.message}`] : []
  }
}

const kindOf = (vector: JsonObject): NetworkKind => networkKinds.find((kind) => kind === vector['kind']) ?? 'yaml'

const nicsOf = (macs: JsonObject) => Object.entries(macs).map(([name, mac]) => ({ name, mac: String(mac) }))

const compareFiles = (expected: JsonObject, actual: readonly RenderedFile[]): string[] => {
  const files = new Map(actual.map((file) => [file.path.replace(/^\//, ''), file]))
  const paths = [...new Set([...Object.keys(expected), ...files.keys()])].sort()
  return paths.flatMap((path) => {
    const file = files.get(path)
    const wanted = expected[path]
    if (file === undefined) return [`${path}: missing`]
    if (!isJsonObject(wanted)) return [`${path}: too much`]
    const mode = file.mode.toString(8).padStart(4, '0')
    const modes = mode === wanted['mode'] ? [] : [`${path}: mode ${mode}, expected ${wanted['mode']}`]
    return [...modes, ...compareContent(path, textAt(wanted, 'content') ?? '', file.content)]
  })
}

/** By the rules of the vectors' README, "Comparing". */
const compareContent = (path: string, expected: string, actual: string): string[] => {
  if (path.endsWith('.yaml')) return differences(parseYaml(expected, path), parseYaml(actual, path), path)
  const [left, right] = [expected, actual].map((text) => normalised(path, text).join('\n'))
  return left === right ? [] : [`${path}: expected\n${left}\n-- got\n${right}`]
}

const normalised = (path: string, text: string): string[] => {
  const comment = path.endsWith('resolv.conf') ? /^\s*[#;]/ : /^\s*#(?! control-)/
  const lines = text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '' && !comment.test(line))
  if (path.endsWith('.nmconnection') || path.includes('/NetworkManager/')) return keysOfSections(lines)
  return /\/ifcfg-|sysconfig\/network$/.test(path) ? lines.sort() : lines
}

const keysOfSections = (lines: readonly string[]): string[] => {
  let section = ''
  return lines
    .map((line) => {
      if (!line.startsWith('[')) return `${section}${line.trim()}`
      section = line
      return line
    })
    .sort()
}
