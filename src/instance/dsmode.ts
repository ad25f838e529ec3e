import type { Log } from '../machine/log.ts'

/** In which stage a datasource takes effect; `disabled`: not at all. */
export type Dsmode = 'net' | 'local' | 'disabled'

const modes: readonly string[] = ['net', 'local', 'disabled'] satisfies Dsmode[]
const isDsmode = (text: string): text is Dsmode => modes.includes(text)

/** The first dsmode that was said, most important first; `net` when none was, or when that one is no dsmode. */
export const dsmodeOf = (candidates: readonly (string | undefined)[], log: Log): Dsmode => {
  const said = candidates.find((candidate) => candidate !== undefined)
  if (said === undefined || isDsmode(said)) return said ?? 'net'
  log.warning(`dsmode ${said} is none of ${modes.join(', ')}; using net`)
  return 'net'
}
