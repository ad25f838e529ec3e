/** What interfaces(5) says of each interface: its `auto`, `allow-*` and `iface` stanzas, in order. */
const stanzasOf = (text: string): Map<string, string> => {
  const stanzas = new Map<string, string>()
  let names: string[] = []
  for (const raw of text.split('\n')) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const [word = '', ...more] = line.split(/\s+/)
    if (word === 'iface') names = more.slice(0, 1)
    else if (word === 'auto' || word.startsWith('allow-')) names = more
    else if (/^(mapping|source|source-directory|template|no-auto-down|no-scripts|rename)$/.test(word)) names = []
    for (const name of names) stanzas.set(name, `${stanzas.get(name) ?? ''}${line}\n`)
    // What is allowed to come up has no lines of its own below it.
    if (word === 'auto' || word.startsWith('allow-')) names = []
  }
  return stanzas
}

/** The interfaces of which one text says something else than the other, or nothing. */
export const changedStanzas = (before: string, after: string): string[] => {
  const [old, next] = [stanzasOf(before), stanzasOf(after)]
  return [...new Set([...old.keys(), ...next.keys()])].filter((name) => old.get(name) !== next.get(name))
}
