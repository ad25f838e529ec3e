import { defineModule } from '../src/cloudconfig/module.ts'

const schema = {
  type: 'object',
  properties: {
    disable_ec2_metadata: {
      type: 'boolean',
      default: false,
      description:
        'True: nothing on this machine reaches the metadata at 169.254.169.254 any more, until the next boot.',
    },
  },
} as const

const address = '169.254.169.254'

export default defineModule({
  id: 'disable_ec2_metadata',
  frequency: 'always',
  distros: 'all',
  activateBy: ['disable_ec2_metadata'],
  schema,
  title: 'Closes the way to the metadata of EC2',
  examples: ['#cloud-config\ndisable_ec2_metadata: true\n'],
  run: async ({ disable_ec2_metadata: isWanted }, { machine }) => {
    if (!isWanted || machine.kind === 'image') return
    const route = { timeoutSeconds: 30 }
    // `replace`, not `add`: it may be there already.
    if (machine.which('ip') !== undefined) await machine.run(['ip', 'route', 'replace', 'prohibit', address], route)
    else if (machine.which('route') !== undefined) {
      await machine.run(['route', 'add', '-host', address, 'reject'], route)
    } else machine.log.error('disable_ec2_metadata: neither ip nor route is installed, so the metadata stays reachable')
  },
})
