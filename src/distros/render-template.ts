import type { JsonObject } from '../machine/json.ts'

const header = /^##\s*template:\s*(\S*)[^\n]*\n?/i

const basic = (text: string, values: JsonObject): string =>
  text.replaceAll(/\$(?:\{(\w+)\}|(\w+))/g, (whole, inBraces?: string, plain?: string) => {
    const value = values[inBraces ?? plain ?? '']
    return value === undefined ? whole : String(value)
  })

const jinja = async (text: string, values: JsonObject): Promise<string> => {
  const { renderJinja } = await import('../template/render.ts')
  // The header was line 1.
  return renderJinja(text, values, 2)
}

/**
 * Renders a template of the image: jinja when its first line is `## template: jinja`, otherwise `$name` and `${name}`
 * (a name without a value stays as it is). The header line is not part of the result.
 * @throws TemplateSyntaxError, TemplateRuntimeError when a jinja template is broken
 */
export const renderTemplate = async (text: string, values: JsonObject): Promise<string> => {
  const [line = '', kind = ''] = header.exec(text) ?? []
  const body = text.slice(line.length)
  return kind.toLowerCase() === 'jinja' ? jinja(body, values) : basic(body, values)
}
