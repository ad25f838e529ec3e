import { defineModule } from '../src/cloudconfig/module.ts'
import { messageOf } from '../src/machine/errors.ts'
import type { Machine } from '../src/machine/machine.ts'

const schema = {
  type: 'object',
  properties: {
    autoinstall: {
      type: 'object',
      required: ['version'],
      properties: { version: { type: 'integer', description: 'The version of the format: 1.' } },
      description: 'For Ubuntu’s installer, which reads it itself.',
    },
  },
  additionalProperties: true,
} as const

const installers = ['subiquity', 'ubuntu-desktop-installer', 'ubuntu-desktop-bootstrap']

/** Names of installed snaps. */
const installedSnaps = async (machine: Machine): Promise<string[]> => {
  if (machine.which('snap') === undefined) return []
  try {
    await machine.ask(['snap', 'wait', 'system', 'seed.loaded'], { timeoutSeconds: 600 })
    const { stdout } = await machine.ask(['snap', 'list'], { timeoutSeconds: 60 })
    return stdout.split('\n').flatMap((line) => line.split(/\s/, 1)[0] || [])
  } catch (error) {
    machine.log.warning(`autoinstall: which snaps are installed is not known: ${messageOf(error)}`)
    return []
  }
}

export default defineModule({
  id: 'ubuntu_autoinstall',
  frequency: 'once',
  distros: ['ubuntu'],
  activateBy: ['autoinstall'],
  schema,
  title: 'Says whether Ubuntu’s installer will find its configuration',
  examples: ['#cloud-config\nautoinstall:\n  version: 1\n'],
  run: async (_config, { machine }) => {
    const snaps = await installedSnaps(machine)
    const found = installers.find((name) => snaps.includes(name))
    if (found !== undefined) machine.log.debug(`autoinstall is for ${found}, which reads it`)
    else
      machine.log.warning(`autoinstall: no installer is here to read it (${installers.join(', ')}); it has no effect`)
  },
})
