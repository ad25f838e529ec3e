const path = (value: string, description: string) => ({ type: 'string', default: value, description }) as const

export const schema = {
  type: 'object',
  properties: {
    chef: {
      type: 'object',
      minProperties: 1,
      additionalProperties: false,
      properties: {
        directories: {
          type: 'array',
          items: { type: 'string' },
          minItems: 1,
          uniqueItems: true,
          description: 'Folders to make for Chef. The usual ones, unless given.',
        },
        config_path: path('/etc/chef/client.rb', "File of the client's configuration."),
        validation_cert: {
          type: 'string',
          description:
            'The key that a new client registers with; it is written to `validation_key`. `system`: it is there already.',
        },
        validation_key: path('/etc/chef/validation.pem', 'File of that key; only root can read it.'),
        firstboot_path: path('/etc/chef/firstboot.json', 'Where `run_list` and `initial_attributes` are written.'),
        exec: { type: 'boolean', default: false, description: 'Run the client after it was installed.' },
        client_key: path('/etc/chef/client.pem', "File of the client's own key."),
        encrypted_data_bag_secret: {
          type: 'string',
          default: null,
          description: 'File with the secret of encrypted data bags.',
        },
        environment: { type: 'string', default: '_default', description: 'Environment of this node.' },
        file_backup_path: path('/var/chef/backup', 'Folder of backups.'),
        file_cache_path: path('/var/chef/cache', 'Folder of the cache.'),
        json_attribs: path('/etc/chef/firstboot.json', 'File of the first attributes.'),
        log_level: { type: 'string', default: ':info', description: 'How much is logged.' },
        log_location: path('/var/log/chef/client.log', 'Where to.'),
        node_name: { type: 'string', description: 'Name of this node. The instance id, unless given.' },
        omnibus_url: path('https://www.chef.io/chef/install.sh', 'Address of the installation script for `omnibus`.'),
        omnibus_url_retries: {
          type: 'integer',
          default: 5,
          description: 'How often the script is asked for again when it can not be had.',
        },
        omnibus_version: { type: 'string', description: 'Version that `omnibus` installs. The latest, unless given.' },
        pid_file: path('/var/run/chef/client.pid', "File of the client's process number."),
        server_url: { type: 'string', description: 'Address of the server. Must be given.' },
        show_time: { type: 'boolean', default: true, description: 'Put the time into the log.' },
        ssl_verify_mode: {
          type: 'string',
          default: ':verify_none',
          description: '`:verify_peer` or `:verify_none`: whether certificates are checked.',
        },
        validation_name: { type: 'string', description: 'Name that a new client registers by. Must be given.' },
        force_install: {
          type: 'boolean',
          default: false,
          description: 'Install also when the client is there already.',
        },
        initial_attributes: {
          type: 'object',
          items: { type: 'string' },
          description: 'First attributes of this node.',
        },
        install_type: {
          type: 'string',
          default: 'packages',
          enum: ['packages', 'gems', 'omnibus'],
          description: "Where the client comes from: the distribution's package, a gem, or Chef's installation script.",
        },
        run_list: { type: 'array', items: { type: 'string' }, description: 'What is run at first: `recipe[apache2]`.' },
        chef_license: {
          type: 'string',
          enum: ['accept', 'accept-silent', 'accept-no-persist'],
          description: "Consent to Chef's licence.",
        },
      },
    },
  },
} as const
