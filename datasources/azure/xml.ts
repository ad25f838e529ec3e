import { FirstlightError } from '../../src/machine/errors.ts'

/** An element as read; text and elements keep their order, comments and processing instructions are dropped. */
export interface XmlElement {
  /** URI, empty when the element is in none. */
  readonly namespace: string
  /** Without a prefix. */
  readonly name: string
  readonly attributes: readonly XmlAttribute[]
  readonly children: readonly (XmlElement | string)[]
}

export interface XmlAttribute {
  readonly namespace: string
  readonly name: string
  readonly value: string
}

export class XmlError extends FirstlightError {
  readonly code = 'FL_XML'
}

/** Azure's documents have some tens of kilobytes; custom data is at most 64 KiB before base64. */
const largestDocument = 1024 * 1024
const deepest = 64

/**
 * Reads a document in UTF-8 (a byte-order mark is fine).
 * Entities that a document declares itself are refused by the parser (sax), so none is ever expanded.
 * @throws XmlError when it is not well-formed, larger than 1 MiB, or nested deeper than 64 elements.
 */
export const parseXml = async (document: string | Uint8Array): Promise<XmlElement> => {
  if (document.length > largestDocument) throw new XmlError(`document of ${document.length} bytes: at most 1 MiB`)
  const text = (typeof document === 'string' ? document : Buffer.from(document).toString('utf8')).replace(/^\uFEFF/, '')
  const { Parser } = await import('xml2js')
  const parser = new Parser({
    xmlns: true,
    explicitChildren: true,
    preserveChildrenOrder: true,
    charsAsChildren: true,
    includeWhiteChars: true,
    explicitRoot: false,
  })
  let root: unknown
  try {
    root = await parser.parseStringPromise(text)
  } catch (error) {
    throw new XmlError(parserMessage(error))
  }
  if (!isNode(root)) throw new XmlError('no element found')
  return elementOf(root, 1)
}

/** sax puts line, column and the offending character on lines of their own. */
const parserMessage = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n').slice(0, 3).join(', ').slice(0, 200)

/** A node as xml2js builds it with the options above. */
interface ParsedNode {
  readonly '#name': string
  readonly _?: unknown
  readonly $?: unknown
  readonly $$?: unknown
  readonly $ns?: unknown
}

const isNode = (value: unknown): value is ParsedNode =>
  typeof value === 'object' && value !== null && '#name' in value && typeof value['#name'] === 'string'

const stringAt = (value: unknown, key: string): string => {
  if (typeof value !== 'object' || value === null || !(key in value)) return ''
  const found: unknown = Reflect.get(value, key)
  return typeof found === 'string' ? found : ''
}

const elementOf = (node: ParsedNode, depth: number): XmlElement => {
  if (depth > deepest) throw new XmlError(`nested deeper than ${deepest} elements`)
  const children = (Array.isArray(node.$$) ? node.$$ : []).filter(isNode).map((child) => {
    if (child['#name'] === '__text__') return typeof child._ === 'string' ? child._ : ''
    return elementOf(child, depth + 1)
  })
  // xml2js keeps the text of an element without child elements only here.
  const lone = children.length === 0 && typeof node._ === 'string' ? [node._] : children
  const attributes = typeof node.$ === 'object' && node.$ !== null ? Object.values(node.$) : []
  return {
    namespace: stringAt(node.$ns, 'uri'),
    name: stringAt(node.$ns, 'local') || node['#name'],
    attributes: attributes
      .filter((attribute) => stringAt(attribute, 'prefix') !== 'xmlns' && stringAt(attribute, 'name') !== 'xmlns')
      .map((attribute) => ({
        namespace: stringAt(attribute, 'prefix') === '' ? '' : stringAt(attribute, 'uri'),
        name: stringAt(attribute, 'local'),
        value: stringAt(attribute, 'value'),
      })),
    children: lone,
  }
}

