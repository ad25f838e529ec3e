const address = { type: ['string', 'null'], format: 'uri' } as const

const proxyConfig = {
  http_proxy: { ...address, description: 'Proxy of the Pro client for http. Empty: none.' },
  https_proxy: { ...address, description: 'Proxy of the Pro client for https.' },
  global_apt_http_proxy: { ...address, description: 'Proxy of all of apt for http.' },
  global_apt_https_proxy: { ...address, description: 'Proxy of all of apt for https.' },
  ua_apt_http_proxy: { ...address, description: 'Proxy of apt for http, for the archives of Pro alone.' },
  ua_apt_https_proxy: { ...address, description: 'Proxy of apt for https, for the archives of Pro alone.' },
} as const

const pro = {
  type: 'object',
  additionalProperties: false,
  properties: {
    enable: {
      type: 'array',
      items: { type: 'string' },
      description: "Services to enable, such as `esm-infra`. The subscription's own choice, unless given.",
    },
    enable_beta: {
      type: 'array',
      items: { type: 'string' },
      description: 'Services in beta to enable; only where the machine attaches by itself.',
    },
    token: {
      type: 'string',
      description: 'Token of the subscription. Not needed in images of Ubuntu Pro, which attach by themselves.',
    },
    features: {
      type: 'object',
      additionalProperties: false,
      description: 'Switches of the Pro client.',
      properties: {
        disable_auto_attach: {
          type: 'boolean',
          default: false,
          description: 'True: an image of Ubuntu Pro does not attach by itself.',
        },
      },
    },
    config: {
      type: 'object',
      additionalProperties: true,
      description: 'Settings for `pro config set`; an empty one is unset.',
      properties: proxyConfig,
    },
  },
} as const

export const schema = {
  type: 'object',
  properties: {
    ubuntu_pro: { ...pro, description: 'Ubuntu Pro.' },
    ubuntu_advantage: {
      ...pro,
      deprecated: true,
      deprecated_version: '24.1',
      deprecated_description: 'Use **ubuntu_pro** instead.',
    },
  },
} as const

export const knownSettings: ReadonlySet<string> = new Set(Object.keys(proxyConfig))
