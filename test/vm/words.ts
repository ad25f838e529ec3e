import { parseArgs } from 'node:util'

/** What a command line may say. */
export interface Words {
  /** Options with names to choose from, which may be repeated. */
  readonly choices: Readonly<Record<string, readonly string[]>>
  readonly numbers: readonly string[]
  readonly flags: readonly string[]
}

const refuse = (message: string): never => {
  console.error(message)
  process.exit(2)
}

/** The values of an option, in their order. */
export const valuesOf = (words: readonly string[], option: string): string[] =>
  words.flatMap((word, index) => (words[index - 1] === option ? [word] : []))

/** Ends the process with one line when the command line says something else. */
export const checkWords = (words: readonly string[], { choices, numbers, flags }: Words): void => {
  const takes = [...Object.keys(choices), ...numbers].map((name) => [name, { type: 'string', multiple: true }] as const)
  const switches = flags.map((name) => [name, { type: 'boolean' }] as const)
  try {
    parseArgs({ args: [...words], options: Object.fromEntries([...takes, ...switches]) })
  } catch (error) {
    refuse(error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error))
  }
  for (const [name, known] of Object.entries(choices)) {
    const unknown = valuesOf(words, `--${name}`).find((value) => !known.includes(value))
    if (unknown !== undefined) refuse(`--${name} ${unknown}: there is only ${known.join(', ')}`)
  }
  for (const name of numbers) {
    const wrong = valuesOf(words, `--${name}`).find((value) => !/^[1-9]\d{0,8}$/.test(value))
    if (wrong !== undefined) refuse(`--${name} ${wrong}: a whole number above 0 is expected`)
  }
}
