/** Lines `key = value` under headers `[section]`, as puppet.conf, client.conf and server.cfg have them. */
export type Settings = Readonly<Record<string, string>>

const header = /^\s*\[([^\]]+)\]\s*$/
const comment = /^\s*([#;].*)?$/

interface Assignment {
  readonly key: string
  readonly value: string
}

const assignmentOf = (line: string): Assignment | undefined => {
  if (comment.test(line)) return undefined
  const at = line.indexOf('=')
  return at > 0 ? { key: line.slice(0, at).trim(), value: line.slice(at + 1).trim() } : undefined
}

/** The settings of a section; those before the first header are in the section ''. The last of several counts. */
export const readSettings = (text: string, section: string): Settings => {
  const found: Record<string, string> = {}
  let current = ''
  for (const line of text.split('\n')) {
    const name = header.exec(line)?.[1]
    if (name !== undefined) current = name.trim()
    const assignment = assignmentOf(line)
    if (assignment && name === undefined && current === section) found[assignment.key] = assignment.value
  }
  return found
}

interface Section {
  readonly name: string
  /** Without the header. */
  readonly lines: readonly string[]
}

const sectionsOf = (text: string): Section[] => {
  const sections: { name: string; lines: string[] }[] = [{ name: '', lines: [] }]
  for (const line of text.replace(/\n+$/, '').split('\n')) {
    const name = header.exec(line)?.[1]
    if (name !== undefined) sections.push({ name: name.trim(), lines: [] })
    else sections.at(-1)?.lines.push(line)
  }
  return sections
}

const withoutBlankEnd = (lines: readonly string[]): readonly string[] =>
  lines.slice(0, lines.findLastIndex((line) => line.trim() !== '') + 1)

/** The lines with these settings: those that are there change where they stand, the others follow at the end. */
const changed = (lines: readonly string[], settings: Settings): string[] => {
  const rest = new Map(Object.entries(settings))
  const kept = lines.flatMap((line) => {
    const assignment = assignmentOf(line)
    if (assignment === undefined) return [line]
    const { key } = assignment
    if (!Object.hasOwn(settings, key)) return [`${key} = ${assignment.value}`]
    const value = rest.get(key)
    rest.delete(key)
    return value === undefined ? [] : [`${key} = ${value}`]
  })
  return [...withoutBlankEnd(kept), ...[...rest].map(([key, value]) => `${key} = ${value}`)]
}

/**
 * The text with settings of one section set; comments and everything else stay. A section that is not there is added at
 * the end. Section '' is what stands before the first header.
 */
export const withSettings = (text: string, section: string, settings: Settings): string => {
  const sections = sectionsOf(text)
  const isThere = sections.some(({ name }) => name === section)
  const all = isThere ? sections : [...sections, { name: section, lines: [] }]
  const first = all.findIndex(({ name }) => name === section)
  const blocks = all.map(({ name, lines }, index) => {
    const own = index === first ? changed(lines, settings) : changed(lines, {})
    return [...(name === '' ? [] : [`[${name}]`]), ...own].join('\n')
  })
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`
}
