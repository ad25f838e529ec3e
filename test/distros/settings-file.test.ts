import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSettings, withSettings } from '../../src/distros/settings-file.ts'

const puppetConf = '[main]\nlogdir = /var/log/puppet\n\n[agent]\n# keep\nreport=true\n'

test('settings are changed where they stand, and added at the end of their section', () => {
  const cases: [string, string, Record<string, string>, string][] = [
    [puppetConf, 'agent', { report: 'false' }, '[main]\nlogdir = /var/log/puppet\n\n[agent]\n# keep\nreport = false\n'],
    [
      puppetConf,
      'main',
      { server: 'p' },
      '[main]\nlogdir = /var/log/puppet\nserver = p\n\n[agent]\n# keep\nreport = true\n',
    ],
    ['', 'agent', { server: 'p' }, '[agent]\nserver = p\n'],
    ['a = 1\n', '', { b: '2', a: '3' }, 'a = 3\nb = 2\n'],
    ['a = 1\na = 2\n', '', { a: '3' }, 'a = 3\n'],
  ]
  for (const [text, section, settings, expected] of cases) {
    assert.equal(withSettings(text, section, settings), expected)
    assert.equal(withSettings(expected, section, settings), expected, 'a second time changes nothing')
  }
})

test('only the settings of the section are read', () => {
  assert.deepEqual(readSettings(puppetConf, 'agent'), { report: 'true' })
  assert.deepEqual(readSettings(puppetConf, ''), {})
  assert.deepEqual(readSettings('x = 1\n; y = 2\n[s]\nz = a = b\n', 's'), { z: 'a = b' })
})
