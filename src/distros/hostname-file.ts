/** /etc/hostname (hostname(5)): one name; lines that begin with `#` are comments. */
const isComment = (line: string): boolean => line.trim() === '' || line.trimStart().startsWith('#')

/** The name in the file's text; undefined when there is none. */
export const readHostnameFile = (text: string | undefined): string | undefined =>
  text
    ?.split('\n')
    .find((line) => !isComment(line))
    ?.trim()

/** The file's text with another name; its comments stay. */
export const withHostname = (text: string | undefined, hostname: string): string => {
  const comments = (text ?? '').split('\n').filter((line) => line.trim() !== '' && isComment(line))
  return [...comments, hostname, ''].join('\n')
}
