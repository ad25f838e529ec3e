/** A line of /etc/fstab (fstab(5)): device, folder, type, options, dump, pass. */
export type FstabEntry = readonly [string, string, string, string, string, string]

/** The option that marks lines of ours: the next instance replaces them. It means nothing to mount. */
const mark = 'comment=cloudconfig'

/** What would end a field, or begin an escape. */
const escapes: Readonly<Record<string, string>> = { '\\': '\\134', ' ': '\\040', '\t': '\\011', '\n': '\\012' }

const escaped = (field: string): string =>
  field.replaceAll(/[\\ \t\n]/g, (character) => escapes[character] ?? character)

const unescaped = (field: string): string =>
  field.replaceAll(/\\([0-7]{3})/g, (_whole, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))

export const marked = ([device, folder, type, options, dump, pass]: FstabEntry): FstabEntry => [
  device,
  folder,
  type,
  `${options},${mark}`,
  dump,
  pass,
]

export interface Fstab {
  /** Lines that are not ours, as they are. */
  readonly kept: readonly string[]
  /** Lines of ours from an earlier instance. */
  readonly own: readonly string[]
  /** Devices that lines not ours name. */
  readonly devices: ReadonlySet<string>
}

export const readFstab = (text: string): Fstab => {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const kept = lines.filter((line) => !line.includes(mark))
  const devices = kept.flatMap((line) => {
    const [device = ''] = line.trim().split(/\s+/)
    return device.startsWith('#') ? [] : [unescaped(device)]
  })
  return { kept, own: lines.filter((line) => line.includes(mark)), devices: new Set(devices) }
}

export const fstabLine = (entry: FstabEntry): string => entry.map(escaped).join('\t')

/** The text with these lines in place of ours, and whether they say something else than ours did. */
export const withEntries = (
  { kept, own }: Fstab,
  entries: readonly FstabEntry[],
): { readonly text: string; readonly isChanged: boolean } => {
  const lines = entries.map(fstabLine).filter((line) => !kept.includes(line))
  const plain = (line: string): string => line.trim().split(/\s+/).join(' ')
  const before = new Set(own.map(plain))
  const after = new Set(lines.map(plain))
  const isChanged = before.size !== after.size || [...after].some((line) => !before.has(line))
  return { text: `${[...kept, ...lines].join('\n')}\n`, isChanged }
}
