import { defineModule } from '../src/cloudconfig/module.ts'
import { debianNames } from '../src/distros/names.ts'
import { ConfigError } from '../src/machine/errors.ts'

const schema = {
  type: 'object',
  properties: {
    apt_pipelining: {
      oneOf: [
        { type: 'integer' },
        { type: 'boolean' },
        {
          type: 'string',
          oneOf: [
            { enum: ['os'] },
            {
              deprecated: true,
              deprecated_version: '22.4',
              deprecated_description: 'Use **os** instead.',
              enum: ['none', 'unchanged'],
            },
          ],
        },
      ],
      description:
        'How many requests apt sends ahead: a number from 0 to 5, false for none (for mirrors that get it wrong), `os` for ' +
        'the distribution’s setting.',
    },
  },
} as const

const file = '/etc/apt/apt.conf.d/90cloud-init-pipelining'
const asItIs = new Set(['os', 'none', 'unchanged'])

/** Requests to send ahead; undefined: as the distribution has it. */
const depthOf = (value: string): string | undefined => {
  if (asItIs.has(value)) return undefined
  if (value === 'false') return '0'
  if (/^[0-5]$/.test(value)) return value
  throw new ConfigError('apt_pipelining', `${value} is not a number from 0 to 5, false or os; nothing is changed`)
}

export default defineModule({
  id: 'apt_pipelining',
  frequency: 'instance',
  distros: debianNames,
  activateBy: ['apt_pipelining'],
  schema,
  title: 'Sets how many requests apt sends ahead',
  examples: ['#cloud-config\napt_pipelining: false\n', '#cloud-config\napt_pipelining: os\n'],
  run: ({ apt_pipelining: value = 'os' }, { machine }) => {
    try {
      const depth = depthOf(String(value).trim().toLowerCase())
      if (depth === undefined) return
      machine.files.write(file, `// By apt_pipelining.\nAcquire::http::Pipeline-Depth "${depth}";\n`)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      machine.log.warning(error.message)
    }
  },
})
