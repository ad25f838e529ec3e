const userName = { type: 'string', description: 'Login name.' } as const

export const schema = {
  type: 'object',
  properties: {
    ssh_pwauth: {
      description: 'Whether sshd lets users in by password. Unless given, sshd keeps what it has.',
      oneOf: [
        { type: 'boolean' },
        {
          type: 'string',
          changed: true,
          changed_version: '22.3',
          changed_description: 'Use of non-boolean values for this field is deprecated.',
        },
      ],
    },
    chpasswd: {
      type: 'object',
      additionalProperties: false,
      description: 'Passwords of users that are there by now.',
      properties: {
        expire: {
          type: 'boolean',
          default: true,
          description: 'The new passwords must be changed at the first login.',
        },
        users: {
          type: 'array',
          description: 'Users with their passwords.',
          items: {
            minItems: 1,
            type: 'object',
            anyOf: [
              {
                required: ['name', 'type'],
                additionalProperties: false,
                properties: {
                  name: userName,
                  type: {
                    enum: ['RANDOM'],
                    type: 'string',
                    description: 'A random password of 20 characters, shown on the console only.',
                  },
                },
              },
              {
                required: ['name', 'password'],
                additionalProperties: false,
                properties: {
                  name: userName,
                  type: {
                    enum: ['hash', 'text'],
                    default: 'hash',
                    type: 'string',
                    description: 'Whether `password` is a hash or the password itself.',
                  },
                  password: { type: 'string', description: 'The password or its hash, as `type` says.' },
                },
              },
            ],
          },
        },
        list: {
          description:
            'Lines `name:password`. A password that looks like a hash (`$6$salt$...`) is one; `R` and `RANDOM` ask for a random one.',
          oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string', pattern: '^.+:.+$' } }],
          minItems: 1,
          deprecated: true,
          deprecated_version: '22.2',
          deprecated_description: 'Use **users** instead.',
        },
      },
    },
    password: {
      type: 'string',
      description: 'Password of the default user. It counts only without `chpasswd.users` and `chpasswd.list`.',
    },
  },
} as const
