import { defineModule, type ModuleContext } from '../src/cloudconfig/module.ts'

const schema = {
  type: 'object',
  properties: {
    spacewalk: {
      type: 'object',
      additionalProperties: false,
      properties: {
        server: { type: 'string', description: 'The server to register with. Without it nothing is done.' },
        proxy: { type: 'string' },
        activation_key: { type: 'string' },
      },
    },
  },
} as const

const certificate = '/usr/share/rhn/RHN-ORG-TRUSTED-SSL-CERT'
const timeoutSeconds = 600

/** A profile can be sent only by a machine that is registered. */
const isRegistered = async ({ machine }: ModuleContext): Promise<boolean> => {
  const { exitCode } = await machine.run(['rhn-profile-sync', '--verbose'], {
    allowedExitCodes: [0, 1],
    timeoutSeconds,
  })
  return exitCode === 0
}

export default defineModule({
  id: 'spacewalk',
  frequency: 'instance',
  distros: ['fedora', 'openeuler', 'rhel'],
  activateBy: ['spacewalk'],
  schema,
  title: 'Registers the machine with a Spacewalk server',
  examples: ['#cloud-config\nspacewalk:\n  server: spacewalk.example.com\n  activation_key: my-key\n'],
  run: async ({ spacewalk = {} }, context) => {
    const { machine, distro, instance } = context
    const { server, proxy, activation_key: key } = spacewalk
    if (!server) {
      machine.log.debug('spacewalk.server: is not given, so nothing is done')
      return
    }
    if (key) machine.log.hideSecret(key)
    await distro.packages.install(machine, ['rhn-setup'])
    if (await isRegistered(context)) return
    const words = [
      ...['--serverUrl', `https://${server}/XMLRPC`],
      ...['--profilename', instance.fqdn ?? instance.hostname ?? instance.id],
      ...(proxy ? ['--proxy', proxy] : []),
      ...['--sslCACert', certificate],
      ...(key ? ['--activationkey', key] : []),
    ]
    await machine.run(['rhnreg_ks', ...words], { secrets: key ? [key] : [], timeoutSeconds })
  },
})
