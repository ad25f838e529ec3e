import { toVariables } from '../instance/variables.ts'
import { ConfigError, messageOf } from '../machine/errors.ts'
import type { JsonObject } from '../machine/json.ts'
import type { Log } from '../machine/log.ts'
import { TemplateRuntimeError, TemplateSyntaxError } from './errors.ts'
import { defaultTemplateLimits, type TemplateLimits } from './limits.ts'
import { renderBasic, renderJinja } from './render.ts'
import { missingPrefix } from './values.ts'

export { variablesOf } from '../instance/variables.ts'

/** The first line of a template: `## template: jinja`. */
export interface TemplateHeader {
  /** `basic` is the kind without a header: `$name`. */
  readonly kind: 'jinja' | 'basic'
  readonly body: string
  /** Line of the body's first line. */
  readonly firstLine: number
}

/** @throws ConfigError for a kind of template that there is not */
export const readHeader = (text: string): TemplateHeader => {
  const end = text.indexOf('\n')
  const first = end < 0 ? text : text.slice(0, end)
  const kind = /^##\s*template:(.*)/i.exec(first)?.[1]?.trim().toLowerCase()
  if (kind === undefined) return { kind: 'basic', body: text, firstLine: 1 }
  if (kind !== 'jinja' && kind !== 'basic') {
    throw new ConfigError('template', `Unknown template rendering type '${kind}' requested`)
  }
  return { kind, body: end < 0 ? '' : text.slice(end + 1), firstLine: 2 }
}

/**
 * Renders a text by its header. A variable that is missing is warned about.
 * @param name what the text is called in messages
 * @throws ConfigError for an unknown kind, TemplateSyntaxError, TemplateRuntimeError
 */
export const renderByHeader = (
  text: string,
  name: string,
  variables: JsonObject,
  log: Log,
  limits: TemplateLimits = defaultTemplateLimits,
): string => {
  const { kind, body, firstLine } = readHeader(text)
  const rendered = kind === 'jinja' ? renderJinja(body, variables, firstLine, limits) : renderBasic(body, variables)
  const missing = [...rendered.matchAll(new RegExp(`${missingPrefix}(\\S+)`, 'g'))].map(
    ([, variable = '']) => `'${variable.replaceAll(missingPrefix, '')}'`,
  )
  if (missing.length > 0) {
    log.warning(`Could not render jinja template variables in file '${name}': ${missing.join(', ')}`)
  }
  return rendered
}

/**
 * Renders a jinja template among configuration and user-data.
 * @throws ConfigError when it has no jinja header or can't be rendered; the message names file, line and reason
 */
export const renderTemplate = (
  text: string,
  name: string,
  variables: JsonObject,
  log: Log,
  limits: TemplateLimits = defaultTemplateLimits,
): string => {
  if (readHeader(text).kind !== 'jinja') throw new ConfigError(name, 'has no header "## template: jinja"')
  try {
    return renderByHeader(text, name, variables, log, limits)
  } catch (error) {
    throw new ConfigError(name, `the template can't be rendered: ${messageOf(error)}`)
  }
}

/** For `query --format`. undefined: it can't be rendered, which is told in the log. */
export const renderQueryFormat = (format: string, data: JsonObject, log: Log): string | undefined => {
  const name = 'query command line'
  return renderOrWarn(`## template: jinja\n${format}`, name, toVariables(data, { aliases: true }), log)
}

/** Renders; a mistake is told in the log in cloud-init's words, and gives undefined. */
export const renderOrWarn = (text: string, name: string, variables: JsonObject, log: Log): string | undefined => {
  try {
    return renderByHeader(text, name, variables, log)
  } catch (error) {
    if (error instanceof TemplateSyntaxError) {
      log.error(`Failed to render templated data. ${describeSyntaxError(error, text)}`)
    } else if (error instanceof TemplateRuntimeError) {
      log.warning(`Ignoring jinja template for ${name}: ${error.message}`)
    } else throw error
    return undefined
  }
}

/** A mistake with the line that has it. */
export const describeSyntaxError = (error: TemplateSyntaxError, text: string): string => {
  const line = text.split(/\r\n|\r|\n/)[error.line - 1] ?? ''
  return `Unable to parse Jinja template due to syntax error: ${error.detail} on line ${error.line}: ${line}`
}
