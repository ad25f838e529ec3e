import { parseKeyPath } from './key-path.ts'
import type { Origin, Traced } from './origins.ts'
import { childOf } from './origins.ts'

/** What a message about a key begins with: `users[0].shell: ...`, `user-data: there is no key hostnam; ...`. */
const aboutKey = /^(?:\S+: )?(?:there is no key ([^;]+)|([A-Za-z_][\w-]*(?:\[\d+\]|\.[\w-]+)*):)/

/** Where the key stands that a message is about; undefined when it is about something else. */
export const locateMessage = (message: string, config: Traced): Origin | undefined => {
  const [, unknown, named = ''] = aboutKey.exec(message) ?? []
  const path = unknown === undefined ? parseKeyPath(named) : [unknown]
  let traced: Traced | undefined = path && config
  for (const step of path ?? []) traced = traced && childOf(traced, step)
  return traced?.trace.origin
}
