/** Where commands print. Nothing unprintable reaches a terminal, whatever metadata says. */
export interface Console {
  /** One or more lines; `colour` is used on terminals only. */
  print(text: string, colour?: Colour): void
  complain(text: string): void
  readonly isTerminal: boolean
}

export type Colour = 'red' | 'green' | 'yellow' | 'cyan' | 'dim'

const codes: Readonly<Record<Colour, string>> = { red: '31', green: '32', yellow: '33', cyan: '36', dim: '2' }

const printable = (text: string): string => text.replaceAll(/(?![\n\t])\p{Cc}/gu, '')

/** firstlight's own standard output and standard error. */
export const processConsole = (): Console => {
  // Whoever reads may stop reading (`plan | head`): that is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
  const isTerminal = process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined
  return {
    isTerminal,
    print: (text, colour) => {
      const clean = printable(text)
      const shown = colour && isTerminal ? `\u001b[${codes[colour]}m${clean}\u001b[0m` : clean
      process.stdout.write(`${shown}\n`)
    },
    complain: (text) => void process.stderr.write(`${printable(text)}\n`),
  }
}
