import type { ExplainedConfig } from '../boot/explain-config.ts'
import { annotatedEntries } from '../cloudconfig/annotated-config.ts'
import { showKeyPath } from '../cloudconfig/key-path.ts'
import type { Origin, Traced } from '../cloudconfig/origins.ts'
import type { Answer } from '../cloudconfig/why.ts'
import type { Json, JsonObject } from '../machine/json.ts'

/** One key for tools: its value, where that comes from, what it overrode, and the sources of everything in it. */
export const answerAsData = (answer: Answer, notes: readonly string[]): JsonObject => ({
  key: showKeyPath(answer.path),
  value: answer.traced.value,
  sources: sourcesOf(answer.traced),
  overrode: answer.overrode.map(({ path, origin, value }) => ({
    key: showKeyPath(path),
    ...originAsData(origin),
    value,
  })),
  contents: entriesOf(answer.traced),
  notes: [...notes],
})

/** The whole configuration for tools, and the source of each key and item of it. */
export const configAsData = ({ config, notes }: ExplainedConfig): JsonObject => ({
  config: config.value,
  sources: entriesOf(config),
  notes: [...notes],
})

const entriesOf = (traced: Traced): Json[] =>
  annotatedEntries(traced).map(({ path, entry }) => ({
    key: showKeyPath(path),
    sources: sourcesOf(entry),
    overrode: entry.trace.overrode.map(({ origin, value }) => ({ ...originAsData(origin), value })),
  }))

const sourcesOf = ({ trace }: Traced): Json[] => [trace.origin, ...(trace.others ?? [])].map(originAsData)

export const originAsData = ({ layer, source, part, isRendered, line, column }: Origin): JsonObject => ({
  layer,
  source,
  ...(part !== undefined && { part }),
  ...(line !== undefined && { line }),
  ...(column !== undefined && { column }),
  ...(isRendered && { rendered: true }),
})
