import { FirstlightError } from '../../src/machine/errors.ts'
import type { HttpResponse } from '../../src/machine/http.ts'
import { type RetryOptions, requestWithRetries, textOf } from '../../src/machine/http-retry.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { type AttributeScope, readAttributes } from './attributes.ts'

/** What the metadata server says, as far as it is used. */
export interface GceMetadata {
  readonly id: string
  /** `projects/<number>/zones/<zone>`, or the zone alone. */
  readonly zone: string
  readonly hostname: string
  readonly instance: JsonObject
  readonly project: JsonObject
}

/** Without it the server answers 403, so that no web page can be tricked into asking. */
export const flavor = { 'Metadata-Flavor': 'Google' }

/** The name of the server is not known to anybody. */
export const isUnresolved = (error: unknown): boolean =>
  error instanceof FirstlightError && 'reason' in error && error.reason === 'unresolved'

/**
 * Reads all five documents at once.
 * @param base address of the tree, with a slash at its end
 * @returns undefined when one of those that every instance has can't be had: not this cloud, or not now; 'unresolved' when
 *   that is because the name in `base` is unknown.
 * @throws HttpStatusError, DatasourceError when a document is there, but unusable.
 */
export const readMetadata = async (
  machine: Machine,
  base: string,
  retry: RetryOptions,
): Promise<GceMetadata | 'unresolved' | undefined> => {
  const ask = (path: string, options: RetryOptions): Promise<HttpResponse> =>
    requestWithRetries(machine, { url: `${base}${path}`, headers: flavor }, options)

  // A name that does not resolve will not do so a second later: then there is no metadata server.
  const rule: RetryOptions['rule'] = (outcome) => (isUnresolved(outcome) ? 'stop' : undefined)
  const problems: FirstlightError[] = []
  const required = async (path: string): Promise<HttpResponse | undefined> => {
    try {
      const response = await ask(path, { ...retry, rule })
      return response.status === 200 ? response : undefined
    } catch (error) {
      if (!(error instanceof FirstlightError)) throw error
      problems.push(error)
      return undefined
    }
  }
  const missing: string[] = []
  const optional = async (scope: AttributeScope): Promise<HttpResponse | undefined> => {
    const path = `${scope}/attributes/?recursive=True`
    try {
      const response = await ask(path, { ...retry, rule, answers: [404] })
      return response.status === 200 ? response : undefined
    } catch (error) {
      if (!(error instanceof FirstlightError)) throw error
      if (!isUnresolved(error)) missing.push(`going on without ${scope} attributes: ${error.message}`)
      return undefined
    }
  }

  const [id, zone, hostname, instance, project] = await Promise.all([
    required('instance/id'),
    required('instance/zone'),
    required('instance/hostname'),
    optional('instance'),
    optional('project'),
  ])
  if (!id || !zone || !hostname) {
    const [problem] = problems
    if (problem) machine.log[isUnresolved(problem) ? 'info' : 'warning'](`no metadata: ${problem.message}`)
    return isUnresolved(problem) ? 'unresolved' : undefined
  }
  for (const line of missing) machine.log.warning(line)
  return {
    id: textOf(id),
    zone: textOf(zone),
    hostname: textOf(hostname),
    instance: instance ? readAttributes(instance, 'instance') : {},
    project: project ? readAttributes(project, 'project') : {},
  }
}
