import { type AnnotatedLine, annotatedLines } from '../cloudconfig/annotated-config.ts'
import { type KeyPath, showKeyPath } from '../cloudconfig/key-path.ts'
import { nearestName } from '../cloudconfig/nearest.ts'
import type { Traced } from '../cloudconfig/origins.ts'
import { type Answer, showOrigin } from '../cloudconfig/why.ts'
import { dumpYaml } from '../cloudconfig/yaml.ts'
import type { JsonObject } from '../machine/json.ts'
import type { Console } from './console.ts'

/** The widest line that still has its source on the same column as the others. */
const widest = 60

/** The whole configuration, each line with its source. */
export const printConfig = (console: Console, config: Traced): void => printLines(console, annotatedLines(config))

const printLines = (console: Console, lines: readonly AnnotatedLine[]): void => {
  const width = Math.min(
    widest,
    lines.reduce((most, { text }) => Math.max(most, text.length), 0),
  )
  console.print(lines.map((line) => `${line.text.padEnd(width)}  # ${sourceOf(line)}`).join('\n'))
}

const sourceOf = ({ trace }: AnnotatedLine): string => {
  const from = [trace.origin, ...(trace.others ?? [])].map(showOrigin).join(' and ')
  const over = trace.overrode.map(({ origin }) => showOrigin(origin)).join('; ')
  return over === '' ? from : `${from} (over ${over})`
}

/** One key: its value with its source, or each line of it, then what it overrode. */
export const printAnswer = (console: Console, { path, traced, overrode }: Answer): void => {
  const { value, trace } = traced
  if (typeof value === 'object' && value !== null) {
    console.print(`${showKeyPath(path)}:`)
    printLines(console, annotatedLines(traced, '  '))
  } else {
    console.print(`${showKeyPath(path)}: ${annotatedLines(traced)[0]?.text ?? ''}`)
    console.print(`  set by    ${[trace.origin, ...(trace.others ?? [])].map(showOrigin).join(' and ')}`)
  }
  for (const lost of overrode) {
    const text = dumpYaml(lost.value).trimEnd()
    const isLong = text.includes('\n')
    const whole = lost.path.length < path.length ? ` (all of ${showKeyPath(lost.path)})` : ''
    console.print(`  overrode  ${showOrigin(lost.origin)}${whole}:${isLong ? '' : ` ${text}`}`)
    if (isLong) console.print(text.replace(/^/gm, '    '), 'dim')
  }
}

/** Nothing sets the key: what is nearest. */
export const printMissing = (console: Console, path: KeyPath, config: Traced<JsonObject>): void => {
  const near = path.length === 1 ? nearestName(String(path[0]), Object.keys(config.value)) : undefined
  console.complain(`${showKeyPath(path)} is set nowhere.${near === undefined ? '' : ` Do you mean ${near}?`}`)
}

export const printNotes = (console: Console, notes: readonly string[]): void => {
  for (const note of notes) console.complain(`Note: ${note}`)
}
