const key = {
  key: { type: 'string', description: 'The key itself, ASCII-armoured.' },
  keyid: { type: 'string', description: 'The fingerprint of a key to be fetched from `keyserver`.' },
  keyserver: { type: 'string', description: 'Default: keyserver.ubuntu.com.' },
} as const

const mirrors = {
  type: 'array',
  minItems: 1,
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['arches'],
    properties: {
      arches: {
        type: 'array',
        items: { type: 'string' },
        minItems: 1,
        description: 'Architectures by dpkg’s names (`amd64`), or `default` for all that no other entry names.',
      },
      uri: { type: 'string', format: 'uri', description: 'The mirror.' },
      search: {
        type: 'array',
        items: { type: 'string', format: 'uri' },
        minItems: 1,
        description: 'Candidates, where there is no `uri`: the first whose name resolves is taken.',
      },
      search_dns: {
        type: 'boolean',
        description: 'Look for a mirror by well-known names, such as http://ubuntu-mirror.DOMAIN/ubuntu.',
      },
      ...key,
    },
  },
} as const

export const schema = {
  type: 'object',
  properties: {
    apt: {
      type: 'object',
      additionalProperties: false,
      minProperties: 1,
      properties: {
        preserve_sources_list: {
          type: 'boolean',
          default: false,
          description: 'True: the distribution’s own package sources stay as the image has them.',
        },
        disable_suites: {
          type: 'array',
          items: { type: 'string' },
          minItems: 1,
          uniqueItems: true,
          description:
            'Suites to comment out in the sources that are written: `updates`, `backports`, `security`, `proposed`, ' +
            '`release`, or a full name, in which `$RELEASE` may stand.',
        },
        primary: { ...mirrors, description: 'Where packages come from.' },
        security: { ...mirrors, description: 'Where security updates come from; default: the primary mirror.' },
        add_apt_repo_match: {
          type: 'string',
          default: '^[\\w-]+:\\w',
          description: 'Sources that match this go to add-apt-repository.',
        },
        debconf_selections: {
          type: 'object',
          minProperties: 1,
          additionalProperties: false,
          patternProperties: { '^.+$': { type: 'string' } },
          description:
            'Answers to debconf’s questions, as debconf-set-selections reads them, under names of your choice.',
        },
        sources_list: {
          type: 'string',
          description:
            'The text of the sources, in either format, as a template with $MIRROR, $PRIMARY, $SECURITY and $RELEASE. ' +
            'Default: the distribution’s usual ones.',
        },
        conf: { type: 'string', description: 'More configuration for apt, as it is.' },
        https_proxy: { type: 'string' },
        http_proxy: { type: 'string' },
        proxy: { type: 'string', description: 'The same as http_proxy.' },
        ftp_proxy: { type: 'string' },
        sources: {
          type: 'object',
          additionalProperties: false,
          patternProperties: {
            '^.+$': {
              type: 'object',
              additionalProperties: false,
              minProperties: 1,
              properties: {
                source: {
                  type: 'string',
                  description:
                    'A line of sources.list, a template as above; $KEY_FILE is the file that the key is put in. Or `ppa:NAME`.',
                },
                ...key,
                filename: {
                  type: 'string',
                  description: 'In /etc/apt/sources.list.d; default: the name of the entry.',
                },
                append: {
                  type: 'boolean',
                  default: true,
                  description: 'False: what is in the file already is replaced.',
                },
              },
            },
          },
          description: 'More package sources, by name, with their keys.',
        },
      },
    },
  },
} as const
