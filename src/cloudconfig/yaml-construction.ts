import {
  type AliasEvent,
  type DocumentEvent,
  EVENT_ID,
  type Event,
  getScalarValue,
  type MappingEvent,
  parseEvents,
  SCALAR_STYLE,
  type ScalarEvent,
  type SequenceEvent,
  YAMLException,
} from 'js-yaml'
import { textOfBytes } from '../machine/bytes.ts'
import type { Json, JsonObject } from '../machine/json.ts'
import { notClosed, plainReasons, unclosedReasons, YamlError } from './yaml-error.ts'
import { findUnclosed, indentFlowLines } from './yaml-flow-indent.ts'
import { readBoolean, readFloat, readInteger, resolvePlainScalar } from './yaml-scalars.ts'
import { checkAsPyYaml } from './yaml-strictness.ts'

export interface YamlLimits {
  /** Deepest nesting of lists and mappings. */
  readonly maxDepth: number
  /** Most text and items that aliases and merge keys may add, counted as if each were written out. */
  readonly maxAliasExpansion: number
}

/** Where a value stands in its text: lines and columns count from 1. */
export interface Position {
  readonly line: number
  readonly column: number
  /** Of a mapping: where each key stands, and what is under it. */
  readonly keys?: ReadonlyMap<string, { readonly key: Position; readonly value: Position }>
  /** Of a list. */
  readonly items?: readonly Position[]
}

interface Node {
  readonly value: Json
  /** Present when positions were asked for. */
  readonly position: Position | undefined
  /** How much it is, written out. */
  readonly weight: number
  /** A plain `<<`: as a key it merges. */
  readonly isMergeKey?: boolean
}

const standardPrefix = 'tag:yaml.org,2002:'

