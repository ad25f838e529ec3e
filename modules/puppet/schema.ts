export const schema = {
  type: 'object',
  properties: {
    puppet: {
      type: 'object',
      additionalProperties: false,
      properties: {
        install: { type: 'boolean', default: true, description: 'Whether Puppet is installed.' },
        version: { type: 'string', description: 'Version to install. The latest, unless given.' },
        install_type: {
          type: 'string',
          enum: ['packages', 'aio'],
          default: 'packages',
          description: "`packages`: the distribution's package; `aio`: Puppet's own, by its installation script.",
        },
        collection: { type: 'string', description: 'Collection that `aio` installs from, such as `puppet7`.' },
        aio_install_url: { type: 'string', description: 'Address of the installation script for `aio`.' },
        cleanup: { type: 'boolean', default: true, description: 'Remove the repository again that `aio` adds.' },
        conf_file: { type: 'string', description: "File of Puppet's configuration. Puppet is asked, unless given." },
        ssl_dir: { type: 'string', description: "Folder of Puppet's certificates. Puppet is asked, unless given." },
        csr_attributes_path: {
          type: 'string',
          description: 'Where `csr_attributes` is written. Puppet is asked, unless given.',
        },
        package_name: { type: 'string', description: 'The package. `puppet-agent` or else `puppet`, unless given.' },
        exec: { type: 'boolean', default: false, description: 'Run the agent once, now.' },
        exec_args: {
          type: 'array',
          items: { type: 'string' },
          description: 'Arguments of that run. `--test`, unless given.',
        },
        start_service: { type: 'boolean', default: true, description: 'Enable and start the service.' },
        conf: {
          type: 'object',
          additionalProperties: false,
          description:
            'Sections of puppet.conf with their settings. In `certname` `%i` is the instance id, `%f` the FQDN.',
          properties: {
            main: { type: 'object', description: 'Settings of the section main.' },
            server: { type: 'object', description: 'Settings of the section server.' },
            agent: { type: 'object', description: 'Settings of the section agent.' },
            user: { type: 'object', description: 'Settings of the section user.' },
            ca_cert: { type: 'string', description: 'The certificate authority of the server, as PEM.' },
          },
        },
        csr_attributes: {
          type: 'object',
          additionalProperties: false,
          description: 'What the request for a certificate says.',
          properties: {
            custom_attributes: { type: 'object', description: 'Attributes that end with the request.' },
            extension_requests: { type: 'object', description: 'Extensions that stay in the certificate.' },
          },
        },
      },
    },
  },
} as const
