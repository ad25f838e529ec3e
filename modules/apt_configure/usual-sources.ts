import { renderTemplate } from '../../src/distros/render-template.ts'
import type { Machine } from '../../src/machine/machine.ts'
import type { Mirrors } from './mirrors.ts'

/** What a template of sources may say. */
export interface SourceWords {
  readonly mirrors: Mirrors
  /** `bookworm` */
  readonly release: string
  /** Files of the keys that mirrors are signed with, where the configuration names some. */
  readonly keyFiles: Readonly<Partial<Record<'primary' | 'security', string>>>
}

interface Usual {
  readonly types: string
  readonly components: string
  readonly keyring: string
}

const usual: Readonly<Record<string, Usual>> = {
  debian: { types: 'deb deb-src', components: 'main', keyring: '/usr/share/keyrings/debian-archive-keyring.gpg' },
  ubuntu: {
    types: 'deb',
    components: 'main universe restricted multiverse',
    keyring: '/usr/share/keyrings/ubuntu-archive-keyring.gpg',
  },
}

/** Until Debian 10 the security suite had another form of name. */
const securitySuite = (release: string): string =>
  ['stretch', 'buster'].includes(release) ? `${release}/updates` : `${release}-security`

const builtIn = (distro: string, { mirrors, release, keyFiles }: SourceWords): string | undefined => {
  const known = Object.hasOwn(usual, distro) ? usual[distro] : undefined
  if (known === undefined) return undefined
  const stanza = (uri: string, suites: readonly string[], keyring: string): string =>
    [
      `Types: ${known.types}`,
      `URIs: ${uri}`,
      `Suites: ${suites.join(' ')}`,
      `Components: ${known.components}`,
      `Signed-By: ${keyring}`,
      '',
    ].join('\n')
  const keyring = keyFiles.primary ?? known.keyring
  return [
    '# Package sources (deb822(5)), written once for each instance, unless apt.preserve_sources_list is true.',
    stanza(mirrors.primary, [release, `${release}-updates`, `${release}-backports`], keyring),
    stanza(mirrors.security, [securitySuite(release)], keyFiles.security ?? keyring),
  ].join('\n')
}

/** Values for templates, under the names that templates of cloud-init's images use. */
export const sourceValues = ({ mirrors, release, keyFiles }: SourceWords): Record<string, string> => {
  const { primary, security, all } = mirrors
  const upper = Object.fromEntries(Object.entries(all).map(([name, uri]) => [name.toUpperCase(), uri]))
  return {
    ...all,
    ...upper,
    primary,
    security,
    mirror: primary,
    PRIMARY: primary,
    SECURITY: security,
    MIRROR: primary,
    RELEASE: release,
    codename: release,
    ...(keyFiles.primary !== undefined && { primary_key: keyFiles.primary }),
    ...(keyFiles.security !== undefined && { security_key: keyFiles.security }),
  }
}

/** The usual sources of a distribution: by the image's own template, where it has one. undefined: not known. */
export const usualSources = async (
  machine: Machine,
  templates: string,
  distro: string,
  words: SourceWords,
): Promise<string | undefined> => {
  for (const name of [`sources.list.${distro}.deb822.tmpl`, 'sources.list.tmpl']) {
    const template = machine.files.readTextIfExists(`${templates}/${name}`)
    if (template !== undefined) return renderTemplate(template, sourceValues(words))
  }
  return builtIn(distro, words)
}
