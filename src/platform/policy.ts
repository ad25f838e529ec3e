/** What identification may conclude (ds-identify.cfg `policy:`, or `ci.di.policy=` on the kernel command line). */
export interface Policy {
  /** `search` decides, `report` only tells, `enabled` and `disabled` need no search. */
  readonly mode: 'search' | 'report' | 'enabled' | 'disabled'
  /** Of several clouds found: use all of them in order, or the first. */
  readonly found: 'all' | 'first'
  /** When nothing was found for sure: use those that may be it, or none. */
  readonly maybe: 'all' | 'none'
  readonly notFound: 'enabled' | 'disabled'
}

/** The same on every architecture since OpenStack's metadata service is no longer guessed off x86 (CVE-2024-6174). */
export const defaultPolicy: Policy = { mode: 'search', found: 'all', maybe: 'none', notFound: 'disabled' }

const isOneOf = <T extends string>(value: string, allowed: readonly T[]): value is T =>
  (allowed as readonly string[]).includes(value)

/**
 * `search,found=first,maybe=none,notfound=disabled`: words in any order, the last of a kind wins, and what is missing
 * or makes no sense is as in `fallback`.
 */
export const parsePolicy = (text: string, fallback: Policy): Policy => {
  let policy = fallback
  for (const word of text.split(',')) {
    const equals = word.indexOf('=')
    const value = word.slice(equals + 1)
    switch (equals < 0 ? '' : word.slice(0, equals)) {
      case '':
        if (isOneOf(word, ['search', 'report', 'enabled', 'disabled'])) policy = { ...policy, mode: word }
        break
      case 'found':
        policy = { ...policy, found: isOneOf(value, ['all', 'first']) ? value : fallback.found }
        break
      case 'maybe':
        policy = { ...policy, maybe: isOneOf(value, ['all', 'none']) ? value : fallback.maybe }
        break
      case 'notfound':
        policy = { ...policy, notFound: isOneOf(value, ['enabled', 'disabled']) ? value : fallback.notFound }
        break
    }
  }
  return policy
}
