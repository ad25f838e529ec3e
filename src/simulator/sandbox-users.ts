/** A user that the boot made. */
export interface SandboxUser {
  readonly name: string
  readonly userId: number
  readonly home: string
  readonly shell: string
  /** Further groups, by name. */
  readonly groups: readonly string[]
}

const rows = (text: string | undefined): string[][] =>
  (text ?? '')
    .split('\n')
    .filter((line) => line.includes(':'))
    .map((line) => line.split(':'))

/** Users of /etc/passwd that were not there before. */
export const addedUsers = (
  before: string | undefined,
  after: string | undefined,
  groups: string | undefined,
): SandboxUser[] => {
  const known = new Set(rows(before).map(([name]) => name))
  const memberships = rows(groups).map(([name = '', , , members = '']) => ({ name, members: members.split(',') }))
  return rows(after)
    .filter(([name]) => !known.has(name))
    .map(([name = '', , userId = '', , , home = '', shell = '']) => ({
      name,
      userId: Number(userId),
      home,
      shell,
      groups: memberships.filter(({ members }) => members.includes(name)).map((group) => group.name),
    }))
}
