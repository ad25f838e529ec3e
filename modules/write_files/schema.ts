/** Schema of `write_files`, for write_files and write_files_deferred. */
export const writeFilesSchema = {
  type: 'object',
  properties: {
    write_files: {
      type: 'array',
      minItems: 1,
      description: 'Files to write, in order.',
      items: {
        type: 'object',
        required: ['path'],
        additionalProperties: false,
        properties: {
          path: {
            type: 'string',
            description: 'An absolute path. Missing folders are made, with the owner of the file.',
          },
          content: { type: 'string', default: "''", description: 'What the file holds, encoded as `encoding` says.' },
          source: {
            type: 'object',
            additionalProperties: false,
            required: ['uri'],
            description: 'Where the content is fetched from. When that fails, `content` is taken instead.',
            properties: {
              uri: { type: 'string', format: 'uri', description: '`http`, `https` or `file`.' },
              headers: {
                type: 'object',
                additionalProperties: { type: 'string' },
                description: 'Headers of the request.',
              },
            },
          },
          owner: {
            type: 'string',
            default: 'root:root',
            description: '`user:group`, `user` or `:group`, by name or number.',
          },
          permissions: {
            type: 'string',
            default: "'0o644'",
            description: 'The mode, as octal digits in quotes: `"0640"`.',
          },
          encoding: {
            type: 'string',
            default: 'text/plain',
            enum: ['gz', 'gzip', 'gz+base64', 'gzip+base64', 'gz+b64', 'gzip+b64', 'b64', 'base64', 'text/plain'],
            description: 'How `content` is encoded.',
          },
          append: { type: 'boolean', default: false, description: 'True: add to the end of the file.' },
          defer: {
            type: 'boolean',
            default: false,
            description: 'True: write it in the final stage, when users are made and packages installed.',
          },
        },
      },
    },
  },
} as const
