import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { hostsTemplates } from '../../src/distros/hosts-templates.ts'

test('the templates that a package installs are those that are built in', () => {
  for (const [family, template] of Object.entries(hostsTemplates)) {
    const shipped = join(import.meta.dirname, '../../config/templates', `hosts.${family}.tmpl`)
    assert.equal(readFileSync(shipped, 'utf8'), template)
  }
})
