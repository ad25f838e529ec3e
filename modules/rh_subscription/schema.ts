const since = '25.3'

const old = (name: string) =>
  ({ deprecated: true, deprecated_version: since, deprecated_description: `Use **${name}** instead.` }) as const

const text = { type: 'string' } as const
const flag = { type: 'boolean' } as const
const list = { type: 'array', items: { type: 'string' } } as const

const both = (first: string, second: string) => ({ not: { required: [first, second] } })

export const schema = {
  type: 'object',
  properties: {
    rh_subscription: {
      type: 'object',
      additionalProperties: false,
      properties: {
        username: {
          ...text,
          description: 'Of an account at Red Hat; with `password`, or else `activation_key` and `org`.',
        },
        password: text,
        activation_key: text,
        'activation-key': { ...text, ...old('activation_key') },
        org: {
          oneOf: [
            { type: 'string' },
            {
              type: 'integer',
              deprecated: true,
              deprecated_version: '24.2',
              deprecated_description: 'Use of type integer for this value is deprecated. Use a string instead.',
            },
          ],
          description: 'The organisation the activation key belongs to.',
        },
        auto_attach: { ...flag, description: 'Attach the subscriptions that fit.' },
        'auto-attach': { ...flag, ...old('auto_attach') },
        service_level: { ...text, description: 'With `auto_attach`: subscriptions of this level.' },
        'service-level': { ...text, ...old('service_level') },
        add_pool: { ...list, description: 'Ids of pools to attach.' },
        'add-pool': { ...list, ...old('add_pool') },
        enable_repo: { ...list, description: 'Ids of repositories.' },
        'enable-repo': { ...list, ...old('enable_repo') },
        disable_repo: list,
        'disable-repo': { ...list, ...old('disable_repo') },
        release_version: { ...text, description: 'The minor release to stay on: `9.4`.' },
        rhsm_baseurl: { ...text, description: 'Where packages come from, instead of Red Hat.' },
        'rhsm-baseurl': { ...text, ...old('rhsm_baseurl') },
        server_hostname: { ...text, description: 'The subscription service, instead of Red Hat’s.' },
        'server-hostname': { ...text, ...old('server_hostname') },
      },
      allOf: [
        both('activation_key', 'activation-key'),
        both('auto_attach', 'auto-attach'),
        both('service_level', 'service-level'),
        both('add_pool', 'add-pool'),
        both('enable_repo', 'enable-repo'),
        both('disable_repo', 'disable-repo'),
        both('rhsm_baseurl', 'rhsm-baseurl'),
        both('server_hostname', 'server-hostname'),
      ],
    },
  },
} as const
