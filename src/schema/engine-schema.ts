import type { SchemaNode } from '../cloudconfig/schema-node.ts'

const text: SchemaNode = { type: 'string' }

const outputTarget: SchemaNode = {
  oneOf: [
    text,
    { type: 'array', items: text, minItems: 2, maxItems: 2 },
    { type: 'object', additionalProperties: false, properties: { output: text, error: text } },
  ],
}

const mergeRules: SchemaNode = {
  oneOf: [
    text,
    {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['name', 'settings'],
        properties: {
          name: { type: 'string', enum: ['list', 'dict', 'str'] },
          settings: {
            type: 'array',
            items: {
              type: 'string',
              enum: [
                'allow_delete',
                'no_replace',
                'replace',
                'append',
                'prepend',
                'recurse_dict',
                'recurse_list',
                'recurse_array',
                'recurse_str',
              ],
            },
          },
        },
      },
    },
  ],
}

const moduleList: SchemaNode = {
  type: 'array',
  uniqueItems: true,
  items: { oneOf: [text, { type: 'array', minItems: 1, maxItems: 2 }] },
}

/** Keys of a cloud-config that no module reads, but the engine does. */
export const engineSchema: Readonly<Record<string, SchemaNode>> = {
  cloud_init_modules: moduleList,
  cloud_config_modules: moduleList,
  cloud_final_modules: moduleList,
  'launch-index': { type: 'integer' },
  merge_how: mergeRules,
  merge_type: mergeRules,
  output: {
    type: 'object',
    additionalProperties: false,
    properties: { all: outputTarget, init: outputTarget, config: outputTarget, final: outputTarget },
  },
}

/** Keys that count in the configuration of an image only; in a cloud-config they are mistakes. */
export const imageOnlyKeys: ReadonlySet<string> = new Set(
  `allow_userdata apt_sources conf_d datasource datasource_list debug def_log_file disable_network_activation instance_id
  log_cfgs logcfg manual_cache_clean network policy resize_rootfs_tmp selinux syslog_fix_perms unverified_modules
  warnings`.split(/\s+/),
)
