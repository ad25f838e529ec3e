import { FirstlightError } from '../../src/machine/errors.ts'
import { isJsonObject, type JsonObject, objectAt, textAt } from '../../src/machine/json.ts'
import {
  type InitramfsFacts,
  initramfsWasAsked,
  networkFromCmdline,
  networkFromInitramfs,
} from '../../src/network/from-cmdline.ts'
import { differences, type VectorRunner } from './family.ts'

/** cmdline/<case>.json: the kernel command line, or what klibc noted, becomes network config. */
export const runCmdline: VectorRunner = async (vector: JsonObject) => {
  try {
    const actual = vector['family'] === 'cmdline-klibc' ? klibc(vector) : networkConfig(vector)
    if (vector['expected_error'] !== undefined) return [`expected a failure, got ${JSON.stringify(actual)}`]
    return differences(vector['expected'], actual)
  } catch (error) {
    if (vector['expected_error'] !== undefined && error instanceof FirstlightError) return []
    throw error
  }
}

const networkConfig = (vector: JsonObject): JsonObject => ({
  network_config: networkFromCmdline(textAt(vector, 'cmdline') ?? '') ?? null,
})

/** What the machine of the case knows of its initramfs. */
export const klibcFacts = (vector: JsonObject): InitramfsFacts => {
  const nics = Array.isArray(vector['interfaces']) ? vector['interfaces'].filter(isJsonObject) : []
  return {
    cmdline: textAt(vector, 'cmdline') ?? '',
    files: Object.entries(objectAt(vector, 'files')).map(([path, text]) => ({ path, text: String(text) })),
    macs: new Map(nics.map(({ name, mac }) => [String(name), String(mac)])),
    isIscsiRoot: vector['open_iscsi_interface_file'] === true,
  }
}

const klibc = (vector: JsonObject): JsonObject => {
  const facts = klibcFacts(vector)
  if (!initramfsWasAsked(facts)) return { applicable: false }
  return { applicable: true, network_config: networkFromInitramfs(facts) }
}
