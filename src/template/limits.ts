import { TemplateRuntimeError } from './errors.ts'

/** What a template may use up. A limit that is reached is named in the error. */
export interface TemplateLimits {
  /** Expressions and loop turns evaluated, items copied. */
  readonly maxSteps: number
  /** Characters of the rendered text, and of any text on the way to it. */
  readonly maxSize: number
  /** Macros and recursive loops in each other. */
  readonly maxDepth: number
}

export const defaultTemplateLimits: TemplateLimits = { maxSteps: 5_000_000, maxSize: 16 * 1024 * 1024, maxDepth: 100 }

/** Counts what a template uses up. */
export class Budget {
  readonly #limits: TemplateLimits
  #steps = 0
  #depth = 0
  #rendered = 0

  constructor(limits: TemplateLimits) {
    this.#limits = limits
  }

  spend(steps: number): void {
    this.#steps += steps
    if (this.#steps > this.#limits.maxSteps) {
      throw new TemplateRuntimeError(
        `the template takes more than ${this.#limits.maxSteps} steps (input_limits.template_steps)`,
      )
    }
  }

  /** Counts rendered text. */
  grow(size: number): void {
    this.#rendered += size
    if (this.#rendered > this.#limits.maxSize) this.checkSize(this.#rendered)
  }

  /** For a text that is about to be made. */
  checkSize(size: number): void {
    if (size > this.#limits.maxSize) {
      throw new TemplateRuntimeError(
        `the template makes more than ${this.#limits.maxSize} characters (input_limits.template_characters)`,
      )
    }
    this.spend(Math.ceil(size / 1024))
  }

  nested<T>(work: () => T): T {
    this.#depth += 1
    if (this.#depth > this.#limits.maxDepth) {
      throw new TemplateRuntimeError(
        `macros or loops are nested deeper than ${this.#limits.maxDepth} levels (input_limits.template_depth)`,
      )
    }
    try {
      return work()
    } finally {
      this.#depth -= 1
    }
  }
}

export const checkedLength = (text: string, budget: Budget): string => {
  budget.checkSize(text.length)
  return text
}
