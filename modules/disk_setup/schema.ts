const words = { type: ['array', 'string'], items: { type: 'string' } } as const

export const schema = {
  type: 'object',
  properties: {
    device_aliases: {
      type: 'object',
      additionalProperties: false,
      patternProperties: { '^.+$': { type: 'string' } },
      description: 'Names of your own for disks, to be used in disk_setup, fs_setup and mounts: `name: /dev/...`.',
    },
    disk_setup: {
      type: 'object',
      additionalProperties: false,
      patternProperties: {
        '^.+$': {
          type: 'object',
          additionalProperties: false,
          properties: {
            table_type: {
              type: 'string',
              default: 'mbr',
              enum: ['mbr', 'gpt'],
              description: 'The kind of partition table.',
            },
            layout: {
              default: false,
              oneOf: [
                { type: 'string', enum: ['remove'] },
                { type: 'boolean' },
                {
                  type: 'array',
                  items: {
                    oneOf: [
                      { type: 'integer' },
                      {
                        type: 'array',
                        items: { anyOf: [{ type: 'integer' }, { type: 'string' }] },
                        minItems: 2,
                        maxItems: 2,
                      },
                    ],
                  },
                },
              ],
              description:
                'True: one partition. A list: the sizes of partitions in percent, or `[percent, type]`; the last one takes ' +
                'the rest. `remove`: no partitions. False: the disk is left alone.',
            },
            overwrite: {
              type: 'boolean',
              default: false,
              description: 'Also when there are partitions or a file system on it: what is there is lost.',
            },
          },
        },
      },
      description: 'Disks to partition, by device, alias or the cloud’s name (`ephemeral0`).',
    },
    fs_setup: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        properties: {
          label: { type: 'string' },
          filesystem: {
            type: 'string',
            description: '`ext4`, `xfs`, `btrfs`, `swap` ...: there must be a command to make it.',
          },
          device: { type: 'string', description: 'A disk as above, perhaps with a partition: `ephemeral0.1`.' },
          partition: {
            type: ['string', 'integer'],
            oneOf: [{ type: 'string', enum: ['auto', 'any', 'none'] }],
            accepted: { type: ['string', 'integer'] },
            description:
              'A number; `none`: the whole disk; `any` (the default) and `auto`: the first free partition, or the disk ' +
              'itself when it has none, unless there is such a file system already (`auto`: with that label).',
          },
          overwrite: { type: 'boolean', description: 'Also when there is such a file system already.' },
          replace_fs: { type: 'string', description: 'With `any`: a file system of this type is replaced.' },
          extra_opts: { ...words, description: 'More options for the command.' },
          cmd: {
            ...words,
            description: 'A command of your own, in which %(label)s, %(filesystem)s and %(device)s may stand.',
          },
        },
      },
      description: 'File systems to make.',
    },
  },
} as const
