import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TemplateRuntimeError, TemplateSyntaxError } from '../../src/template/errors.ts'
import { renderBasic, renderJinja } from '../../src/template/render.ts'

const data = { name: 'web', list: [1, 'two', null, true, 2.5], nested: { 'a-b': 1, a_b: 1 } }

test('Values print in Python notation', () => {
  const cases: [string, string][] = [
    ['{{ list }}', "[1, 'two', None, True, 2.5]"],
    ["{{ {'k': name} }}", "{'k': 'web'}"],
    ['{{ 7 / 2 }} {{ 7 // 2 }} {{ -7 % 3 }} {{ 2 ** 70 }}', '3.5 3 2 1180591620717411303424'],
    ['{{ 1e22 }} {{ 1e-5 }} {{ 1.0 }}', '1e+22 1e-05 1.0'],
    ['{% for x in list if x %}{{ loop.index }}{% endfor %}', '1234'],
    ["{{ '%s-%03d'|format(name, 7) }} {{ name[::-1] }}", 'web-007 bew'],
    ['{{ missing }}', 'CI_MISSING_JINJA_VAR/missing'],
  ]
  for (const [template, expected] of cases) assert.equal(renderJinja(template, data), expected, template)
})

test('A template reaches nothing of the program that renders it', () => {
  const attempts = [
    "{{ ''.constructor.constructor('return process')() }}",
    '{{ name.__class__.__mro__ }}',
    "{{ list.constructor('x') }}",
    "{{ nested['__proto__'].x }}",
    "{{ range.constructor('return 1')() }}",
    '{{ cycler.__init__.__globals__ }}',
    "{{ '{0.__class__}'.format(name) }}",
    '{% set nested.x = 1 %}',
    "{% include '/etc/passwd' %}",
  ]
  for (const template of attempts) {
    assert.throws(() => renderJinja(template, data), TemplateRuntimeError, template)
  }
  assert.equal(
    renderJinja("[{{ ''.constructor }}{{ nested['constructor'] }}]", data),
    '[CI_MISSING_JINJA_VAR/constructorCI_MISSING_JINJA_VAR/constructor]',
  )
})

test('A template that would run for ever or fill the memory is ended, with the limit named', () => {
  const attempts: [string, RegExp][] = [
    ['{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}', /more than 5000000 steps/],
    ["{{ 'x' * 1000000000 }}", /more than 16777216 characters/],
    ["{{ ['x'] * 1000000000 }}", /steps/],
    ['{{ 9 ** 999999999 }}', /too large/],
    ['{{ range(10000000) }}', /Range too big/],
    ['{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}', /nested deeper/],
    ["{{ '%9999999999d' % 1 }}", /more than 10000 characters/],
    ["{% set ns = namespace(x='x') %}{% for i in range(100) %}{% set ns.x = ns.x + ns.x %}{% endfor %}", /characters/],
  ]
  for (const [template, expected] of attempts) {
    assert.throws(() => renderJinja(template, data), { message: expected }, template)
  }
  assert.throws(() => renderJinja(`{{ ${'('.repeat(5000)}1 }}`, data), TemplateSyntaxError)
})

test('A mistake is told with its line', () => {
  const cases: [string, RegExp, number][] = [
    ['a\n{{ 1 + }}', /unexpected 'end of print statement'/, 2],
    ['{% if x %}\n', /needs to be closed is 'if'/, 1],
    ['\n\n{% foo %}', /unknown tag 'foo'/, 3],
  ]
  for (const [template, detail, line] of cases) {
    assert.throws(
      () => renderJinja(template, data),
      (error: unknown) => error instanceof TemplateSyntaxError && detail.test(error.detail) && error.line === line,
      template,
    )
  }
})

test('The data of one rendering is not changed by a template', () => {
  renderJinja("{% do list.append('more') %}{% do nested.update({'x': 1}) %}", data)
  assert.equal(data.list.length, 5)
  assert.deepEqual(Object.keys(data.nested), ['a-b', 'a_b'])
})

test('Templates without a header know dollar names only', () => {
  assert.equal(renderBasic('$name $nested.a_b {{ name }}', data), 'web 1 {{ name }}')
  assert.throws(() => renderBasic('$nope', data), TemplateRuntimeError)
})