export const isElement = (child: XmlElement | string): child is XmlElement => typeof child !== 'string'

/** Elements right below `parent` with that name. */
export const childrenNamed = (parent: XmlElement, name: string, namespace = ''): XmlElement[] =>
  parent.children.filter(isElement).filter((child) => child.name === name && child.namespace === namespace)

/** The first element at a path of names below `root`, such as `Container/ContainerId`, all in no namespace. */
export const elementAt = (root: XmlElement, path: string): XmlElement | undefined => {
  let found = [root]
  for (const name of path.split('/')) found = found.flatMap((element) => childrenNamed(element, name))
  return found[0]
}

/** All elements of that name below `root` at any depth, in any namespace, in the document's order. */
export const allNamed = (root: XmlElement, name: string): XmlElement[] =>
  root.children
    .filter(isElement)
    .flatMap((child) => [...(child.name === name ? [child] : []), ...allNamed(child, name)])

/** Text up to the first child element; undefined when there is none. */
export const textOf = (element: XmlElement | undefined): string | undefined => {
  if (!element) return undefined
  const firstElement = element.children.findIndex(isElement)
  const leading = firstElement === -1 ? element.children : element.children.slice(0, firstElement)
  return leading.join('') || undefined
}

export const textAtPath = (root: XmlElement, path: string): string | undefined => textOf(elementAt(root, path))

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

/** Text made safe for the content of an element. */
export const escapeText = (text: string): string => text.replace(/[&<>]/g, (character) => escapes[character] ?? '')

const escapeAttribute = (text: string): string =>
  escapeText(text)
    .replaceAll('"', '&quot;')
    .replaceAll('\r', '&#13;')
    .replaceAll('\n', '&#10;')
    .replaceAll('\t', '&#09;')

const schemaInstance = 'http://www.w3.org/2001/XMLSchema-instance'
const xmlNamespace = 'http://www.w3.org/XML/1998/namespace'

/**
 * Writes an element as XML without a declaration, in ASCII. Prefixes are `ns0`, `ns1` ... in the order of first use (and `xsi`):
 * the form in which cloud-init leaves ovf-env.xml for WALinuxAgent.
 */
export const writeXml = (root: XmlElement): string => {
  const prefixes = new Map<string, string>()
  const qualified = (namespace: string, name: string): string => {
    if (namespace === '') return name
    if (namespace === xmlNamespace) return `xml:${name}`
    const prefix = prefixes.get(namespace) ?? (namespace === schemaInstance ? 'xsi' : `ns${numbered()}`)
    prefixes.set(namespace, prefix)
    return `${prefix}:${name}`
  }
  const numbered = (): number => [...prefixes.values()].length
  const collect = (element: XmlElement): void => {
    qualified(element.namespace, element.name)
    for (const attribute of element.attributes) qualified(attribute.namespace, attribute.name)
    for (const child of element.children) if (isElement(child)) collect(child)
  }
  collect(root)
  const declarations = [...prefixes]
    .map(([uri, prefix]) => ({ uri, prefix }))
    .sort((left, right) => (left.prefix < right.prefix ? -1 : 1))
    .map(({ uri, prefix }) => ` xmlns:${prefix}="${escapeAttribute(uri)}"`)
    .join('')
  const write = (element: XmlElement, extra: string): string => {
    const tag = qualified(element.namespace, element.name)
    const attributes = element.attributes
      .map(({ namespace, name, value }) => ` ${qualified(namespace, name)}="${escapeAttribute(value)}"`)
      .join('')
    const content = element.children.map((child) => (isElement(child) ? write(child, '') : escapeText(child))).join('')
    return content === '' ? `<${tag}${extra}${attributes} />` : `<${tag}${extra}${attributes}>${content}</${tag}>`
  }
  return write(root, declarations).replace(/[\u0080-\u{10FFFF}]/gu, (character) => `&#${character.codePointAt(0)};`)
}
