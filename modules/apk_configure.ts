import { defineModule } from '../src/cloudconfig/module.ts'

const schema = {
  type: 'object',
  properties: {
    apk_repos: {
      type: 'object',
      minProperties: 1,
      additionalProperties: false,
      properties: {
        preserve_repositories: {
          type: 'boolean',
          default: false,
          description: 'True: the repositories stay as the image has them.',
        },
        alpine_repo: {
          type: ['object', 'null'],
          additionalProperties: false,
          minProperties: 1,
          required: ['version'],
          properties: {
            base_url: {
              type: 'string',
              default: 'https://dl-cdn.alpinelinux.org/alpine',
              description: 'The mirror.',
            },
            community_enabled: { type: 'boolean', default: false },
            testing_enabled: { type: 'boolean', default: false, description: 'Always that of `edge`.' },
            version: { type: 'string', description: '`v3.20`, or `edge`.' },
          },
        },
        local_repo_base_url: { type: 'string', description: 'A repository of your own, with a folder per version.' },
      },
    },
  },
} as const

const file = '/etc/apk/repositories'
const usualMirror = 'https://dl-cdn.alpinelinux.org/alpine'

export default defineModule({
  id: 'apk_configure',
  frequency: 'instance',
  distros: ['alpine'],
  activateBy: ['apk_repos'],
  schema,
  title: 'Writes the list of Alpine’s package repositories',
  examples: [
    '#cloud-config\napk_repos:\n  alpine_repo:\n    version: v3.20\n    community_enabled: true\n  local_repo_base_url: https://packages.example.com/alpine\n',
  ],
  run: ({ apk_repos: repos = {} }, { machine }) => {
    const { preserve_repositories: isPreserved, alpine_repo: repo, local_repo_base_url: local = '' } = repos
    if (isPreserved || !repo?.version) {
      machine.log.debug('apk_repos: the repositories stay as they are')
      return
    }
    const { base_url: mirror = usualMirror, version } = repo
    const lines = [
      '# Written once for each instance, by apk_repos in the configuration.',
      `${mirror}/${version}/main`,
      ...(repo.community_enabled ? [`${mirror}/${version}/community`] : []),
      ...(repo.testing_enabled ? [`${mirror}/edge/testing`] : []),
      ...(local === '' ? [] : [`${local}/${version}`]),
      '',
    ]
    machine.files.write(file, lines.join('\n'))
  },
})
