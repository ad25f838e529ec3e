/** What hostile or broken user-data gets: one clear line, and the good part beside it still counts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { readBaseConfig } from '../../src/cloudconfig/load.ts'
import { parseYaml } from '../../src/cloudconfig/yaml.ts'
import { defaultPaths } from '../../src/instance/paths.ts'
import { HttpFailure } from '../../src/machine/errors.ts'
import { httpResponse } from '../../src/machine/http-response.ts'
import { type MemoryOptions, memoryMachine } from '../../src/machine/memory.ts'
import { consumeUserData } from '../../src/userdata/consume.ts'

const folder = '/var/lib/cloud/instances/i-1'
const secret = 'hunter2secret'

interface Case {
  readonly userData: string | Uint8Array
  /** Every line that the log says at WARNING or ERROR; undefined: none. */
  readonly told?: RegExp
  /** What the merged cloud-config is. */
  readonly config?: unknown
  /** Configuration of the image. */
  readonly image?: string
  readonly http?: MemoryOptions['http']
}

const run = async ({ userData, image = '', http }: Case) => {
  const machine = memoryMachine({
    files: {
      '/etc/cloud/cloud.cfg': image,
      '/run/cloud-init/instance-data-sensitive.json': '{"v1": {"instance_id": "i-1"}, "list": [1, 2, 3]}',
    },
    onCommand: () => ({}),
    ...(http && { http }),
  })
  const base = await readBaseConfig(machine, { cmdline: '' })
  const data = { instanceId: 'i-1', userData: Buffer.from(userData) }
  await consumeUserData(machine, { paths: defaultPaths, data, base, isNew: true })
  const text = machine.files.readText(`${folder}/cloud-config.txt`)
  const problems = machine.records.filter(({ level }) => level === 'ERROR' || level === 'WARNING')
  const log = machine.records.map(({ message }) => message).join('\n')
  return {
    machine,
    log,
    config: text === '' ? undefined : parseYaml(text, 'merged', { maxDepth: 1000, maxAliasExpansion: 1000 }),
    told: problems.map(({ message }) => message),
  }
}

/** A part that is wrong in some way, beside one that is not. */
const beside = (type: string, body: string | Uint8Array): string =>
  `MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="B"\n\n--B\nContent-Type: ${type}\nContent-Transfer-Encoding: base64\n\n${Buffer.from(body).toString('base64')}\n--B\nContent-Type: text/cloud-config\n\ngood: true\n--B--\n`

const good = { good: true }
const bombOf = (levels: number): string =>
  `#cloud-config\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n${Array.from({ length: levels }, (_, at) => `a${at + 1}: &a${at + 1} [${Array(10).fill(`*a${at}`).join(', ')}]\n`).join('')}`
const nested = (open: string, close: string): string => `#cloud-config\na: ${open.repeat(1000)}1${close.repeat(1000)}\n`
const jinja = (body: string): string => `## template: jinja\n#cloud-config\na: ${body}\n`

