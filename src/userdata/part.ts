/** One part of user-data or vendor-data, unpacked: what a handler gets. */
export interface Part {
  /** Lower case, without parameters: `text/x-shellscript`. */
  readonly contentType: string
  /** As the sender named it (never trusted as a path), or `part-001` by its place. */
  readonly filename: string
  /** Text; bytes that are not UTF-8 are escaped (src/machine/bytes.ts). */
  readonly payload: string
  /** Headers beside those of MIME itself, such as Merge-Type and Launch-Index. */
  readonly headers: Readonly<Record<string, string>>
}

export const contentTypes = {
  archive: 'text/cloud-config-archive',
  boothook: 'text/cloud-boothook',
  cloudConfig: 'text/cloud-config',
  include: 'text/x-include-url',
  includeOnce: 'text/x-include-once-url',
  jinja: 'text/jinja2',
  jsonPatch: 'text/cloud-config-jsonp',
  /** Data that is no MIME message and begins with nothing known. */
  notMultipart: 'text/x-not-multipart',
  partHandler: 'text/part-handler',
  script: 'text/x-shellscript',
} as const

/** First words and what they say about the rest; longer ones before their beginnings. */
const beginnings: readonly (readonly [string, string])[] = [
  ['#cloud-config-archive', contentTypes.archive],
  ['#cloud-config-jsonp', contentTypes.jsonPatch],
  ['## template: jinja', contentTypes.jinja],
  ['#cloud-boothook', contentTypes.boothook],
  ['#include-once', contentTypes.includeOnce],
  ['#cloud-config', contentTypes.cloudConfig],
  ['#part-handler', contentTypes.partHandler],
  ['#include', contentTypes.include],
  ['#!', contentTypes.script],
]

/** White space, and the four separators that Python's str.strip() counts as such; not the byte-order mark. */
const isBlank = (code: number): boolean =>
  (code >= 0x1c && code <= 0x1f) || code === 0x85 || (code !== 0xfeff && String.fromCharCode(code).trim() === '')

const withoutLeadingBlanks = (text: string): string => {
  let start = 0
  while (start < text.length && isBlank(text.charCodeAt(start))) start += 1
  return text.slice(start, start + 32)
}

/** The content type that the first word tells, whatever its case; undefined when it is none of the known ones. */
export const typeByBeginning = (payload: string): string | undefined => {
  const start = withoutLeadingBlanks(payload).toLowerCase()
  return beginnings.find(([word]) => start.startsWith(word))?.[1]
}
