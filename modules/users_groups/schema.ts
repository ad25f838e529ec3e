/** Deprecated spelling of an option, with dashes. */
const dashed = <const S extends object>(schema: S, instead: string, version: string) =>
  ({
    ...schema,
    deprecated: true,
    deprecated_version: version,
    deprecated_description: `Use **${instead}** instead.`,
  }) as const

const text = { type: 'string' } as const
const yesOrNo = { type: 'boolean' } as const
const texts = { type: 'array', items: { type: 'string' }, minItems: 1 } as const

/** One user: an item of `users`, or the whole of `user`. */
const user = {
  oneOf: [{ required: ['name'] }, { required: ['snapuser'] }],
  additionalProperties: false,
  properties: {
    name: { ...text, description: 'Login name. `default` stands for the default user of the image.' },
    doas: {
      ...texts,
      description: 'Rules for doas, as lines of `/etc/doas.conf` about this user.',
    },
    expiredate: {
      type: 'string',
      format: 'date',
      default: null,
      description: 'Day on which the account is disabled, as `YYYY-MM-DD`. Never, unless given.',
    },
    gecos: { ...text, description: "The user's full name, or whatever else the comment field should hold." },
    groups: {
      description:
        'Further groups the user is a member of: a list, or one text with commas. Missing ones are made, unless `create_groups` is false.',
      oneOf: [
        { type: 'string' },
        { type: 'array', items: { type: ['string'] }, minItems: 1 },
        {
          type: 'object',
          hidden: ['patternProperties'],
          patternProperties: {
            '^.+$': {
              label: '<group_name>',
              type: ['null'],
              minItems: 1,
              deprecated: true,
              deprecated_version: '23.1',
              deprecated_description:
                'The use of ``object`` type is deprecated. Use ``string`` or ``array`` of ``string`` instead.',
              description: 'Name of a group; the value stays empty.',
            },
          },
        },
      ],
    },
    homedir: { ...text, default: '/home/<username>', description: 'Path of the home folder.' },
    inactive: {
      ...text,
      description: 'Days between the end of a password and the end of the account, written as a text.',
    },
    'lock-passwd': dashed(yesOrNo, 'lock_passwd', '22.3'),
    lock_passwd: { ...yesOrNo, default: true, description: 'No login by password. Keys are not affected.' },
    'no-create-home': dashed(yesOrNo, 'no_create_home', '24.2'),
    no_create_home: { ...yesOrNo, default: false, description: 'Leave the home folder unmade.' },
    'no-log-init': dashed(yesOrNo, 'no_log_init', '24.2'),
    no_log_init: { ...yesOrNo, default: false, description: 'Leave lastlog and faillog as they are.' },
    'no-user-group': dashed(yesOrNo, 'no_user_group', '24.2'),
    no_user_group: { ...yesOrNo, default: false, description: "Make no group of the user's own name." },
    passwd: {
      ...text,
      description: 'Hash of the password, for a new user. An account that is there already keeps its own.',
    },
    'hashed-passwd': dashed(text, 'hashed_passwd', '24.2'),
    hashed_passwd: { ...text, description: 'Hash of the password; also for an account that is there already.' },
    'plain-text-passwd': dashed(text, 'plain_text_passwd', '24.2'),
    plain_text_passwd: {
      ...text,
      description:
        'The password itself; also for an account that is there already. Everybody who can read the user-data knows it.',
    },
    'create-groups': dashed(yesOrNo, 'create_groups', '24.2'),
    create_groups: { ...yesOrNo, default: true, description: 'Make the groups of this user that are missing.' },
    'primary-group': dashed(text, 'primary_group', '24.2'),
    primary_group: { ...text, default: '<username>', description: 'The primary group.' },
    'selinux-user': dashed(text, 'selinux_user', '24.2'),
    selinux_user: { ...text, description: 'The SELinux user of a login.' },
    shell: { ...text, description: "Path of the login shell. The system's default, unless given." },
    snapuser: {
      ...text,
      description: 'E-mail address of an Ubuntu SSO account: snapd makes the user, by its name and keys there.',
    },
    ssh_authorized_keys: { ...texts, description: "Public keys for the user's authorized_keys file." },
    'ssh-authorized-keys': dashed(texts, 'ssh_authorized_keys', '18.3'),
    'ssh-import-id': dashed(texts, 'ssh_import_id', '24.2'),
    ssh_import_id: {
      ...texts,
      description: 'Names, such as `gh:someone`, whose public keys are fetched for the user.',
    },
    'ssh-redirect-user': dashed(yesOrNo, 'ssh_redirect_user', '24.2'),
    ssh_redirect_user: {
      ...yesOrNo,
      default: false,
      description:
        "The cloud's keys do not open this account; who tries is told to log in as the default user. Not together with keys of its own.",
    },
    system: { ...yesOrNo, default: false, description: 'A system account: low number, no home folder.' },
    sudo: {
      description:
        'Rules for sudo: what follows the name in a line of sudoers, one text or a list. Nothing, unless given.',
      oneOf: [
        { type: ['string', 'null'] },
        { type: 'array', items: { type: ['string', 'null'] } },
        {
          type: 'boolean',
          changed: true,
          changed_version: '22.2',
          changed_description: 'The value ``false`` is deprecated for this key, use ``null`` instead.',
        },
      ],
    },
    uid: {
      description: "The user's number. The next free one, unless given.",
      oneOf: [
        { type: 'integer' },
        {
          type: 'string',
          changed: true,
          changed_version: '22.3',
          changed_description: 'The use of ``string`` type is deprecated. Use an ``integer`` instead.',
        },
      ],
    },
  },
} as const

/** Group names with their members. */
const groupsByName = {
  additionalProperties: false,
  patternProperties: {
    '^.+$': {
      label: '<group_name>',
      type: ['string', 'array'],
      items: { type: 'string' },
      minItems: 1,
      description: 'Members, one name or a list. They must be there already.',
    },
  },
} as const

export const schema = {
  type: 'object',
  properties: {
    groups: {
      type: ['string', 'object', 'array'],
      description: 'Groups to make, before any user: names, or names with members.',
      hidden: ['patternProperties'],
      ...groupsByName,
      items: { type: ['string', 'object'], ...groupsByName },
      minItems: 1,
    },
    user: {
      description: 'What the default user is like: a name, or options that take precedence over those of the image.',
      oneOf: [{ type: 'string' }, { type: 'object', ...user }],
    },
    users: {
      type: ['string', 'array', 'object'],
      description: 'Users to make. `default` stands for the default user; a list without it makes none.',
      items: {
        oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }, { type: 'object', ...user }],
      },
    },
  },
} as const
