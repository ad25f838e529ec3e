import { attempts } from '../src/cloudconfig/attempts.ts'
import { defineModule, type ModuleContext } from '../src/cloudconfig/module.ts'
import { debianNames } from '../src/distros/names.ts'
import { readUsers } from '../src/distros/users-config.ts'

const schema = {
  type: 'object',
  properties: {
    byobu_by_default: {
      type: 'string',
      enum: ['enable-system', 'enable-user', 'disable-system', 'disable-user', 'enable', 'disable', 'user', 'system'],
      description:
        'Whether logins begin in byobu: of the default user (`-user`), or of everybody (`-system`). `user` and `system` ' +
        'enable it; `disable` is about both.',
    },
  },
} as const

interface Request {
  readonly isOn: boolean
  readonly forUser: boolean
  readonly forSystem: boolean
}

const requests: Readonly<Record<string, Request>> = {
  enable: { isOn: true, forUser: false, forSystem: true },
  system: { isOn: true, forUser: false, forSystem: true },
  'enable-system': { isOn: true, forUser: false, forSystem: true },
  // byobu asks debconf before it looks at the user's own setting.
  user: { isOn: true, forUser: true, forSystem: true },
  'enable-user': { isOn: true, forUser: true, forSystem: true },
  disable: { isOn: false, forUser: true, forSystem: true },
  'disable-user': { isOn: false, forUser: true, forSystem: false },
  'disable-system': { isOn: false, forUser: false, forSystem: true },
}

const setForUser = async ({ machine, distro, cloudConfig }: ModuleContext, isOn: boolean): Promise<void> => {
  const user = readUsers(cloudConfig, distro).defaultUser?.name
  if (user === undefined) {
    machine.log.warning('byobu_by_default: there is no default user to set it for')
    return
  }
  await machine.run(['sudo', '-Hu', user, `byobu-launcher-${isOn ? 'install' : 'uninstall'}`], { timeoutSeconds: 60 })
}

const setForSystem = async ({ machine }: ModuleContext, isOn: boolean): Promise<void> => {
  const input = `byobu byobu/launch-by-default boolean ${isOn}\n`
  await machine.run(['debconf-set-selections'], { input, timeoutSeconds: 120 })
  await machine.run(['dpkg-reconfigure', 'byobu', '--frontend=noninteractive'], { timeoutSeconds: 120 })
}

export default defineModule({
  id: 'byobu',
  frequency: 'instance',
  distros: debianNames,
  schema,
  title: 'Installs byobu, and has logins begin in it or not',
  examples: ['#cloud-config\nbyobu_by_default: enable-user\n', '#cloud-config\nbyobu_by_default: disable-system\n'],
  run: async ({ byobu_by_default: given }, context) => {
    const { machine, distro } = context
    const value = context.arguments[0] ?? given
    if (value === undefined) return
    const request = Object.hasOwn(requests, value) ? requests[value] : undefined
    if (request === undefined) {
      machine.log.warning(`byobu_by_default: ${value} is not known; use one of ${Object.keys(requests).join(', ')}`)
      return
    }
    const { attempt, finish } = attempts(machine.log)
    if (machine.which('byobu') === undefined) {
      await attempt('byobu_by_default', () => distro.packages.install(machine, ['byobu']))
    }
    if (request.forUser) await attempt('byobu_by_default', () => setForUser(context, request.isOn))
    if (request.forSystem) await attempt('byobu_by_default', () => setForSystem(context, request.isOn))
    finish()
  },
})
