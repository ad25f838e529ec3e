const text = { type: 'string' } as const
const flag = { type: 'boolean', default: false } as const
const amount = { type: 'number', minimum: 0 } as const

const pull = {
  type: 'object',
  additionalProperties: false,
  oneOf: [{ required: ['url', 'playbook_name'] }, { required: ['url', 'playbook_names'] }],
  properties: {
    accept_host_key: { ...flag, description: "Accept the host key of the repository's server." },
    clean: { ...flag, description: 'Discard local changes of the working copy.' },
    full: { ...flag, description: 'Clone the whole history.' },
    diff: { ...flag, description: 'Show what changes in files.' },
    ssh_common_args: { ...text, description: 'Arguments for ssh, scp and sftp.' },
    scp_extra_args: { ...text, description: 'Further arguments for scp.' },
    sftp_extra_args: { ...text, description: 'Further arguments for sftp.' },
    private_key: { ...text, description: 'File of the private key to connect with.' },
    checkout: { ...text, description: 'Branch, tag or commit.' },
    module_path: { ...text, description: 'Further folders of modules, with colons between them.' },
    timeout: { ...text, description: 'Seconds that a connection may take.' },
    url: { ...text, description: 'Address of the repository.' },
    connection: { ...text, description: 'Kind of connection.' },
    vault_id: { ...text, description: 'Identity of the vault.' },
    vault_password_file: { ...text, description: "File that holds the vault's password." },
    verify_commit: { ...flag, description: 'Refuse a commit without a good signature.' },
    inventory: { ...text, description: 'Inventory: a file, or hosts with commas.' },
    module_name: { ...text, description: 'Module that fetches the repository.' },
    sleep: { ...text, description: 'Wait up to so many seconds before the start.' },
    tags: { ...text, description: 'Run only what has these tags.' },
    skip_tags: { ...text, description: 'Leave out what has these tags.' },
    playbook_name: {
      ...text,
      deprecated: true,
      deprecated_version: '25.2',
      deprecated_description: 'Use **playbook_names** key instead.',
      description: 'The playbook to run.',
    },
    playbook_names: { type: 'array', items: text, description: 'Playbooks to run, in order.' },
  },
} as const

/** Options of ansible-playbook. Others are handed on as well. */
const playbook = {
  type: 'object',
  properties: {
    playbook_name: { ...text, description: 'The playbook to run.' },
    playbook_dir: { ...text, description: 'Folder that it is run in.' },
    become_password_file: { ...text, description: 'File with the password to become another user.' },
    connection_password_file: { ...text, description: 'File with the password of connections.' },
    list_hosts: { ...flag, description: 'Only list the hosts.' },
    syntax_check: { ...flag, description: 'Only check the syntax.' },
    timeout: { ...amount, description: 'Seconds that a connection may take.' },
    vault_id: { ...text, description: 'Identity of the vault.' },
    vault_password_file: { ...text, description: "File that holds the vault's password." },
    background: { ...amount, description: 'Run in the background, failing after so many seconds.' },
    check: { ...flag, description: 'Change nothing, only tell.' },
    diff: { ...flag, description: 'Show what changes in files.' },
    module_path: { ...text, description: 'Further folders of modules, with colons between them.' },
    poll: { ...amount, description: 'Seconds between two looks at a task in the background.' },
    args: { ...text, description: 'Arguments of the module.' },
    extra_vars: { ...text, description: 'Further variables.' },
    forks: { ...amount, description: 'How many hosts at a time.' },
    inventory: { ...text, description: 'Inventory: a file, or hosts with commas.' },
    scp_extra_args: { ...text, description: 'Further arguments for scp.' },
    sftp_extra_args: { ...text, description: 'Further arguments for sftp.' },
    private_key: { ...text, description: 'File of the private key to connect with.' },
    connection: { ...text, description: 'Kind of connection.' },
    module_name: { ...text, description: 'Name of the module.' },
    sleep: { ...text, description: 'Wait up to so many seconds before the start.' },
    tags: { ...text, description: 'Run only what has these tags.' },
    skip_tags: { ...text, description: 'Leave out what has these tags.' },
  },
} as const

export const schema = {
  type: 'object',
  properties: {
    ansible: {
      type: 'object',
      additionalProperties: false,
      properties: {
        install_method: {
          type: 'string',
          default: 'distro',
          enum: ['distro', 'pip'],
          description: "Where Ansible comes from: the distribution's package, or pip. Must be given.",
        },
        run_user: { ...text, description: 'Who runs it all. root, unless given.' },
        ansible_config: { ...text, description: "File of Ansible's configuration." },
        package_name: {
          ...text,
          default: 'ansible',
          description: 'The package: `ansible` or `ansible-core`. Must be given.',
        },
        setup_controller: {
          type: 'object',
          additionalProperties: false,
          description: 'Makes this machine one that manages others.',
          properties: {
            repositories: {
              type: 'array',
              description: 'Repositories to clone.',
              items: {
                type: 'object',
                required: ['path', 'source'],
                additionalProperties: false,
                properties: {
                  path: { ...text, description: 'Where to.' },
                  source: { ...text, description: 'Where from.' },
                },
              },
            },
            run_ansible: {
              type: 'array',
              items: playbook,
              description: 'Playbooks to run, with options of ansible-playbook.',
            },
          },
        },
        galaxy: {
          type: 'object',
          required: ['actions'],
          additionalProperties: false,
          description: 'Collections and roles.',
          properties: {
            actions: {
              type: 'array',
              description: 'Commands, each a list of words.',
              items: { type: 'array', items: { type: 'string', pattern: '^.*$' } },
            },
          },
        },
        pull: {
          description: 'Playbooks to fetch and run on this machine, with options of ansible-pull.',
          oneOf: [
            { type: 'array', items: pull },
            {
              ...pull,
              deprecated: true,
              deprecated_version: '25.2',
              deprecated_description: 'Expect **ansible.pull** as list of objects instead of a single object.',
            },
          ],
        },
      },
    },
  },
} as const
