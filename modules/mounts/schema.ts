const size = '^([0-9]+)?\\.?[0-9]+[BKMGT]$'

export const schema = {
  type: 'object',
  properties: {
    mounts: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'array',
        minItems: 1,
        maxItems: 6,
        items: { type: 'string', accepted: { type: ['string', 'null'] } },
      },
      description:
        'Lines of /etc/fstab as lists: device, folder, type, options, dump, pass. What is missing or null comes from ' +
        '`mount_default_fields`; a device without a folder takes an entry before it away. A device is a path, a short ' +
        'name (`sdb`, `vdb1`), a cloud’s name (`ephemeral0`), an alias of `device_aliases`, or anything that fstab takes.',
    },
    mount_default_fields: {
      type: 'array',
      minItems: 6,
      maxItems: 6,
      items: { oneOf: [{ type: 'string' }, { type: 'null' }] },
      default: [null, null, 'auto', 'defaults,nofail,x-systemd.after=cloud-init-network.service', '0', '2'],
      description: 'What stands in for fields that an entry of `mounts` leaves out.',
    },
    swap: {
      type: 'object',
      additionalProperties: false,
      properties: {
        filename: { type: 'string', description: 'Default: /swap.img.' },
        size: {
          oneOf: [{ enum: ['auto'] }, { type: 'integer' }, { type: 'string', pattern: size }],
          description: 'Bytes, or with a unit (`2G`), or `auto`: by the memory and the disk. Default: no swap file.',
        },
        maxsize: {
          oneOf: [{ type: 'integer' }, { type: 'string', pattern: size }],
          description: 'The largest size that `auto` may choose.',
        },
      },
      description: 'A swap file to make and use.',
    },
  },
} as const
