import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ajv } from 'ajv'
import { editorSchema } from '../../src/schema/editor-schema.ts'

test('The schema for editors is plain JSON schema, and knows the keys of the modules', async () => {
  const schema = await editorSchema()
  const ajv = new Ajv({ strict: false, logger: false })
  const accepts = ajv.compile(schema)
  assert.equal(accepts({ users: ['default', { name: 'ada', shell: '/bin/sh' }], runcmd: [['ls', '-l'], 'true'] }), true)
  assert.equal(accepts({ ssh_authorised_keys: ['k'] }), false)
  assert.equal(accepts({ write_files: [{ content: 'no path' }] }), false)
  assert.doesNotMatch(JSON.stringify(schema), /"(deprecated|changed)_version":/)
  assert.match(JSON.stringify(schema), /"deprecationMessage":"Deprecated since 22\.2/)
})
