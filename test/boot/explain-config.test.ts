import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explainConfig } from '../../src/boot/explain-config.ts'
import { annotatedLines } from '../../src/cloudconfig/annotated-config.ts'
import { parseKeyPath, showKeyPath } from '../../src/cloudconfig/key-path.ts'
import { explainKey, findLosses, showLoss, showOrigin } from '../../src/cloudconfig/why.ts'
import { dumpYaml, parseYaml } from '../../src/cloudconfig/yaml.ts'
import { httpResponse } from '../../src/machine/http-response.ts'
import { bootable, bootStages, seed } from './made-up-boot.ts'

const multipart = (...parts: string[]): string =>
  `Content-Type: multipart/mixed; boundary="B"\nMIME-Version: 1.0\n\n${parts.map((part) => `--B\n${part}\n`).join('')}--B--\n`

const userData = multipart(
  'Content-Type: text/cloud-config\nContent-Disposition: attachment; filename="base.yaml"\n\n#cloud-config\nhostname: one\nusers:\n- default\n- name: ada\n  shell: /bin/bash\nruncmd: [echo 1]',
  'Content-Type: text/cloud-config\nMerge-Type: list(append)+dict(recurse_list)+str()\n\n#cloud-config\nruncmd:\n- echo 2',
  'Content-Type: text/cloud-config\n\n#cloud-config\nhostname: two',
  'Content-Type: text/jinja2\n\n## template: jinja\n#cloud-config\nfqdn: {{ v1.instance_id }}.example',
  'Content-Type: text/cloud-config-jsonp\n\n#cloud-config-jsonp\n[{"op": "add", "path": "/users/-", "value": {"name": "eve"}}]',
)
const vendorData = '#cloud-config\nruncmd: [agent]\nusers: [{name: vendor}]\nntp:\n  enabled: true\n'

const booted = async (files: Record<string, string> = {}) => {
  const machine = bootable({
    files: { ...seed(userData), '/var/lib/cloud/seed/nocloud/vendor-data': vendorData, ...files },
  })
  await bootStages(machine)
  return machine
}

const ask = async (machine: Awaited<ReturnType<typeof booted>>, input: Parameters<typeof explainConfig>[2] = {}) => {
  const explained = await explainConfig(machine, machine.records, input)
  const why = (key: string): string => {
    const answer = explainKey(explained.config, parseKeyPath(key) ?? [])
    if ('missing' in answer) return `${showKeyPath(answer.missing)} is missing`
    const { trace } = answer.traced
    const from = [trace.origin, ...(trace.others ?? [])].map(showOrigin).join(' + ')
    return [
      from,
      ...answer.overrode.map(({ origin, path }) => `over ${showKeyPath(path)} of ${showOrigin(origin)}`),
    ].join(', ')
  }
  return { ...explained, why }
}

test('why names part and line of each kind of part, and what the value overrode, on a booted machine', async () => {
  const { why, notes } = await ask(await booted())
  const cases: Record<string, string> = {
    hostname: 'user-data, part-003, line 2, over hostname of user-data, base.yaml, line 2',
    'runcmd[1]': 'user-data, part-002, line 3, over runcmd of vendor-data, part-001, line 2',
    'users[1].shell':
      'user-data, base.yaml, line 6, over users of vendor-data, part-001, line 3, over users of /etc/cloud/cloud.cfg, line 5',
    'users[2].name':
      'user-data, part-005, over users of vendor-data, part-001, line 3, over users of /etc/cloud/cloud.cfg, line 5',
    fqdn: 'user-data, part-004, line 2 (rendered)',
    'ntp.enabled': 'vendor-data, part-001, line 5',
    'write_files[0].path': '/etc/cloud/cloud.cfg.d/50-image.cfg, line 5',
    'vendor_data.enabled': 'built-in defaults',
    'users[7]': 'users[7] is missing',
  }
  for (const [key, expected] of Object.entries(cases)) assert.equal(why(key), expected, key)
  assert.deepEqual(notes, [])
})

test('why leaves the machine as it is', async () => {
  const machine = await booted()
  const before = JSON.stringify(machine.tree())
  const { length } = machine.commands
  await ask(machine)
  assert.equal(JSON.stringify(machine.tree()), before)
  assert.equal(machine.commands.slice(length).filter(({ asked }) => !asked).length, 0)
})

test('Files of the command line and the kernel command line are layers like any other', async () => {
  const machine = bootable({ files: { '/proc/cmdline': 'root=/dev/vda1 cc: timezone: UTC end_cc\n' } })
  const { why } = await ask(machine, { userData: Buffer.from('#cloud-config\n\ntimezone: Europe/Berlin\n') })
  assert.equal(why('timezone'), 'user-data, part-001, line 3, over timezone of kernel command line, line 1')
})

test('Where user-data can not be read as it was, the lines are those of what the boot kept', async () => {
  let isThere = true
  const machine = bootable({
    files: seed('#include\nhttp://a/config\n'),
    http: ({ url }) => httpResponse({ url, status: isThere ? 200 : 404, body: '#cloud-config\nhostname: included\n' }),
  })
  await bootStages(machine)
  isThere = false
  const { why, notes } = await ask(machine)
  assert.match(why('hostname'), /^\/var\/lib\/cloud\/instances\/iid-1\/cloud-config.txt, line \d+$/)
  assert.match(notes.join('\n'), /user-data can't be read as when this machine booted/)
})

test('Vendor-data that is switched off is noted', async () => {
  const machine = await booted({ '/etc/cloud/cloud.cfg.d/60-off.cfg': 'vendor_data: {enabled: false}\n' })
  const { why, notes } = await ask(machine)
  assert.equal(why('ntp'), 'ntp is missing')
  assert.deepEqual(notes, ['vendor-data is left out: the configuration has vendor_data: {enabled: false}'])
})

test('The annotated lines are the configuration again', async () => {
  const { config } = await ask(await booted())
  const lines = annotatedLines(config).map(({ text }) => text)
  assert.deepEqual(parseYaml(lines.join('\n'), 'lines'), parseYaml(dumpYaml(config.value), 'value'))
})

test('What vendor-data and user-data say in vain is told with what to do, and without the values', async () => {
  const { config } = await ask(await booted())
  const losses = findLosses(config).filter(({ dropped }) => dropped.origin.layer !== 'image')
  assert.deepEqual(losses.map(showLoss).slice(0, 2), [
    'hostname: the value of user-data, base.yaml, line 2 not used: replaced by user-data, part-003, line 2',
    'users: 1 item of vendor-data, part-001, line 3 not used: replaced by user-data, base.yaml, line 3 (vendor_data: {merge: append} keeps both)',
  ])
})
