import { FirstlightError } from '../machine/errors.ts'

/** A template can't be understood. Lines count from 1 in the template as it was given, header included. */
export class TemplateSyntaxError extends FirstlightError {
  readonly code = 'FL_TEMPLATE_SYNTAX'
  constructor(
    readonly detail: string,
    readonly line: number,
  ) {
    super(`${detail} (line ${line})`)
  }
}

/** A template was understood and can't be filled in. */
export class TemplateRuntimeError extends FirstlightError {
  readonly code = 'FL_TEMPLATE'
}
