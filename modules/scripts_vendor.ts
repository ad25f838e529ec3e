import { defineModule } from '../src/cloudconfig/module.ts'
import { runParts } from '../src/machine/run-parts.ts'

const schema = {
  type: 'object',
  properties: {
    vendor_data: {
      type: 'object',
      additionalProperties: false,
      description: 'What becomes of the vendor-data that the cloud brings.',
      properties: {
        enabled: {
          description: 'False: vendor-data is not used. Default: true.',
          oneOf: [
            { type: 'boolean', default: true },
            {
              type: 'string',
              deprecated: true,
              deprecated_version: '22.3',
              deprecated_description: 'Use of type string for this value is deprecated. Use a boolean instead.',
            },
          ],
        },
        merge: {
          enum: ['default', 'append', 'prepend', 'replace'],
          description:
            'How lists of vendor-data meet those of user-data: after their items, before them, or not at all (user-data’s list replaces them). Default: as vendor-data’s own merge_how says, without one as replace. Lists of modules are orders and always replaced.',
        },
        prefix: {
          type: ['array', 'string'],
          items: { type: ['string', 'integer'] },
          description: 'A command, or its words, that vendor scripts are run by.',
        },
      },
    },
  },
} as const

export default defineModule({
  id: 'scripts_vendor',
  frequency: 'instance',
  distros: 'all',
  title: 'Run the vendor’s scripts',
  description: 'Runs the scripts of vendor-data once per instance, in the order of their names.',
  examples: ['#cloud-config\nvendor_data: {enabled: true, prefix: /usr/bin/ltrace}\n'],
  schema,
  run: ({ vendor_data }, { machine, paths }) => {
    const prefix = vendor_data?.prefix ?? []
    const words = typeof prefix === 'string' ? [prefix] : prefix.map(String)
    return runParts(machine, `${paths.cloud}/instance/scripts/vendor`, words.filter(Boolean))
  },
})
