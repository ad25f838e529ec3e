import { attempts } from '../src/cloudconfig/attempts.ts'
import { defineModule, type ModuleContext } from '../src/cloudconfig/module.ts'
import { waitForSnapSeed } from '../src/distros/snap-seed.ts'
import { scriptTimeoutSeconds } from '../src/machine/run-parts.ts'

const command = { oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] } as const

const schema = {
  type: 'object',
  properties: {
    snap: {
      type: 'object',
      minProperties: 1,
      additionalProperties: false,
      properties: {
        assertions: {
          type: ['object', 'array'],
          description: 'Signed assertions for `snap ack`, before any command. A mapping: its values.',
          items: { type: 'string' },
          additionalItems: false,
          minItems: 1,
          minProperties: 1,
          uniqueItems: true,
          additionalProperties: { type: 'string' },
        },
        commands: {
          type: ['object', 'array'],
          description:
            'Commands: a list is words of snap (`snap` in front may be left out), a text is a line of shell. A mapping: ' +
            'its values, in the order of their keys.',
          items: command,
          additionalItems: false,
          minItems: 1,
          minProperties: 1,
          additionalProperties: command,
        },
      },
    },
  },
} as const

type Command = string | readonly string[]

/** Numbers by value, everything else by letter. */
const byKey = ([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number => {
  const areNumbers = /^\d+$/.test(left) && /^\d+$/.test(right)
  if (areNumbers && Number(left) !== Number(right)) return Number(left) - Number(right)
  return left < right ? -1 : 1
}

/** Items with what they are called in messages: `snap.commands[0]`, `snap.commands.00`. */
const named = <T>(items: readonly T[] | Readonly<Record<string, T>>, key: string): (readonly [string, T])[] =>
  isList(items)
    ? items.map((item, index) => [`${key}[${index}]`, item] as const)
    : Object.entries(items)
        .sort(byKey)
        .map(([name, item]) => [`${key}.${name}`, item] as const)

const isList = <T>(items: readonly T[] | Readonly<Record<string, T>>): items is readonly T[] => Array.isArray(items)

const argvOf = (words: Command): readonly string[] => {
  if (typeof words === 'string') return ['/bin/sh', '-c', words]
  return words[0] === 'snap' ? words : ['snap', ...words]
}

const acknowledge = async (
  { machine, instance, paths }: ModuleContext,
  assertions: readonly string[],
): Promise<void> => {
  machine.files.write(`${instance.folder}/snapd.assertions`, assertions.join('\n'), { mode: 0o600 })
  await machine.run(['snap', 'ack', `${paths.cloud}/instance/snapd.assertions`])
}

export default defineModule({
  id: 'snap',
  frequency: 'instance',
  distros: ['ubuntu'],
  activateBy: ['snap'],
  title: 'Install and set up snaps',
  description: 'First the assertions, then the commands, in order; one that fails does not stop the others.',
  examples: [
    '#cloud-config\nsnap:\n  commands:\n    - [install, hello-world]\n    - snap install --classic certbot\n',
    '#cloud-config\nsnap:\n  assertions:\n    - |\n      <signed assertion>\n  commands:\n    00: [create-user, --sudoer, --known, someone@example.com]\n',
  ],
  schema,
  run: async ({ snap = {} }, context) => {
    const { machine } = context
    const { assertions = [], commands = [] } = snap
    const steps = attempts(machine.log)
    await steps.attempt('snap', () => waitForSnapSeed(machine))
    const blobs = named<string>(assertions, 'snap.assertions').map(([, blob]) => blob)
    if (blobs.length > 0) await steps.attempt('snap.assertions', () => acknowledge(context, blobs))
    for (const [name, words] of named<Command>(commands, 'snap.commands')) {
      if (typeof words === 'string' && !words.startsWith('snap ')) {
        machine.log.info(`${name}: does not begin with snap; it runs as a line of shell all the same`)
      }
      await steps.attempt(name, () =>
        machine.run(argvOf(words), { output: 'pass', timeoutSeconds: scriptTimeoutSeconds }),
      )
    }
    steps.finish()
  },
})
