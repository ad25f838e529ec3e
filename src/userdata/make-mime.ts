import { createHash } from 'node:crypto'
import { textOfBytes } from '../machine/bytes.ts'
import { ConfigError } from '../machine/errors.ts'
import { contentTypes, typeByBeginning } from './part.ts'

export interface Attachment {
  readonly filename: string
  readonly content: Uint8Array
  /** With or without `text/`; without it, the first line tells. */
  readonly type?: string
}

const perFrequency = ['per-boot', 'per-instance', 'per-once'].map((when) => `${contentTypes.script}-${when}`)

/** Content types that something takes, as `make-mime` lists them. */
export const attachableTypes: readonly string[] = [...Object.values(contentTypes), ...perFrequency]
  .filter((type) => type !== contentTypes.notMultipart)
  .map((type) => type.replace(/^text\//, ''))
  .sort()

/**
 * One MIME multipart message of several files, to be given as user-data. The same files make the same message.
 * @throws ConfigError when a type is missing, and nothing tells it
 */
export const makeMime = (attachments: readonly Attachment[]): string => {
  const hash = createHash('sha256')
  for (const { content } of attachments) hash.update(content)
  // No base64 and no sane text has this line.
  const boundary = `==${hash.digest('hex').slice(0, 32)}==`
  const parts = attachments.map((attachment) => `--${boundary}\n${partOf(attachment)}\n`)
  const headers = [
    `Content-Type: multipart/mixed; boundary="${boundary}"`,
    'MIME-Version: 1.0',
    `Number-Attachments: ${attachments.length}`,
  ]
  return `${headers.join('\n')}\n\n${parts.join('')}--${boundary}--\n`
}

/** The whole content type of an attachment. @throws ConfigError */
export const typeOf = ({ filename, content, type }: Attachment): string => {
  if (type !== undefined) return type.includes('/') ? type : `text/${type}`
  const told = typeByBeginning(textOfBytes(content.subarray(0, 256)))
  if (told === undefined) throw new ConfigError(filename, 'name its type (FILE:TYPE): its first line does not tell it')
  return told
}

const partOf = (attachment: Attachment): string => {
  const { filename, content } = attachment
  const text = textOfBytes(content)
  const isPlain = /^[\t\n -~]*$/.test(text) && !/[^\n]{990}/.test(text)
  const headers = [
    `Content-Type: ${typeOf(attachment)}; charset="utf-8"`,
    'MIME-Version: 1.0',
    `Content-Transfer-Encoding: ${isPlain ? '7bit' : 'base64'}`,
    `Content-Disposition: attachment; filename="${filename.replaceAll(/[^ -~]|["\\]/g, '_')}"`,
  ]
  return `${headers.join('\n')}\n\n${isPlain ? text : base64Lines(content)}`
}

const base64Lines = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString('base64')
    .replaceAll(/.{76}(?=.)/g, '$&\n')
