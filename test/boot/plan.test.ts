import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planBoot } from '../../src/boot/plan.ts'
import { showLoss, showOrigin } from '../../src/cloudconfig/why.ts'
import { bootable } from './made-up-boot.ts'

const planOf = (userData: string, vendorData?: string) => {
  const machine = bootable()
  return planBoot(machine, machine.records, {
    userData: Buffer.from(userData),
    ...(vendorData !== undefined && { vendorData: Buffer.from(vendorData) }),
  })
}

const wrong = async (userData: string): Promise<string[]> => {
  const { findings } = await planOf(userData)
  return findings
    .filter(({ isInputError }) => isInputError)
    .map(({ message, origin }) => (origin ? `${message} (${showOrigin(origin)})` : message))
}

test('Who mistypes a key is told what they meant, with the line', async () => {
  assert.deepEqual(await wrong('#cloud-config\nhostname: a\nssh_authorised_keys: [x]\n'), [
    'user-data: there is no key ssh_authorised_keys; did you mean ssh_authorized_keys? (user-data, part-001, line 3)',
  ])
})

test('A value of the wrong type is an error of the input, with its line', async () => {
  const [first = ''] = await wrong('#cloud-config\nwrite_files:\n- path: /a\n  content: x\n- path: [b]\n')
  assert.match(first, /^write_files\[1\]\.?.*\(user-data, part-001, line 5\)$/)
})

test('YAML that can not be read is an error of the input; good user-data is none', async () => {
  assert.match((await wrong('#cloud-config\na: "\n')).join('\n'), /part-001 is left out: line 2/)
  assert.deepEqual(await wrong('#cloud-config\nhostname: a\n'), [])
})

test('A plan runs no part handler, and says so; parts that may be for it are no error', async () => {
  const userData = `MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="B"\n\n--B\nContent-Type: text/part-handler\n\n#part-handler\n--B\nContent-Type: text/x-own\n\nx\n--B--\n`
  const { findings } = await planOf(userData)
  assert.ok(findings.some(({ message }) => message.includes('which a plan does not run')))
  assert.deepEqual(await wrong(userData), [])
})

test('A plan tells what vendor-data says in vain', async () => {
  const { losses } = await planOf('#cloud-config\nruncmd: [a]\n', '#cloud-config\nruncmd: [b, c]\ntimezone: Etc/UTC\n')
  assert.deepEqual(losses.map(showLoss), [
    'runcmd: 2 items of vendor-data, part-001, line 2 not used: replaced by user-data, part-001, line 2 (vendor_data: {merge: append} keeps both)',
  ])
})
