import type { ReportedProblem } from './check-text.ts'

/** A mark on a line of a file. */
export interface Annotation {
  /** `E1`, `D1` */
  readonly label: string
  readonly line: number
  readonly message: string
}

/**
 * The text with a mark behind every line of which something is said, and what is said below, as cloud-init writes it.
 * What has no line is marked on the first.
 */
export const annotate = (
  text: string,
  problems: readonly ReportedProblem[],
): { readonly text: string; readonly annotations: readonly Annotation[] } => {
  const errors = labelled(
    problems.filter(({ isDeprecated }) => !isDeprecated),
    'E',
  )
  const deprecations = labelled(
    problems.filter(({ isDeprecated }) => isDeprecated),
    'D',
  )
  const annotations = [...errors, ...deprecations]
  const marks = new Map<number, string[]>()
  for (const { label, line } of annotations) marks.set(line, [...(marks.get(line) ?? []), label])
  const lines = text.split('\n').map((line, index) => {
    const labels = marks.get(index + 1)
    return labels === undefined ? line : `${line}\t\t# ${labels.join(',')}`
  })
  return {
    text: [...lines, ...section('Errors', errors), ...section('Deprecations', deprecations)].join('\n'),
    annotations,
  }
}

const labelled = (problems: readonly ReportedProblem[], letter: string): Annotation[] =>
  problems
    .map(({ line = 1, message }) => ({ line, message }))
    .sort((left, right) => left.line - right.line)
    .map(({ line, message }, index) => ({ label: `${letter}${index + 1}`, line, message }))

const section = (title: string, annotations: readonly Annotation[]): string[] =>
  annotations.length === 0
    ? []
    : [`# ${title}: -------------`, ...annotations.map(({ label, message }) => `# ${label}: ${message}`), '\n']
