/** Short names of suites that belong to a release. */
const shortNames: Readonly<Record<string, string>> = {
  updates: '$RELEASE-updates',
  backports: '$RELEASE-backports',
  security: '$RELEASE-security',
  proposed: '$RELEASE-proposed',
  release: '$RELEASE',
}

/** Full names of the suites that `disable_suites` names. */
export const suiteNames = (suites: readonly string[], release: string): ReadonlySet<string> =>
  new Set(
    suites.map((suite) =>
      (Object.hasOwn(shortNames, suite) ? (shortNames[suite] ?? suite) : suite).replaceAll(
        /\$(?:RELEASE|\{RELEASE\})/g,
        release,
      ),
    ),
  )

/** True for the format with fields (deb822(5)), false for the one with a line per source. */
export const isDeb822 = (text: string): boolean =>
  !/^(deb|deb-src)[ \t]/m.test(text) && /^(Types|URIs|Suites|Components):[ \t]/m.test(text)

/** The sources without those suites; what is taken out stays as a comment. */
export const withoutSuites = (text: string, disabled: ReadonlySet<string>): string => {
  if (disabled.size === 0) return text
  return isDeb822(text) ? fromStanzas(text, disabled) : fromLines(text, disabled)
}

const commentedOut = (line: string): string => `# disable_suites: ${line}`

/** `deb [ options ] URI SUITE components` (sources.list(5)): the options may hold blanks. */
const suiteOf = (line: string): string | undefined => /^\s*deb(?:-src)?\s+(?:\[[^\]]*\]\s*)?\S+\s+(\S+)/.exec(line)?.[1]

const fromLines = (text: string, disabled: ReadonlySet<string>): string =>
  text
    .split('\n')
    .map((line) => (disabled.has(suiteOf(line) ?? '') ? commentedOut(line) : line))
    .join('\n')

const fromStanzas = (text: string, disabled: ReadonlySet<string>): string =>
  text
    .split(/(\n[ \t]*\n+)/)
    .map((part) => fromStanza(part, disabled))
    .join('')

/** A stanza left without suites is taken out whole. */
const fromStanza = (stanza: string, disabled: ReadonlySet<string>): string => {
  const [whole, field = '', list = ''] = /^(Suites:)((?:.*)(?:\n[ \t]+\S.*)*)$/m.exec(stanza) ?? []
  if (whole === undefined) return stanza
  const suites = list.split(/\s+/).filter(Boolean)
  const kept = suites.filter((suite) => !disabled.has(suite))
  if (kept.length === suites.length) return stanza
  if (kept.length > 0)
    return stanza.replace(whole, `${commentedOut(`${field} ${suites.join(' ')}`)}\n${field} ${kept.join(' ')}`)
  return stanza
    .split('\n')
    .map((line) => (line.trim() === '' || line.startsWith('#') ? line : commentedOut(line)))
    .join('\n')
}
