/** `users[1].shell` as steps: texts are keys, numbers places in a list. A key with dots stands in brackets and quotes. */
export type KeyPath = readonly (string | number)[]

const step = /\.?([^.[\]"']+)|\[(\d+)\]|\[(?:"([^"]*)"|'([^']*)')\]/y

/** undefined when the text is none. `users.1.shell` is the same as `users[1].shell`. */
export const parseKeyPath = (text: string): KeyPath | undefined => {
  const steps: (string | number)[] = []
  step.lastIndex = 0
  while (step.lastIndex < text.length) {
    const found = step.exec(text)
    if (!found) return undefined
    const [, key, index, inDoubles, inSingles] = found
    const name = key ?? inDoubles ?? inSingles
    if (name === undefined) steps.push(Number(index))
    else steps.push(name)
  }
  return steps.length > 0 ? steps : undefined
}

export const showKeyPath = (path: KeyPath): string =>
  path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`
    if (!/^[^.[\]"']+$/.test(part)) return `${text}[${JSON.stringify(part)}]`
    return text === '' ? part : `${text}.${part}`
  }, '')
