import { ConfigError } from '../machine/errors.ts'

/**
 * A file name from what a sender called a part: slashes become underscores, anything but letters, digits and `_-.()` is
 * dropped. It never leaves its folder.
 */
export const cleanFileName = (name: string): string => name.replaceAll('/', '_').replace(/[^A-Za-z0-9_.()-]/g, '')

/** @throws ConfigError when nothing usable is left. */
export const fileNameOf = (name: string): string => {
  const clean = cleanFileName(name)
  if (/^\.*$/.test(clean) || clean.length > 255) {
    throw new ConfigError('filename', 'the name of the part has no character that a file name may have, or too many')
  }
  return clean
}

/** Windows line ends become UNIX ones when the first line has one. */
export const withUnixLineEnds = (text: string): string => {
  const first = text.indexOf('\n')
  return first > 0 && text.charAt(first - 1) === '\r' ? text.replaceAll('\r\n', '\n') : text
}
