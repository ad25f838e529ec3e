/**
 * What every renderer writes is accepted by the tool that reads it: netplan, systemd-networkd, ifupdown (and the commands it
 * would run, by ip), NetworkManager and its reader of keyfiles, udev, and a shell for ifcfg files. The inputs are those of
 * renderers/inputs and the recorded cases. renderers/accepted lists what stays as it is, and why.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import picomatch from 'picomatch'
import { controls } from './renderers/controls.ts'
import { writeFiles, writeOutputs } from './renderers/outputs.ts'

const here = join(import.meta.dirname, 'renderers')
const vectors = resolve(process.env['VECTORS_DIR'] ?? join(import.meta.dirname, '../../../shared/vectors'))
const hasVectors = existsSync(join(vectors, 'network'))
const skip = process.getuid?.() === 0 ? false : 'it needs root'
if (skip) console.log(`renderers: skipped: ${skip}`)
else if (!hasVectors) console.log(`no recorded cases at ${vectors}: only the inputs of test/root/renderers are judged`)

interface Accepted {
  readonly tool: string
  readonly cases: string
  readonly text: string
}

const accepted: readonly Accepted[] = readFileSync(join(here, 'accepted'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => {
    const [tool = '', cases = '', ...words] = line.split(' ')
    return { tool, cases, text: words.join(' ') }
  })

interface Complaint {
  readonly case: string
  readonly text: string
}

/** Tool -> what has its judge. A judge prints `FAMILY@NAME, tab, complaint` lines. */
const tools: Readonly<Record<string, { readonly judge: string; readonly variants: readonly string[] }>> = {
  netplan: { judge: 'judge-netplan', variants: ['netplan'] },
  networkd: { judge: 'judge-networkd', variants: ['networkd'] },
  ifupdown: { judge: 'judge-ifupdown', variants: ['eni'] },
  'network-manager': { judge: 'judge-network-manager', variants: ['network-manager'] },
  nmcli: { judge: 'judge-nmcli', variants: ['network-manager'] },
  udev: { judge: 'judge-udev', variants: ['eni', 'networkd', 'network-manager', 'sysconfig-rhel', 'sysconfig-suse'] },
  shell: { judge: 'judge-sysconfig', variants: ['sysconfig-rhel', 'sysconfig-suse'] },
}

const outputs = skip ? '' : mkdtempSync(join(tmpdir(), 'firstlight-outputs-'))
let root = ''
let count: Readonly<Record<string, number>> = {}

before(async () => {
  if (skip) return
  root = execFileSync(join(import.meta.dirname, 'build-network-root'), {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 900_000,
  }).trim()
  const written = await writeOutputs(outputs, hasVectors ? vectors : undefined)
  count = written.count
  console.log(`documents that firstlight refuses itself: ${written.refused}`)
  for (const { variant, files } of controls) writeFiles(join(outputs, variant, 'control@broken'), files)
})

after(() => {
  if (!skip) rmSync(outputs, { recursive: true, force: true })
})

const judge = (script: string): Complaint[] => {
  const { status, stdout, stderr, error } = spawnSync(join(here, 'enter'), [root, outputs, script], {
    encoding: 'utf8',
    timeout: 300_000,
    maxBuffer: 64 * 1024 * 1024,
  })
  assert.equal(status, 0, `${script}: ${error?.message ?? ''}${stderr}${stdout.slice(-2000)}`)
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [name = '', text = ''] = line.split('\t')
      return { case: name.replace('@', '/'), text }
    })
}

const accepts = (rule: Accepted, complaint: Complaint): boolean =>
  picomatch.isMatch(complaint.case, rule.cases) && complaint.text.includes(rule.text)

for (const [tool, { judge: script, variants }] of Object.entries(tools)) {
  test(`${tool} accepts what is written for it`, { skip }, () => {
    const complaints = judge(script)
    const rules = accepted.filter((rule) => rule.tool === tool)
    const open = complaints.filter(
      (complaint) => complaint.case !== 'control/broken' && !rules.some((rule) => accepts(rule, complaint)),
    )
    const judged = variants.reduce((sum, variant) => sum + (count[variant] ?? 0), 0)
    console.log(`${tool}: ${judged} outputs judged, ${complaints.length} complaints, ${open.length} not accepted`)
    assert.equal(open.map(({ case: name, text }) => `${name}: ${text}\n`).join(''), '')
    assert.ok(
      complaints.some(({ case: name }) => name === 'control/broken'),
      'the judge is blind: it has nothing against what is broken on purpose',
    )
    const idle = rules.filter((rule) => !complaints.some((complaint) => accepts(rule, complaint)))
    if (hasVectors) assert.deepEqual(idle, [], 'lines of renderers/accepted that nothing needs')
  })
}
