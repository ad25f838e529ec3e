import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dumpYaml, parseYaml, parseYamlWithPositions, YamlError } from '../../src/cloudconfig/yaml.ts'
import { bytesOfText } from '../../src/machine/bytes.ts'

const failure = (text: string): YamlError => {
  try {
    parseYaml(text, 'user-data')
  } catch (error) {
    if (error instanceof YamlError) return error
    throw error
  }
  throw new Error(`no error for ${JSON.stringify(text)}`)
}

test('Words and numbers mean what YAML 1.1 and PyYAML make of them', () => {
  const cases: [string, unknown][] = [
    ['yes', true],
    ['Off', false],
    ['y', 'y'],
    ['~', null],
    ['0644', 420],
    ['0o644', '0o644'],
    ['09', '09'],
    ['0x1F', 31],
    ['0b101', 5],
    ['1_000', 1000],
    ['-3', -3],
    ['12:30', 750],
    ['1:30.5', 90.5],
    ['1e3', '1e3'],
    ['1.5e+3', 1500],
    ['1.10', 1.1],
    ['.5', 0.5],
    ['-.inf', -Infinity],
    ['2024-01-01', '2024-01-01'],
    ['18446744073709551616', '18446744073709551616'],
    ['00:16:3e:00:00:01', '00:16:3e:00:00:01'],
    ['"0644"', '0644'],
    ['!!str 0644', '0644'],
    ['!!int "12"', 12],
    ['! 2', 2],
  ]
  for (const [text, value] of cases) assert.deepEqual(parseYaml(`a: ${text}\n`, 't'), { a: value }, text)
})

test('A key given twice keeps its last value, and merge keys stand behind own keys', () => {
  assert.deepEqual(parseYaml('a: 1\na: 2\n', 't'), { a: 2 })
  const text = 'base: &b {x: 1, y: 2}\none: {<<: *b, y: 3}\nmany: {<<: [*b, {z: 9, x: 7}]}\n'
  assert.deepEqual(parseYaml(text, 't'), {
    base: { x: 1, y: 2 },
    one: { x: 1, y: 3 },
    many: { x: 1, y: 2, z: 9 },
  })
})

test('Keys that are not text become text as in JSON, and __proto__ does nothing', () => {
  assert.deepEqual(parseYaml('1: a\non: b\n~: c\n', 't'), { 1: 'a', true: 'b', null: 'c' })
  const value = parseYaml('__proto__: {polluted: true}\nconstructor: x\n', 't')
  assert.deepEqual(Object.keys(value ?? {}), ['constructor'])
  assert.equal((value as Record<string, unknown>)['polluted'], undefined)
})

test('Lines of brackets and quotes may start at the left margin, as PyYAML allows', () => {
  const text = 'packages: [\n  git,\nvim\n]\nnet: {\n"a": 1,  # one\n"b": "x\ny"\n}\nl:\n- "p\nq"\nt: |\n [\nu: 1\n'
  const expected = { packages: ['git', 'vim'], net: { a: 1, b: 'x y' }, l: ['p q'], t: '[\n', u: 1 }
  assert.deepEqual(parseYaml(text, 't'), expected)
})

test('A block text at the end of a file without a line end has none either', () => {
  assert.deepEqual(parseYaml('a: |\n  x', 't'), { a: 'x' })
  assert.deepEqual(parseYaml('a: |\n  x\n', 't'), { a: 'x\n' })
})

test('Nothing but comments is null, a byte-order mark is skipped, Windows line ends are read', () => {
  assert.equal(parseYaml('# nothing\n', 't'), null)
  assert.equal(parseYaml('', 't'), null)
  assert.deepEqual(parseYaml('\ufeffa: 1\r\nb: 2\r\n', 't'), { a: 1, b: 2 })
})

test('Binary values survive as text, there and back', () => {
  const value = parseYaml('a: !!binary f0VMRgL/\n', 't') as { a: string }
  assert.deepEqual([...bytesOfText(value.a)], [0x7f, 0x45, 0x4c, 0x46, 0x02, 0xff])
  assert.deepEqual(parseYaml(dumpYaml(value), 't'), value)
})

test('Every mistake is told with line and column, without quoting the text', () => {
  const cases: [string, number, number, RegExp][] = [
    ['a: 1\nb:\tc\n', 2, 3, /a tab cannot/],
    ['a:\n\tb: 1\n', 2, 1, /tab/],
    ['a: b\tc # x\n', 1, 5, /tab/],
    ['a: "x\ty"\nb: |\n  p\tq\n# c\t\nd: \u0007\n', 5, 4, /U\+0007/],
    ['a: 1\n...\nb: 2\n', 3, 1, /second document/],
    ['a: *nope\n', 1, 4, /no anchor &nope/],
    ['a: &a [*a]\n', 1, 8, /inside the value/],
    ['a: !foo bar\n', 1, 4, /unknown tag !foo/],
    ['a: !!python/object/apply:os.getcwd []\n', 1, 4, /unknown tag/],
    ['? [a, b]\n: c\n', 1, 3, /cannot be a key/],
    ['a: b: c\n', 1, 5, /mapping/],
    [': x\n', 1, 3, /no key/],
    ['%YAML 2.0\n---\na: 1\n', 2, 1, /YAML version/],
    [`${'['.repeat(1000)}${']'.repeat(1000)}`, 1, 100, /deeper than 100/],
  ]
  for (const [text, line, column, detail] of cases) {
    const error = failure(text)
    assert.match(error.detail, detail, text.slice(0, 60))
    assert.deepEqual([error.line, error.column], [line, column], text.slice(0, 60))
  }
  assert.doesNotMatch(failure('password: secret: x\n').message, /secret/)
})

test('An alias bomb is refused before it goes off', () => {
  const levels = ['a: &l0 [x, x, x, x, x, x, x, x, x, x]']
  for (let level = 1; level < 12; level += 1) {
    levels.push(
      `b${level}: &l${level} [${Array(10)
        .fill(`*l${level - 1}`)
        .join(', ')}]`,
    )
  }
  assert.match(failure(levels.join('\n')).detail, /aliases expand/)
})

test('Positions of keys and items are told on request', () => {
  const { position } = parseYamlWithPositions('a: 1\nusers:\n  - name: x\n    shell: y\n', 't')
  const users = position.keys?.get('users')
  assert.equal(users?.key.line, 2)
  const shell = users?.value.items?.[0]?.keys?.get('shell')
  assert.deepEqual([shell?.key.line, shell?.key.column, shell?.value.column], [4, 5, 12])
})

test('What is written reads back the same under YAML 1.1', () => {
  const value = {
    a: ['yes', '0644', '12:30', '2024-01-01', '1e3', '', ' x', 'a: b', '<<', 'null', '#c', 'x\ty', 'é\n\n'],
  }
  assert.deepEqual(parseYaml(dumpYaml(value), 't'), value)
})
