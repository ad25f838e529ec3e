export const schema = {
  type: 'object',
  properties: {
    lxd: {
      type: 'object',
      minProperties: 1,
      additionalProperties: false,
      properties: {
        init: {
          type: 'object',
          additionalProperties: false,
          description: 'Options of `lxd init --auto`.',
          properties: {
            network_address: { type: 'string', description: 'Address that LXD listens on.' },
            network_port: { type: 'integer', description: 'Port that LXD listens on.' },
            storage_backend: {
              type: 'string',
              enum: ['zfs', 'dir', 'lvm', 'btrfs'],
              default: 'dir',
              description: 'Kind of the storage pool. What it needs is installed.',
            },
            storage_create_device: { type: 'string', description: 'Block device that the pool is made on.' },
            storage_create_loop: { type: 'integer', description: 'Size in GB of a file that the pool is made in.' },
            storage_pool: { type: 'string', description: 'Name of the pool to use or make.' },
            trust_password: { type: 'string', description: 'Password by which clients are trusted.' },
          },
        },
        bridge: {
          type: 'object',
          required: ['mode'],
          additionalProperties: false,
          description: 'The bridge that containers are on.',
          properties: {
            mode: {
              type: 'string',
              enum: ['none', 'existing', 'new'],
              description:
                '`new`: make one, by the options below; `existing`: use the one of that name; `none`: no bridge.',
            },
            name: { type: 'string', default: 'lxdbr0', description: 'Its name.' },
            mtu: { type: 'integer', default: -1, minimum: -1, description: 'Its MTU; -1 leaves that to LXD.' },
            ipv4_address: {
              type: 'string',
              description: 'Its IPv4 address; without one (and a netmask) it has no IPv4.',
            },
            ipv4_netmask: { type: 'integer', description: 'Length of the IPv4 prefix: 24.' },
            ipv4_dhcp_first: { type: 'string', description: 'First address that DHCP gives out.' },
            ipv4_dhcp_last: { type: 'string', description: 'Last address that DHCP gives out.' },
            ipv4_dhcp_leases: { type: 'integer', description: 'Not used by any LXD of today.' },
            ipv4_nat: {
              type: 'boolean',
              default: false,
              description: 'Translate IPv4 addresses: when it is left out, or the text "true" in quotes.',
            },
            ipv6_address: {
              type: 'string',
              description: 'Its IPv6 address; without one (and a netmask) it has no IPv6.',
            },
            ipv6_netmask: { type: 'integer', description: 'Length of the IPv6 prefix: 64.' },
            ipv6_nat: {
              type: 'boolean',
              default: false,
              description: 'Translate IPv6 addresses: when it is the text "true" in quotes.',
            },
            domain: { type: 'string', description: 'Domain of the names on the bridge.' },
          },
        },
        preseed: {
          type: 'string',
          description: 'Input of `lxd init --preseed`, as it is. Not together with `init` or `bridge`.',
        },
      },
    },
  },
} as const
