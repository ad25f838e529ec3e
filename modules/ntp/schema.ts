const hosts = { type: 'array', items: { type: 'string', format: 'hostname' }, uniqueItems: true } as const

export const schema = {
  type: 'object',
  properties: {
    ntp: {
      type: ['null', 'object'],
      additionalProperties: false,
      properties: {
        enabled: { type: 'boolean', default: true, description: 'False: nothing is done.' },
        ntp_client: {
          type: 'string',
          default: 'auto',
          description:
            '`chrony`, `systemd-timesyncd`, `ntp`, `ntpdate`, `openntpd`, or one that `config` describes. `auto`: the first ' +
            'of these that is installed, else chrony.',
        },
        servers: { ...hosts, description: 'Time servers.' },
        pools: {
          ...hosts,
          description: 'Names that stand for many servers. Without servers and pools: the distribution’s.',
        },
        peers: { ...hosts, description: 'Machines that tell each other the time.' },
        allow: {
          type: 'array',
          items: { type: 'string' },
          uniqueItems: true,
          description: 'Networks that may ask this machine for the time (chrony).',
        },
        config: {
          type: 'object',
          additionalProperties: false,
          minProperties: 1,
          properties: {
            confpath: { type: 'string', description: 'The configuration file.' },
            check_exe: { type: 'string', description: 'The command whose presence says that the client is installed.' },
            packages: { type: 'array', items: { type: 'string' }, uniqueItems: true },
            service_name: { type: 'string' },
            template: {
              type: 'string',
              description: 'The configuration file as a template, with servers, pools, peers and allow as lists.',
            },
          },
          description: 'What is different about the client, or all of a client that is not known.',
        },
      },
    },
  },
} as const
