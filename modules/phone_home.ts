import { defineModule, type ModuleContext } from '../src/cloudconfig/module.ts'
import { namesOf } from '../src/distros/hostname.ts'
import { renderTemplate } from '../src/distros/render-template.ts'
import { messageOf } from '../src/machine/errors.ts'
import { requestWithRetries } from '../src/machine/http-retry.ts'

const postable = ['pub_key_rsa', 'pub_key_ecdsa', 'pub_key_ed25519', 'instance_id', 'hostname', 'fqdn'] as const
type Postable = (typeof postable)[number]

const schema = {
  type: 'object',
  properties: {
    phone_home: {
      type: 'object',
      required: ['url'],
      additionalProperties: false,
      description: 'Where to tell that this machine is ready.',
      properties: {
        url: {
          type: 'string',
          format: 'uri',
          description: 'The address; `$INSTANCE_ID` in it becomes the instance id.',
        },
        post: {
          description: 'What is told. Default: `all`.',
          oneOf: [{ enum: ['all'] }, { type: 'array', items: { type: 'string', enum: postable } }],
        },
        tries: { type: 'integer', default: 10, description: 'How often it is tried.' },
      },
    },
  },
} as const

const defaultTries = 10
const secondsBetween = 3
/** What a value that is not there is told as. */
const missing = 'N/A'

const keyFiles: Readonly<Partial<Record<Postable, string>>> = {
  pub_key_rsa: '/etc/ssh/ssh_host_rsa_key.pub',
  pub_key_ecdsa: '/etc/ssh/ssh_host_ecdsa_key.pub',
  pub_key_ed25519: '/etc/ssh/ssh_host_ed25519_key.pub',
}

const postedValue = (name: Postable, { machine, instance }: ModuleContext): string => {
  if (name === 'instance_id') return instance.id
  if (name === 'hostname' || name === 'fqdn') return namesOf(instance, machine)[name]
  const key = machine.files.readTextIfExists(keyFiles[name] ?? '')
  if (key === undefined)
    machine.log.warning(`phone_home.post: ${name}: there is no ${keyFiles[name]}; sending ${missing}`)
  return key ?? missing
}

export default defineModule({
  id: 'phone_home',
  frequency: 'instance',
  distros: 'all',
  activateBy: ['phone_home'],
  title: 'Tell a server that the machine is ready',
  description:
    'Posts a form (application/x-www-form-urlencoded). A server that does not answer fails nothing: it is logged.',
  examples: [
    '#cloud-config\nphone_home:\n  url: http://example.com/$INSTANCE_ID/\n  post: [pub_key_ed25519, instance_id]\n  tries: 5\n',
  ],
  schema,
  run: async ({ phone_home: settings }, context) => {
    const { machine, instance } = context
    if (settings === undefined) return
    if (settings.url === undefined) {
      machine.log.warning('phone_home.url is missing; nobody is told that this machine is ready')
      return
    }
    const wanted = settings.post === undefined || settings.post === 'all' ? postable : settings.post
    const form = new URLSearchParams()
    for (const name of wanted) form.append(name, postedValue(name, context))
    const url = await renderTemplate(settings.url, { INSTANCE_ID: encodeURIComponent(instance.id) })
    const tries = Math.max(1, settings.tries ?? defaultTries)
    const request = {
      url,
      method: 'POST' as const,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: form.toString(),
    }
    try {
      await requestWithRetries(machine, request, { retries: tries - 1, secondsBetween })
    } catch (error) {
      machine.log.warning(`phone_home: nobody took the message in ${tries} tries: ${messageOf(error)}`)
    }
  },
})
