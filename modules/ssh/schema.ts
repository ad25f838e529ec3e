export const schema = {
  type: 'object',
  properties: {
    ssh_keys: {
      type: 'object',
      additionalProperties: false,
      patternProperties: {
        '^(ecdsa|ed25519|rsa)_(public|private|certificate)$': {
          label: '<key_type>',
          type: 'string',
          description:
            'The key itself. A public key that is missing is made from its private key. A certificate is named in the configuration of sshd.',
        },
      },
      description: 'Host keys to use. With any of them no host key is generated.',
    },
    ssh_authorized_keys: {
      type: 'array',
      minItems: 1,
      items: { type: 'string' },
      description: 'Public keys that open the account of the default user.',
    },
    ssh_deletekeys: {
      type: 'boolean',
      default: true,
      description: 'Remove the host keys that came with the image: whoever has the image has them, too.',
    },
    ssh_genkeytypes: {
      type: 'array',
      default: ['ecdsa', 'ed25519', 'rsa'],
      minItems: 1,
      items: { type: 'string', enum: ['ecdsa', 'ed25519', 'rsa'] },
      description: 'Types of host key to generate.',
    },
    disable_root: {
      type: 'boolean',
      default: true,
      description:
        'The keys do not open the account of root; who tries is told the default user. See `disable_root_opts`.',
    },
    disable_root_opts: {
      type: 'string',
      default:
        'no-port-forwarding,no-agent-forwarding,no-X11-forwarding,command="echo \'Please login as the user \\"$USER\\" rather than the user \\"$DISABLE_USER\\".\';echo;sleep 10;exit 142"',
      description: 'Options of the keys in the authorized_keys of root when `disable_root` is true.',
    },
    allow_public_ssh_keys: {
      type: 'boolean',
      default: true,
      description: 'Take the public keys that the cloud hands out.',
    },
    ssh_quiet_keygen: {
      type: 'boolean',
      default: false,
      description: 'Do not show what ssh-keygen prints.',
    },
    ssh_publish_hostkeys: {
      type: 'object',
      additionalProperties: false,
      description: 'Whether the public host keys are sent to the cloud, where the cloud takes them.',
      properties: {
        enabled: { type: 'boolean', default: true, description: 'Send them.' },
        blacklist: {
          type: 'array',
          items: { type: 'string' },
          description: 'Types of key that are not sent.',
        },
      },
    },
  },
} as const