/** Walks the parser's events once and builds values as PyYAML would. One use each. */
export class Construction {
  #text: string
  #shifts: ReadonlyMap<number, number> = new Map()
  readonly #source: string
  readonly #limits: YamlLimits
  readonly #withPositions: boolean
  readonly #events: Event[]
  readonly #anchors = new Map<string, Node | 'open'>()
  readonly #tagPrefixes = new Map([
    ['!', '!'],
    ['!!', standardPrefix],
  ])
  #at = 0
  #expanded = 0
  #lineStarts: number[] | undefined

  constructor(text: string, source: string, limits: YamlLimits, withPositions: boolean) {
    this.#text = text
    this.#source = source
    this.#limits = limits
    this.#withPositions = withPositions
    this.#events = this.#parse()
  }

  #parse(): Event[] {
    try {
      return this.#parseStrictly()
    } catch (error) {
      if (!(error instanceof YAMLException)) throw error
      if (error.reason === 'deficient indentation' && this.#shifts.size === 0) return this.#parseIndented(error)
      checkAsPyYaml(this.#text, [], (offset, detail) => this.#fail(offset, detail))
      this.#failAsParser(error)
    }
  }

  #parseStrictly(): Event[] {
    const events = parseEvents(this.#text, { maxDepth: this.#limits.maxDepth })
    checkAsPyYaml(this.#text, events, (offset, detail) => this.#fail(offset, detail))
    return events
  }

  #parseIndented(error: YAMLException): Event[] {
    const { text, shifts } = indentFlowLines(this.#text)
    if (shifts.size === 0) this.#failAsParser(error)
    this.#text = text
    this.#shifts = shifts
    this.#lineStarts = undefined
    return this.#parse()
  }

  /** What is not closed is told where it opens: that is where it has to be mended. */
  #failAsParser(error: YAMLException): never {
    const place =
      unclosedReasons.has(error.reason) && !/[[{,:]\s*$/.test(this.#text) ? findUnclosed(this.#text) : undefined
    if (place === undefined) this.#fail(error.mark?.position ?? 0, this.#reasonOf(error))
    const line = place.line + 1
    throw new YamlError(this.#source, line, place.column + 1 - (this.#shifts.get(line) ?? 0), notClosed)
  }

  #reasonOf(error: YAMLException): string {
    if (/depth/i.test(error.reason))
      return `nested deeper than ${this.#limits.maxDepth} levels (input_limits.yaml_depth)`
    return plainReasons[error.reason] ?? error.reason
  }

  #fail(offset: number, detail: string): never {
    const { line, column } = this.#locate(offset)
    throw new YamlError(this.#source, line, column, detail)
  }

  #locate(offset: number): { line: number; column: number } {
    this.#lineStarts ??= lineStartsOf(this.#text)
    const starts = this.#lineStarts
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 - (this.#shifts.get(low + 1) ?? 0) }
  }

  /** undefined: not asked for, or a value that is not written out (`key:`). */
  #position(offset: number): Position | undefined {
    return this.#withPositions && offset >= 0 ? this.#locate(offset) : undefined
  }

  document(): Node {
    const first = this.#events[0]
    if (first === undefined) return { value: null, position: this.#position(0), weight: 1 }
    this.#at = 1
    this.#readDirectives(first as DocumentEvent)
    const next = this.#events[this.#at]
    const node = next?.type === EVENT_ID.POP ? { value: null, position: undefined, weight: 1 } : this.#node()
    this.#at += 1
    if (this.#at < this.#events.length) {
      this.#at += 1
      this.#fail(this.#offsetOfNext(), 'a second document starts here: only one is allowed')
    }
    return node
  }

  #readDirectives(document: DocumentEvent): void {
    for (const directive of document.directives) {
      if (directive.kind === 'tag') this.#tagPrefixes.set(directive.handle, directive.prefix)
      else if (!directive.version.startsWith('1.')) this.#fail(0, `YAML ${directive.version} is not supported`)
    }
  }

  #node(): Node {
    const event = this.#events[this.#at]
    this.#at += 1
    if (event?.type === EVENT_ID.SCALAR) return this.#anchored(event, this.#scalar(event))
    if (event?.type === EVENT_ID.ALIAS) return this.#alias(event)
    if (event?.type === EVENT_ID.SEQUENCE) return this.#open(event, () => this.#sequence(event))
    if (event?.type === EVENT_ID.MAPPING) return this.#open(event, () => this.#mapping(event))
    return { value: null, position: undefined, weight: 1 }
  }

  #open(event: SequenceEvent | MappingEvent, read: () => Node): Node {
    if (event.anchorStart >= 0) this.#anchors.set(this.#text.slice(event.anchorStart, event.anchorEnd), 'open')
    const node = read()
    this.#at += 1
    return this.#anchored(event, node)
  }

  #anchored(event: ScalarEvent | SequenceEvent | MappingEvent, node: Node): Node {
    if (event.anchorStart >= 0) this.#anchors.set(this.#text.slice(event.anchorStart, event.anchorEnd), node)
    return node
  }

  #alias(event: AliasEvent): Node {
    const name = this.#text.slice(event.anchorStart, event.anchorEnd)
    const node = this.#anchors.get(name)
    if (node === undefined) this.#fail(event.anchorStart - 1, `there is no anchor &${name} before this alias`)
    if (node === 'open') this.#fail(event.anchorStart - 1, `alias *${name} stands inside the value it names`)
    this.#expanded += node.weight
    if (this.#expanded > this.#limits.maxAliasExpansion) {
      this.#fail(
        event.anchorStart - 1,
        `aliases expand to more than ${this.#limits.maxAliasExpansion} characters (input_limits.yaml_alias_characters)`,
      )
    }
    const position = this.#position(event.anchorStart - 1)
    return position === undefined ? node : { ...node, position: { ...node.position, ...position } }
  }

  #tagOf(event: ScalarEvent | SequenceEvent | MappingEvent): string | undefined {
    if (event.tagStart < 0) return undefined
    const written = this.#text.slice(event.tagStart, event.tagEnd)
    if (written.startsWith('!<')) return written.slice(2, -1)
    const handle = /^!(?:[A-Za-z0-9-]*!)?/.exec(written)?.[0] ?? '!'
    return decodeTag((this.#tagPrefixes.get(handle) ?? handle) + written.slice(handle.length))
  }

  #scalar(event: ScalarEvent): Node {
    const text = this.#scalarText(event)
    const offset = offsetOf(event)
    const position = this.#position(offset)
    const weight = 1 + text.length
    if (event.tagStart >= 0 && this.#tagOf(event) !== '!') {
      return { value: this.#taggedScalar(event, text), position, weight }
    }
    if (event.style !== SCALAR_STYLE.PLAIN) return { value: text, position, weight }
    if (text === '<<') return { value: text, position, weight, isMergeKey: true }
    return { value: resolvePlainScalar(text), position, weight }
  }

  /** A block text that ends with the file, without a line end, ends without one. */
  #scalarText(event: ScalarEvent): string {
    const text = getScalarValue(this.#text, event)
    const isBlock = event.style === SCALAR_STYLE.LITERAL_BLOCK || event.style === SCALAR_STYLE.FOLDED_BLOCK
    if (!isBlock || event.valueEnd < this.#text.length || /[\r\n]$/.test(this.#text)) return text
    return text.endsWith('\n') ? text.slice(0, -1) : text
  }

  #taggedScalar(event: ScalarEvent, text: string): Json {
    const tag = this.#tagOf(event) ?? ''
    const value = constructTagged(tag, text)
    if (value !== undefined) return value
    const known = tag.startsWith(standardPrefix) && scalarTags.has(tag.slice(standardPrefix.length))
    return this.#fail(event.tagStart, known ? `this is not a value of the type ${tag}` : `unknown tag ${tag}`)
  }

  #sequence(event: SequenceEvent): Node {
    const tag = this.#tagOf(event)
    const isPairs = tag === `${standardPrefix}omap` || tag === `${standardPrefix}pairs`
    if (tag !== undefined && tag !== '!' && tag !== `${standardPrefix}seq` && !isPairs) {
      this.#fail(event.tagStart, `unknown tag ${tag} for a list`)
    }
    const value: Json[] = []
    const items: Position[] = []
    let weight = 1
    while (this.#events[this.#at]?.type !== EVENT_ID.POP) {
      const node = this.#node()
      value.push(isPairs ? pairOf(node.value) : node.value)
      if (this.#withPositions) items.push(node.position ?? this.#locate(event.start))
      weight += node.weight
    }
    const position = this.#position(event.start)
    return { value, position: position && { ...position, items }, weight }
  }

  #mapping(event: MappingEvent): Node {
    const tag = this.#tagOf(event)
    if (tag !== undefined && tag !== '!' && tag !== `${standardPrefix}map` && tag !== `${standardPrefix}set`) {
      this.#fail(event.tagStart, `unknown tag ${tag} for a mapping`)
    }
    const own = new Map<string, Node>()
    const merged = new Map<string, Json>()
    const keys = new Map<string, { key: Position; value: Position }>()
    let weight = 1
    while (this.#events[this.#at]?.type !== EVENT_ID.POP) {
      const keyOffset = this.#offsetOfNext()
      const key = this.#node()
      if (keyOffset < 0) this.#fail(Math.max(this.#offsetOfNext(), 0), 'there is no key before this value')
      if (typeof key.value === 'object' && key.value !== null) {
        this.#fail(keyOffset, 'a list or a mapping cannot be a key')
      }
      const node = this.#node()
      weight += key.weight + node.weight
      if (key.isMergeKey) {
        this.#mergeInto(merged, node.value, keyOffset)
        for (const [name, place] of mergedKeys(node.position)) if (!keys.has(name)) keys.set(name, place)
        continue
      }
      const name = String(key.value)
      if (name === '__proto__') continue
      own.set(name, node)
      if (key.position) keys.set(name, { key: key.position, value: node.position ?? key.position })
    }
    const value: JsonObject = {}
    for (const [name, item] of merged) value[name] = item
    for (const [name, item] of own) value[name] = item.value
    const position = this.#position(event.start)
    return { value, position: position && { ...position, keys }, weight }
  }

  #offsetOfNext(): number {
    const event = this.#events[this.#at]
    return event === undefined ? this.#text.length : offsetOf(event)
  }

  /** `<<: *base` or `<<: [*first, *second]`; of a list, the first that has a key wins. */
  #mergeInto(merged: Map<string, Json>, value: Json, offset: number): void {
    const sources = Array.isArray(value) ? value.toReversed() : [value]
    for (const source of sources) {
      if (typeof source !== 'object' || source === null || Array.isArray(source)) {
        this.#fail(offset, 'a merge key (<<) takes a mapping or a list of mappings')
      }
      for (const [name, item] of Object.entries(source)) merged.set(name, item)
    }
  }
}

