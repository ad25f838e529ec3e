import { messageOf } from '../machine/errors.ts'
import { isJsonObject, type JsonObject } from '../machine/json.ts'
import type { Machine } from '../machine/machine.ts'
import { anyType, type Delivery, type PartHandler } from './delivery.ts'
import type { Part } from './part.ts'
import { javascriptDriver, pythonDriver } from './part-handler-drivers.ts'

/** Languages of part handlers: what the first line says (`#part-handler javascript`), otherwise Python. */
interface Language {
  readonly name: string
  readonly command: string
  readonly flag: string
  readonly driver: string
  readonly extension: string
}

const python: Language = { name: 'Python', command: 'python3', flag: '-c', driver: pythonDriver, extension: 'py' }
const javascript: Language = {
  name: 'JavaScript',
  command: 'node',
  flag: '-e',
  driver: javascriptDriver,
  extension: 'mjs',
}

const languageOf = (source: string): Language =>
  /^\s*#part-handler[ \t]+(?:javascript|js|node)\b/i.test(source) ? javascript : python

/** Longest run of a handler with all its parts. */
const timeoutSeconds = 1200

/** A call of a handler's `handle_part`. */
interface HandlerEvent extends JsonObject {
  handler: string
  /** `__begin__`, `__end__` or the part's. */
  content_type: string
  filename: string | null
  /** Base64 of the payload. */
  payload: string | null
  headers: JsonObject
}

/**
 * Takes in a handler that a part brings: keeps its source in the instance's folder, asks it for its content types, and
 * from then on hands it parts of these. Handlers are run in an interpreter of their own, all calls of a delivery together
 * when it ends, in the order in which cloud-init would make them. What goes wrong is reported.
 * @param number how many handlers there are already: names the file
 */
export const registerPartHandler = async (
  machine: Machine,
  part: Part,
  delivery: Delivery,
  number: number,
): Promise<PartHandler | undefined> => {
  if (machine.kind === 'plan') return registerUnasked(machine, part, delivery)
  const { log } = machine
  const language = languageOf(part.payload)
  const name = `part-handler-${String(number).padStart(3, '0')}`
  const path = `${delivery.instanceFolder}/handlers/${name}.${language.extension}`
  machine.files.write(path, part.payload, { mode: 0o600 })
  if (machine.which(language.command) === undefined) {
    log.error(
      `${delivery.source}: ${part.filename} is a part handler in ${language.name}, but ${language.command} is not installed; parts for it have no effect`,
    )
    return undefined
  }
  const handler = new InterpretedHandler(machine, delivery, language, path, part.payload)
  const facts = await handler.ask()
  if (facts === undefined) return undefined
  await handler.begin()
  if (facts.types === undefined) {
    log.error(`${delivery.source}: ${part.filename}: the part handler has no list_types() and is not used`)
    await handler.flush()
    return undefined
  }
  for (const type of facts.types) delivery.handlers.set(type, handler)
  return handler
}

/** A plan runs nobody's code, so it can't know what the handler takes: it may be any part that nothing else handles. */
const registerUnasked = (machine: Machine, part: Part, delivery: Delivery): undefined => {
  machine
    .as('plan')
    .log.warning(
      `${delivery.source}: ${part.filename} is a part handler, which a plan does not run: what it does is not shown`,
    )
  const nothing = async (): Promise<void> => undefined
  delivery.handlers.set(anyType, { begin: nothing, handle: nothing, end: nothing })
}

interface HandlerFacts {
  /** undefined: it does not say. */
  readonly types: readonly string[] | undefined
  readonly frequency: string
}

const frequencies: ReadonlySet<string> = new Set(['always', 'once-per-instance', 'once'])

class InterpretedHandler implements PartHandler {
  readonly #machine: Machine
  readonly #delivery: Delivery
  readonly #language: Language
  readonly #path: string
  readonly #source: string
  #isCalled = false

  constructor(machine: Machine, delivery: Delivery, language: Language, path: string, source: string) {
    this.#machine = machine
    this.#delivery = delivery
    this.#language = language
    this.#path = path
    this.#source = source
  }

  /** What the handler says of itself; undefined when it can't be read, which is reported. */
  async ask(): Promise<HandlerFacts | undefined> {
    const { log } = this.#machine
    try {
      const input = JSON.stringify({ action: 'ask', path: this.#path, source: this.#source })
      const { stdout } = await this.#machine.run(this.#argv(), { input, timeoutSeconds })
      const facts: unknown = JSON.parse(stdout.trim().split('\n').at(-1) || '{}')
      const { types, frequency } = isJsonObject(facts) ? facts : {}
      const own = typeof frequency === 'string' ? frequency : 'once-per-instance'
      if (!frequencies.has(own)) {
        log.warning(`${this.#path}: there is no frequency '${own}'; the part handler is never called`)
      }
      this.#isCalled = own === 'always' || (own === 'once-per-instance' && this.#delivery.isFirstBoot)
      return { types: Array.isArray(types) ? types.map(String) : undefined, frequency: own }
    } catch (error) {
      log.error(`${this.#path}: the part handler can't be read: ${messageOf(error)}`)
      return undefined
    }
  }

  begin(): Promise<void> {
    return this.#call('__begin__', null)
  }

  handle(part: Part): Promise<void> {
    return this.#call(part.contentType, part)
  }

  async end(): Promise<void> {
    await this.#call('__end__', null)
    await this.flush()
  }

  async #call(contentType: string, part: Part | null): Promise<void> {
    if (!this.#isCalled) return
    const { bytesOfText } = await import('../machine/bytes.ts')
    const event: HandlerEvent = {
      handler: this.#path,
      content_type: contentType,
      filename: part?.filename ?? null,
      payload: part ? Buffer.from(bytesOfText(part.payload)).toString('base64') : null,
      headers: { ...part?.headers, 'Content-Type': contentType },
    }
    this.#delivery.events.push({ event, source: this.#source, language: this.#language.name })
  }

  /** Makes the calls that have gathered, of all handlers in this language. */
  async flush(): Promise<void> {
    const { events } = this.#delivery
    const own = events.filter(({ language }) => language === this.#language.name)
    const isLast = own.at(-1)?.event['handler'] === this.#path
    if (own.length === 0 || !isLast) return
    events.splice(0, events.length, ...events.filter((entry) => !own.includes(entry)))
    const sources = Object.fromEntries(own.map(({ event, source }) => [String(event['handler']), source]))
    const frequency = this.#delivery.isFirstBoot ? 'once-per-instance' : 'always'
    const input = JSON.stringify({ action: 'run', sources, frequency, events: own.map(({ event }) => event) })
    try {
      await this.#machine.run(this.#argv(), { input, timeoutSeconds, output: 'pass' })
    } catch (error) {
      this.#machine.log.error(`${this.#delivery.source}: part handlers failed: ${messageOf(error)}`)
    }
  }

  #argv(): string[] {
    return [this.#language.command, this.#language.flag, this.#language.driver]
  }
}
