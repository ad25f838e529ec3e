import type { JsonObject } from '../../src/machine/json.ts'

const shortKeys: Readonly<Record<string, string>> = { h: 'local-hostname', i: 'instance-id', s: 'seedfrom' }

/** A word of a command line that names NoCloud, and where it is read by default. */
const names = [
  { word: 'ds=nocloud', dsmode: 'local' },
  { word: 'ds=nocloud-net', dsmode: 'net' },
] as const

export const networkAddress = /^(https?|ftps?):\/\//
export const localAddress = /^(file:\/\/|\/)/

/**
 * Metadata in a text of words, one of which is `ds=nocloud;key=value;...` (or `ds=nocloud-net;...`): the kernel command
 * line, or the serial number in SMBIOS. `h`, `i` and `s` are short for local-hostname, instance-id and seedfrom.
 * @returns undefined when no word names NoCloud.
 */
export const metadataInWords = (text: string): JsonObject | undefined => {
  const words = text.split(/\s+/)
  for (const { word, dsmode } of names) {
    if (!words.some((candidate) => candidate === word || candidate.startsWith(`${word};`))) continue
    // Of several such words the last counts, even if it is one of the longer name.
    const metadata = pairs(words.findLast((candidate) => candidate.startsWith(word)) ?? '')
    if (metadata['dsmode'] === undefined) addDsmode(metadata, dsmode)
    return metadata
  }
  return undefined
}

const pairs = (word: string): JsonObject => {
  const metadata: JsonObject = {}
  for (const item of word.split(';').slice(1)) {
    if (item === '') continue
    const [key = '', ...value] = item.split('=')
    metadata[shortKeys[key] ?? key] = value.length > 0 ? value.join('=') : null
  }
  return metadata
}

/** Where a seed is fetched from says when it can be: from the net, or before. */
const addDsmode = (metadata: JsonObject, usual: string): void => {
  const seedfrom = metadata['seedfrom']
  if (typeof seedfrom !== 'string' || seedfrom === '') metadata['dsmode'] = usual
  else if (networkAddress.test(seedfrom)) metadata['dsmode'] = 'net'
  else if (localAddress.test(seedfrom)) metadata['dsmode'] = 'local'
}
