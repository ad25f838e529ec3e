import assert from 'node:assert/strict'
import { test } from 'node:test'
import { acceptConfig, reportUnknownKeys } from '../../src/cloudconfig/accept.ts'
import { defineModule } from '../../src/cloudconfig/module.ts'
import { parseYaml } from '../../src/cloudconfig/yaml.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import { memoryMachine } from '../../src/machine/memory.ts'

const module = defineModule({
  id: 'example',
  frequency: 'instance',
  distros: 'all',
  title: 'An example',
  schema: {
    type: 'object',
    properties: {
      hostname: { type: 'string' },
      update: { type: 'boolean' },
      tries: { type: 'integer', minimum: 1 },
      old: {
        type: 'string',
        deprecated: true,
        deprecated_version: '22.1',
        deprecated_description: 'Use **new** instead.',
      },
      mode: {
        oneOf: [
          { type: 'string', enum: ['auto', 'off'] },
          { type: 'boolean', changed: true, changed_version: '23.4' },
        ],
      },
      commands: { type: 'array', items: { oneOf: [{ type: 'array', items: { type: 'string' } }, { type: 'string' }] } },
      files: {
        type: 'array',
        items: {
          type: 'object',
          required: ['path'],
          additionalProperties: false,
          properties: { path: { type: 'string' }, content: { type: 'string' }, encoding: { enum: ['b64', 'gz'] } },
        },
      },
    },
  },
  run: () => undefined,
})

const accept = async (yaml: string): Promise<{ config: JsonObject; lines: string[] }> => {
  const machine = memoryMachine()
  const config = await acceptConfig(module, parseYaml(yaml, 'test') as JsonObject, machine.log)
  const lines = machine.records
    .filter(({ level }) => level !== 'DEBUG')
    .map(({ level, message }) => `${level} ${message}`)
  return { config, lines }
}

test('What fits is handed over as it is, and keys of other modules are not', async () => {
  const { config, lines } = await accept('hostname: h\nupdate: true\nfiles: [{path: /a}]\nelse: 1\nmode: auto\n')
  assert.deepEqual(config, { hostname: 'h', update: true, files: [{ path: '/a' }], mode: 'auto' })
  assert.deepEqual(lines, [])
})

test('Scalars are converted where that is safe', async () => {
  const { config } = await accept("hostname: 5\nupdate: 'yes'\ntries: '3'\ncommands: [ls, 5, [a, 1]]\n")
  assert.deepEqual(config, { hostname: '5', update: true, tries: 3, commands: ['ls', '5', ['a', '1']] })
})

test('One text where a list is wanted is a list of one', async () => {
  const { config } = await accept('commands: ls -l\n')
  assert.deepEqual(config, { commands: ['ls -l'] })
})

test('The smallest thing that does not fit is left out and named', async () => {
  const { config, lines } = await accept(
    'hostname: [a]\ntries: 0\nmode: later\ncommands: [ls, {a: 1}]\nfiles: [{path: /a, content: []}, {content: x}, 7, {path: /b, encoding: zip}]\n',
  )
  assert.deepEqual(config, { commands: ['ls'], files: [{ path: '/a' }, { path: '/b' }] })
  assert.deepEqual(lines, [
    'ERROR hostname: expected text, found a list; it is left out',
    'ERROR tries: must be at least 1; it is left out',
    'ERROR mode: expected one of "auto", "off"; it is left out',
    'ERROR commands[1]: expected a list or text, found a mapping; it is left out',
    'ERROR files[0].content: expected text, found a list; it is left out',
    'ERROR files[1]: path is missing; it is left out',
    'ERROR files[2]: expected a mapping, found the number 7; it is left out',
    'ERROR files[3].encoding: expected one of "b64", "gz"; it is left out',
  ])
})

test('A misspelt key below another is named with the right one', async () => {
  const { config, lines } = await accept('files: [{path: /a, contnet: x}]\n')
  assert.deepEqual(config, { files: [{ path: '/a' }] })
  assert.deepEqual(lines, ['WARNING files[0].contnet: there is no such key; did you mean content?'])
})

test('Deprecated keys and forms are told with version and replacement', async () => {
  const { config, lines } = await accept('old: x\nmode: false\n')
  assert.deepEqual(config, { old: 'x', mode: false })
  assert.deepEqual(lines, [
    'DEPRECATED old: deprecated since 22.1: Use new instead.',
    'DEPRECATED mode: this form has changed in 23.4',
  ])
})

test('An empty key counts as absent', async () => {
  assert.deepEqual((await accept('hostname:\nfiles:\n')).config, {})
})

test('Ten thousand entries, all of them wrong, are told in few lines', async () => {
  const files = Array.from({ length: 10_000 }, (_, index) => `- {path: /f${index}, content: [x]}`).join('\n')
  const { config, lines } = await accept(`files:\n${files}\n`)
  assert.equal((config['files'] as unknown[]).length, 10_000)
  assert.equal(lines.length, 51)
  assert.match(lines.at(-1) ?? '', /9950 more/)
})

test('A misspelt top-level key is told what it was meant to be; one for another program has no suggestion', async () => {
  const machine = memoryMachine()
  await reportUnknownKeys({ ssh_authorised_keys: [], runcmd: [], mycompany: 1 }, 'user-data', machine.log)
  assert.deepEqual(
    machine.records.map(({ message }) => message),
    [
      'user-data: there is no key ssh_authorised_keys; did you mean ssh_authorized_keys?',
      'user-data: there is no key mycompany',
    ],
  )
})
