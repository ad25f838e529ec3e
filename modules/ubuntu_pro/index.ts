import { attempts } from '../../src/cloudconfig/attempts.ts'
import { defineModule, type ModuleContext } from '../../src/cloudconfig/module.ts'
import { isJsonObject, type Json, objectAt, textAt } from '../../src/machine/json.ts'
import { attachByCloud, attachByToken, attachesByItself } from './attach.ts'
import { schema } from './schema.ts'
import { applySettings } from './settings.ts'

/** Not in the schema any more, as in cloud-init, but still understood. */
const oldestKey = 'ubuntu-advantage'

const textsIn = (value: Json | undefined): string[] | undefined =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : undefined

/** What stands under the key that the schema does not have. */
const readOldest = (value: Json | undefined) => {
  if (!isJsonObject(value)) return undefined
  return {
    token: textAt(value, 'token'),
    enable: textsIn(value['enable']),
    enable_beta: textsIn(value['enable_beta']),
    config: isJsonObject(value['config']) ? value['config'] : undefined,
    features: { disable_auto_attach: objectAt(value, 'features')['disable_auto_attach'] === true },
  }
}

const installClient = async ({ machine, distro }: ModuleContext): Promise<void> => {
  if (machine.which('pro') !== undefined) return
  await distro.packages.install(machine, ['ubuntu-advantage-tools'])
}

export default defineModule({
  id: 'ubuntu_pro',
  frequency: 'instance',
  distros: ['ubuntu'],
  activateBy: ['ubuntu_pro', 'ubuntu_advantage', oldestKey],
  title: 'Attach to Ubuntu Pro',
  description:
    'Installs the Pro client where it is missing, sets its configuration, attaches the machine and enables services. ' +
    'An image of Ubuntu Pro attaches by itself; any other needs a `token`. Services that want a reboot get none: see power_state.',
  examples: [
    '#cloud-config\nubuntu_pro:\n  token: <token of the subscription>\n  enable: [esm-infra, livepatch]\n',
    '#cloud-config\nubuntu_pro:\n  features:\n    disable_auto_attach: true\n',
  ],
  schema,
  run: async (config, context) => {
    const { machine, cloudConfig } = context
    const oldest = readOldest(cloudConfig[oldestKey])
    if (oldest !== undefined) machine.log.deprecated(`${oldestKey}: use ubuntu_pro instead`)
    if (config.ubuntu_pro !== undefined && config.ubuntu_advantage !== undefined) {
      machine.log.warning('ubuntu_advantage: is not looked at, because there is ubuntu_pro, too')
    }
    const wanted = config.ubuntu_pro ?? config.ubuntu_advantage ?? oldest
    if (wanted === undefined) return
    await installClient(context)
    const steps = attempts(machine.log)
    const settings = wanted.config
    if (isJsonObject(settings)) await applySettings(machine, settings, steps)
    const request = { token: wanted.token, enable: wanted.enable, enableBeta: wanted.enable_beta }
    await steps.attempt('ubuntu_pro', async () => {
      const mayAttach = wanted.features?.disable_auto_attach !== true
      if (mayAttach && (await attachesByItself(machine))) return attachByCloud(machine, request)
      const asksForMore = Object.entries(wanted).some(([key, value]) => key !== 'features' && value !== undefined)
      if (asksForMore) await attachByToken(machine, request)
    })
    steps.finish()
  },
})
