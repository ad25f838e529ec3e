import { defineModule, type ModuleContext } from '../src/cloudconfig/module.ts'

const schema = {
  type: 'object',
  properties: {
    drivers: {
      type: 'object',
      additionalProperties: false,
      properties: {
        nvidia: {
          type: 'object',
          required: ['license-accepted'],
          additionalProperties: false,
          properties: {
            'license-accepted': {
              type: 'boolean',
              description: 'Nothing is installed before you accept NVIDIA’s licence.',
            },
            version: { type: 'string', description: 'Default: the one that Ubuntu recommends.' },
          },
        },
      },
    },
  },
} as const

/** debconf-devel(7): the question whose answer lets linux-restricted-modules link the driver to the running kernel. */
const template = [
  'Template: linux/nvidia/latelink',
  'Type: boolean',
  'Default: true',
  'Description: Link NVIDIA’s modules to the running kernel?',
  ' Answered by the configuration of this machine, which accepts the licence.',
  '',
].join('\n')

const acceptLicence = async ({ machine, paths }: ModuleContext): Promise<void> => {
  const file = `${paths.run}/tmp/nvidia.template`
  machine.files.write(file, template)
  try {
    await machine.run(['debconf-communicate', 'cloud-init'], {
      input: `X_LOADTEMPLATEFILE ${file}\n`,
      timeoutSeconds: 120,
    })
  } finally {
    machine.files.remove(file)
  }
}

export default defineModule({
  id: 'ubuntu_drivers',
  frequency: 'instance',
  distros: ['ubuntu'],
  activateBy: ['drivers'],
  schema,
  title: 'Installs NVIDIA’s drivers',
  examples: ['#cloud-config\ndrivers:\n  nvidia:\n    license-accepted: true\n'],
  run: async ({ drivers }, context) => {
    const { machine, distro } = context
    const { nvidia } = drivers ?? {}
    if (!nvidia?.['license-accepted']) {
      machine.log.debug('drivers.nvidia: the licence is not accepted, so nothing is installed')
      return
    }
    if (machine.which('ubuntu-drivers') === undefined) await distro.packages.install(machine, ['ubuntu-drivers-common'])
    await acceptLicence(context)
    const driver = nvidia.version ? `nvidia:${nvidia.version}` : 'nvidia'
    await machine.run(['ubuntu-drivers', 'install', '--gpgpu', driver], { output: 'pass', timeoutSeconds: 3600 })
  },
})
