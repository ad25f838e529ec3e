/**
 * What large input costs before anything touches the machine: taking it apart, merging, checking it against the modules'
 * schemas. CPU seconds, and how they grow when the input doubles (2 is linear). Part of `npm run bench`.
 */
import Table from 'cli-table3'
import { modules } from '../../modules/index.ts'
import { acceptConfig } from '../../src/cloudconfig/accept.ts'
import { effectiveConfig, readBaseConfig } from '../../src/cloudconfig/load.ts'
import { defaultPaths, instanceFolder } from '../../src/instance/paths.ts'
import { httpResponse } from '../../src/machine/http-response.ts'
import { memoryMachine } from '../../src/machine/memory.ts'
import { traceParts } from '../../src/userdata/config-origins.ts'
import { consumeUserData } from '../../src/userdata/consume.ts'
import { median } from './container.ts'

interface Input {
  readonly userData: string
  /** The module that the configuration is for. */
  readonly module?: string
  readonly instanceData?: string
}

const key = `ssh-ed25519 ${'A'.repeat(68)}`
const times = (count: number, make: (index: number) => string): string =>
  Array.from({ length: count }, (_, at) => make(at)).join('')

const multipart = (parts: number, bytes: number): string => {
  const lines = Math.round(bytes / parts / 50)
  const part = (at: number): string =>
    at % 2 === 0
      ? `--B\nContent-Type: text/cloud-config\nMerge-Type: list(append)+dict(recurse_list)+str()\n\n#cloud-config\nwrite_files:\n${times(Math.ceil(lines / 2), (line) => `- path: /etc/made-up/${at}/${line}\n  content: ${'x'.repeat(50)}\n`)}`
      : `--B\nContent-Type: text/x-shellscript; name="${at}.sh"\n\n#!/bin/sh\n${times(lines, () => `echo ${'y'.repeat(44)}\n`)}`
  return `MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="B"\n\n${times(parts, part)}--B--\n`
}

/** Each by its size: 1 is what the name says. */
const inputs: Readonly<Record<string, (size: number) => Input>> = {
  'multipart, 1 MB, 200 parts': (size) => ({
    userData: multipart(200 * size, 1_000_000 * size),
    module: 'write_files',
  }),
  '1,000 users': (size) => ({
    userData: `#cloud-config\nusers:\n${times(1000 * size, (at) => `- name: user${at}\n  groups: [adm, sudo]\n  shell: /bin/bash\n  ssh_authorized_keys:\n  - ${key} user${at}\n`)}`,
    module: 'users_groups',
  }),
  '10,000 write_files': (size) => ({
    userData: `#cloud-config\nwrite_files:\n${times(10_000 * size, (at) => `- {path: /etc/made-up/${at}, content: "line ${at}\\n", permissions: '0640', owner: 'root:root'}\n`)}`,
    module: 'write_files',
  }),
  '100 includes': (size) => ({
    userData: `#include\n${times(100 * size, (at) => `http://a.test/${at}\n`)}`,
    module: 'write_files',
  }),
  'jinja over 5 MB of instance data': (size) => ({
    userData: `## template: jinja\n#cloud-config\nwrite_files:\n{% for disk in ds.meta_data.disks %}{% if loop.index % 10 == 0 %}- {path: "/etc/{{ disk.name }}", content: "{{ disk.serial | upper }}"}\n{% endif %}{% endfor %}`,
    instanceData: JSON.stringify({
      v1: { instance_id: 'i-1' },
      ds: {
        meta_data: {
          disks: Array.from({ length: 20_000 * size }, (_, at) => ({ name: `disk-${at}`, serial: 's'.repeat(200) })),
        },
      },
    }),
    module: 'write_files',
  }),
}

const cpuSeconds = async (work: () => Promise<void>): Promise<number> => {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

const prepare = async ({ userData, module, instanceData }: Input, isTraced: boolean): Promise<() => Promise<void>> => {
  const machine = memoryMachine({
    files: instanceData === undefined ? {} : { '/run/cloud-init/instance-data-sensitive.json': instanceData },
    http: ({ url }) =>
      httpResponse({ url, body: `#cloud-config\nwrite_files: [{path: ${new URL(url).pathname}, content: x}]\n` }),
  })
  const base = await readBaseConfig(machine, { cmdline: '' })
  const data = { instanceId: 'i-1', userData: Buffer.from(userData) }
  const config = module === undefined ? undefined : await modules[module]?.()
  return async () => {
    await consumeUserData(machine, {
      paths: defaultPaths,
      data,
      base,
      isNew: true,
      ...(isTraced && { onConfigParts: (_source, parts) => void traceParts(parts, 'user-data') }),
    })
    const effective = await effectiveConfig(machine, base, instanceFolder(defaultPaths, 'i-1'))
    if (config) await acceptConfig(config, effective.config, machine.log)
    const problem = machine.records.find(({ level }) => level === 'ERROR' || level === 'WARNING')
    if (problem) throw new Error(problem.message)
  }
}

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 5)

const measure = async (input: Input, isTraced = false): Promise<number> => {
  const costs: number[] = []
  for (let round = 0; round < rounds; round += 1) costs.push(await cpuSeconds(await prepare(input, isTraced)))
  return median(costs)
}

const table = new Table({
  head: ['input', 'CPU s', 'of twice as much', 'ratio', 'with origins for why'],
  style: { head: [], border: [] },
})
for (const [name, make] of Object.entries(inputs)) {
  const once = await measure(make(1))
  const twice = await measure(make(2))
  const traced = await measure(make(1), true)
  table.push([name, once.toFixed(3), twice.toFixed(3), (twice / once).toFixed(2), traced.toFixed(3)])
}
console.log(`Large input, until it is checked configuration. Median of ${rounds}.`)
console.log(table.toString())
