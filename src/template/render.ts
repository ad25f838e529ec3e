import { isJsonObject, type Json, type JsonObject } from '../machine/json.ts'
import { TemplateRuntimeError, TemplateSyntaxError } from './errors.ts'
import { filterNames } from './filter-names.ts'
import { Interpreter } from './interpreter.ts'
import { Budget, defaultTemplateLimits, type TemplateLimits } from './limits.ts'
import { parseTemplate } from './parse-template.ts'
import { tests } from './tests.ts'
import { fromJson, toText as toPrintedText, type Value } from './values.ts'

const known = { filters: filterNames, tests: new Set(tests.keys()) }

/**
 * Renders a jinja2 template with plain data. The template can reach nothing but that data, and its steps, size and depth
 * are limited. Missing variables print as `CI_MISSING_JINJA_VAR/name`, as in cloud-init.
 * @param firstLine line number of the template's first line, for errors
 * @throws TemplateSyntaxError, TemplateRuntimeError
 */
export const renderJinja = (
  template: string,
  variables: JsonObject,
  firstLine = 1,
  limits: TemplateLimits = defaultTemplateLimits,
): string => {
  const cache = new Map<string, Value>()
  const lookUp = (name: string): Value | undefined => {
    const cached = cache.get(name)
    if (cached !== undefined || !Object.hasOwn(variables, name)) return cached
    const value = fromJson(variables[name] ?? null)
    cache.set(name, value)
    return value
  }
  try {
    const statements = parseTemplate(template, firstLine, known)
    const text = new Interpreter(new Budget(limits), lookUp).render(statements)
    return /\n$/.test(template) ? `${text}\n` : text
  } catch (error) {
    if (error instanceof TemplateSyntaxError || error instanceof TemplateRuntimeError) throw error
    // The stack of this program ran out: brackets or calls within each other beyond every measure.
    if (error instanceof RangeError) throw new TemplateRuntimeError('the template is nested too deep')
    throw error
  }
}

/**
 * Fills in `$name` and `${name.key}`: templates without a header.
 * @throws TemplateRuntimeError for a name that is not there
 */
export const renderBasic = (template: string, variables: JsonObject): string =>
  template.replace(/\$\{([A-Za-z0-9_.]+)\}|\$([A-Za-z0-9_.]+)/g, (_whole, braced: string, bare: string) => {
    const value = (braced ?? bare).split('.').reduce<Json>((inner, key) => {
      if (!isJsonObject(inner)) {
        throw new TemplateRuntimeError(`Can not extract key '${key}' from what is no mapping`)
      }
      if (!Object.hasOwn(inner, key)) throw new TemplateRuntimeError(`'${key}'`)
      return inner[key] ?? null
    }, variables)
    return toPlainText(value)
  })

const toPlainText = (value: Json): string => toPrintedText(fromJson(value))