/** Where the keys stand that a merge key brings in. */
const mergedKeys = (
  position: Position | undefined,
): [string, { readonly key: Position; readonly value: Position }][] => [
  ...(position?.keys ?? []),
  ...(position?.items ?? []).flatMap(mergedKeys),
]

const offsetOf = (event: Event): number => {
  if (event.type === EVENT_ID.SCALAR) return event.valueStart - (isQuoted(event) ? 1 : 0)
  if (event.type === EVENT_ID.SEQUENCE || event.type === EVENT_ID.MAPPING) return event.start
  return event.type === EVENT_ID.ALIAS ? event.anchorStart - 1 : 0
}

const isQuoted = (event: ScalarEvent): boolean =>
  event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED

const lineStartsOf = (text: string): number[] => {
  const starts = [0]
  for (const { index, 0: end } of text.matchAll(/\r\n|\r|\n/g)) starts.push(index + end.length)
  return starts
}

const decodeTag = (tag: string): string => {
  try {
    return decodeURIComponent(tag)
  } catch {
    return tag
  }
}

const scalarTags = new Set(['str', 'int', 'float', 'bool', 'null', 'binary', 'timestamp'])

const constructTagged = (tag: string, text: string): Json | undefined => {
  if (!tag.startsWith(standardPrefix)) return undefined
  switch (tag.slice(standardPrefix.length)) {
    case 'str':
    case 'timestamp':
      return text
    case 'int':
      return readInteger(text.trim())
    case 'float':
      return readFloat(text.trim())
    case 'bool':
      return readBoolean(text)
    case 'null':
      return null
    case 'binary':
      return textOfBytes(Buffer.from(text, 'base64'))
    default:
      return undefined
  }
}

/** An entry of `!!omap` and `!!pairs` is a mapping of one key; PyYAML makes a pair of it. */
const pairOf = (value: Json): Json => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const entry = Object.entries(value)[0]
  return entry === undefined ? value : [entry[0], entry[1]]
}
