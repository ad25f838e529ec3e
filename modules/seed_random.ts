import { defineModule, type ModuleContext } from '../src/cloudconfig/module.ts'
import { appendLog } from '../src/machine/append-log.ts'
import { bytesOfText } from '../src/machine/bytes.ts'
import { contentEncoding, decodeContent } from '../src/machine/content-encoding.ts'
import { ConfigError, messageOf } from '../src/machine/errors.ts'
import type { JsonObject } from '../src/machine/json.ts'

const schema = {
  type: 'object',
  properties: {
    random_seed: {
      type: 'object',
      additionalProperties: false,
      description: 'Random bytes for the kernel, from the configuration and from the cloud.',
      properties: {
        file: {
          type: 'string',
          default: '/dev/urandom',
          description: 'Where the bytes are written to.',
        },
        data: { type: 'string', description: 'The bytes; added to those of the cloud.' },
        encoding: {
          type: 'string',
          default: 'raw',
          enum: ['raw', 'base64', 'b64', 'gzip', 'gz'],
          description: 'How `data` is encoded.',
        },
        command: {
          type: 'array',
          items: { type: 'string' },
          description: 'A command that seeds by itself; it finds `file` in RANDOM_SEED_FILE.',
        },
        command_required: {
          type: 'boolean',
          default: false,
          description: 'True: without that command this module fails.',
        },
      },
    },
  },
} as const

const binaryMark = 'ci-b64:'

/** The cloud's own seed (Azure's OEM0 table, OpenStack's random_seed), as it stands in metadata. */
const seedOfCloud = (metadata: JsonObject | undefined): Uint8Array => {
  const seed = metadata?.['random_seed']
  if (typeof seed !== 'string') return new Uint8Array()
  return seed.startsWith(binaryMark) ? decodeContent(seed.slice(binaryMark.length), 'base64') : bytesOfText(seed)
}

const decode = (data: string, encoding: string | undefined): Uint8Array => {
  try {
    return decodeContent(data, contentEncoding(encoding ?? 'raw') ?? 'plain')
  } catch (error) {
    throw new ConfigError('random_seed.data', `it is not ${encoding}: ${messageOf(error)}`)
  }
}

/** A device takes more at any time; a file gets the seed once, also when the boot is cut off right after. */
const appendSeed = ({ machine, instance, afterMark }: ModuleContext, file: string, seed: Uint8Array): void => {
  const write = (): void => machine.files.append(file, seed)
  if ((machine.files.stat(file)?.type ?? 'file') !== 'file') {
    write()
    return
  }
  const mark = `${instance.folder}/sem/config_seed_random`
  const appended = appendLog(machine, `${instance.folder}/seed_random-appended.json`, mark)
  appended.append(file, file, seed, write)
  afterMark(appended.finish)
}

export default defineModule({
  id: 'seed_random',
  frequency: 'instance',
  distros: 'all',
  title: 'Seed the random number generator',
  examples: [
    '#cloud-config\nrandom_seed:\n  data: bXktc2VlZA==\n  encoding: base64\n  file: /dev/urandom\n' +
      '  command: [pollinate, -r, -s, https://entropy.example.com]\n  command_required: true\n',
  ],
  schema,
  run: async ({ random_seed: settings = {} }, context) => {
    const { machine, instance } = context
    const file = settings.file ?? '/dev/urandom'
    const seed = Buffer.concat([decode(settings.data ?? '', settings.encoding), seedOfCloud(instance.data.metadata)])
    if (seed.length > 0) appendSeed(context, file, seed)

    const [program, ...words] = settings.command ?? []
    const isRequired = settings.command_required === true
    if (program === undefined || program === '') {
      if (isRequired) throw new ConfigError('random_seed.command_required', 'it is true, but there is no command')
      return
    }
    if (machine.which(program) === undefined) {
      if (isRequired) throw new ConfigError('random_seed.command', `${program} is not installed, and is required`)
      machine.log.debug(`random_seed.command: ${program} is not installed; going on without it`)
      return
    }
    await machine.run([program, ...words], { env: { RANDOM_SEED_FILE: file }, output: 'pass' })
  },
})