const cases: Readonly<Record<string, Case>> = {
  'an alias bomb': {
    userData: beside('text/cloud-config', bombOf(12)),
    config: good,
    told: /part-001 is left out: line \d+, column \d+: aliases expand to more than 16777216 characters \(input_limits.yaml_alias_characters\)/,
  },
  'an alias bomb by merge keys': {
    userData: beside(
      'text/cloud-config',
      `#cloud-config\nb: &b {${Array.from({ length: 300 }, (_, at) => `k${at}: ${'x'.repeat(300)}`).join(', ')}}\nc:\n${'- {<<: *b}\n'.repeat(1000)}`,
    ),
    config: good,
    told: /yaml_alias_characters/,
  },
  'an alias within the value that it names': {
    userData: beside('text/cloud-config', '#cloud-config\na: &a [*a]\n'),
    config: good,
    told: /alias \*a stands inside the value it names/,
  },
  'a gzip bomb': {
    userData: gzipSync(Buffer.alloc(80 * 1024 * 1024)),
    told: /unpacks to more than 67108864 bytes \(input_limits.unpacked_bytes\)/,
  },
  'a gzip bomb in a part': {
    userData: beside('application/gzip', gzipSync(Buffer.alloc(80 * 1024 * 1024))),
    config: good,
    told: /unpacks to more than 67108864 bytes \(input_limits.unpacked_bytes\)/,
  },
  'a smaller limit, set by the image': {
    userData: gzipSync(`#cloud-config\na: ${'x'.repeat(2000)}\n`),
    image: 'input_limits: {unpacked_bytes: 1000}\n',
    told: /unpacks to more than 1000 bytes/,
  },
  'gzip that is cut off': {
    userData: gzipSync('#cloud-config\na: 1\n').subarray(0, 25),
    told: /user-data: cannot be unpacked with gzip: unexpected end of file/,
  },
  'lists 1,000 deep': {
    userData: beside('text/cloud-config', nested('[', ']')),
    config: good,
    told: /part-001 is left out: line 2, column \d+: nested deeper than 100 levels \(input_limits.yaml_depth\)/,
  },
  'mappings 1,000 deep': {
    userData: beside('text/cloud-config', nested('{a: ', '}')),
    config: good,
    told: /nested deeper than 100 levels/,
  },
  'deeper nesting that the image allows': {
    userData: `#cloud-config\na: ${'['.repeat(150)}1${']'.repeat(150)}\n`,
    image: 'input_limits: {yaml_depth: 200}\n',
    config: {
      a: Array(150)
        .fill(0)
        .reduce((inner: unknown) => [inner], 1),
    },
  },
  'multiparts 1,000 deep': {
    userData: `MIME-Version: 1.0\n${Array.from({ length: 1000 }, (_, at) => `Content-Type: multipart/mixed; boundary="B${at}"\n\n--B${at}\n`).join('')}\n#cloud-config\na: 1\n`,
    told: /nested deeper than 20 levels \(input_limits.part_depth\)/,
  },
  'an include loop of two': {
    userData: '#include\nhttp://a/one\nhttp://a/good\n',
    http: ({ url }) =>
      httpResponse({
        url,
        body: url.endsWith('good')
          ? '#cloud-config\ngood: true\n'
          : `#include\nhttp://a/${url.endsWith('one') ? 'two' : 'one'}\n`,
      }),
    config: good,
    told: /#include: nested deeper than 20 levels \(input_limits.part_depth\)/,
  },
  'includes that grow by two at each level': {
    userData: '#include\nhttp://a/x\n',
    http: ({ url }) => httpResponse({ url, body: '#include\nhttp://a/x\nhttp://a/x\n' }),
    told: /more than 1000 addresses \(input_limits.includes\)|nested deeper/,
  },
  'includes that hang': {
    userData: '#include\nhttp://a/hang\nhttp://b/good\n',
    http: ({ url }) =>
      url.endsWith('good')
        ? httpResponse({ url, body: '#cloud-config\ngood: true\n' })
        : new HttpFailure(url, 'timeout', 'no answer'),
    config: good,
    told: /#include http:\/\/a\/hang: cannot be fetched/,
  },
  'a multipart without a boundary': {
    userData: 'MIME-Version: 1.0\nContent-Type: multipart/mixed\n\n--B\n\na\n',
    told: /a multipart has no parts: its boundary is missing or never appears/,
  },
  'a NUL in YAML': {
    userData: beside('text/cloud-config', '#cloud-config\na: "x\u0000"\n'),
    config: good,
    told: /line 2, column \d+: .*U\+0000/,
  },
  'a NUL in a script': { userData: beside('text/x-shellscript', '#!/bin/sh\nA\u0000B\n'), config: good },
  'line ends of Windows': { userData: '#cloud-config\r\na: 1\r\nb: |\r\n  x\r\n', config: { a: 1, b: 'x\n' } },
  'line ends of Windows in a multipart': {
    userData: beside('text/cloud-config', 'a: 1\r\n').replaceAll('\n', '\r\n'),
    config: { a: 1, ...good },
  },
  'a byte-order mark': {
    userData: '\ufeff#cloud-config\na: 1\n',
    told: /begins with a byte-order mark/,
  },
  'a byte-order mark in a part': {
    userData: beside('text/cloud-config', '\ufeff#cloud-config\na: 1\n'),
    config: { a: 1, ...good },
  },
  'a tab that indents': {
    userData: beside('text/cloud-config', '#cloud-config\na:\n\tb: 1\n'),
    config: good,
    told: /line 3, column 1: .*tab/,
  },
  'a key that stands twice': { userData: '#cloud-config\na: 1\na: 2\n', config: { a: 2 } },
  'keys of objects': {
    userData:
      '#cloud-config\n__proto__: {polluted: 1}\nconstructor: {prototype: {polluted: 1}}\ntoString: 1\na: {__proto__: {polluted: 1}}\n',
    config: JSON.parse('{"constructor": {"prototype": {"polluted": 1}}, "toString": 1, "a": {}}'),
  },
  'keys of objects in parts that merge': {
    userData: beside(
      'text/cloud-config',
      '#cloud-config\nmerge_how: dict(recurse_list)+list(append)\n__proto__: {polluted: 1}\nhasOwnProperty: [1]\n',
    ),
    config: { hasOwnProperty: [1], good: true },
  },
  'keys of objects in a JSON patch': {
    userData: beside(
      'text/cloud-config-jsonp',
      '#cloud-config-jsonp\n[{"op": "add", "path": "/__proto__/polluted", "value": 1}]',
    ),
    config: good,
    told: /part-001 is left out: JSON patch \[0\]/,
  },
  'jinja that loops for ever': {
    userData: beside(
      'text/jinja2',
      jinja('{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}'),
    ),
    config: good,
    told: /part-001 .*takes more than 5000000 steps \(input_limits.template_steps\)/,
  },
  'jinja that calls itself': {
    userData: beside('text/jinja2', jinja('{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}')),
    config: good,
    told: /nested deeper than 100 levels \(input_limits.template_depth\)/,
  },
  'jinja that makes very much text': {
    userData: beside('text/jinja2', jinja('{{ "x" * 99999999 }}')),
    config: good,
    told: /makes more than 16777216 characters \(input_limits.template_characters\)/,
  },
  'jinja that asks for objects of the interpreter': {
    userData: jinja(
      `"{{ ''.__class__ }}{{ ''.constructor }}{{ list.constructor.constructor }}{{ self.__init__ }}{{ process }}"`,
    ),
    told: /part-001|CI_MISSING|Could not render/,
  },
  'jinja that reads files': {
    userData: beside('text/jinja2', jinja('{% include "/etc/shadow" %}')),
    config: good,
    told: /part-001 .*can't be rendered/,
  },
  'broken YAML beside a secret': {
    userData: beside('text/cloud-config', `#cloud-config\npassword: ${secret}: x\n`),
    config: good,
    told: /part-001 is left out: line 2/,
  },
  'control characters in a file name': {
    userData: 'MIME-Version: 1.0\nContent-Type: application/x-unknown; name="a\u001b[31mb"\n\nx\n',
    told: /nothing handles/,
  },
  'a file name that leads elsewhere': {
    userData: 'MIME-Version: 1.0\nContent-Type: text/x-shellscript; name="../../../../etc/cron.d/x"\n\n#!/bin/sh\n',
  },
}

for (const [name, input] of Object.entries(cases)) {
  test(`Bad input, ${name}: ${input.told ? 'told in one line' : 'nothing to tell'}, and the rest counts`, async () => {
    const { machine, config, told, log } = await run(input)
    assert.deepEqual(config, input.config)
    if (input.told === undefined) assert.deepEqual(told, [])
    else {
      assert.match(told.join('\n'), input.told)
      assert.ok(told.length <= 3, told.join('\n'))
    }
    assert.doesNotMatch(log, /(?!\n)\p{Cc}/u)
    assert.doesNotMatch(log, new RegExp(secret))
    assert.equal(({} as { polluted?: number }).polluted, undefined)
    const strays = Object.keys(machine.tree()).filter((path) => !/^\/(var|etc\/cloud|etc$|run)/.test(path))
    assert.deepEqual(strays, [])
    assert.ok(machine.clock.uptime() < 700)
  })
}
