import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Ec2TreeSource, walkEc2Tree } from '../../src/instance/ec2-tree.ts'
import { memoryMachine } from '../../src/machine/memory.ts'

const sourceOf = (documents: Readonly<Record<string, string | Uint8Array>>, read: string[] = []): Ec2TreeSource => ({
  log: memoryMachine().log,
  read: async (path) => {
    read.push(path)
    const found = documents[path]
    if (found === undefined) throw new Error(`${path}: 404`)
    return Buffer.from(found)
  },
})

test('folders, keys, JSON, lists and bytes become what they are', async () => {
  const read: string[] = []
  const tree = await walkEc2Tree(
    sourceOf(
      {
        '': 'ami-id\nempty\npublic-keys/\niam/\ntags/\n',
        'ami-id': 'ami-1',
        empty: '',
        'public-keys/': '0=first\n1=second, with comma\n',
        'public-keys/0/openssh-key': 'ssh-rsa A a\n',
        'public-keys/1/openssh-key': 'ssh-rsa B b',
        'iam/': 'info\nsecurity-credentials/\nbroken',
        'iam/info': '{"Code": "Success"}',
        'iam/broken': '{oops}',
        'tags/': 'a b\nc:d\nbinary',
        'tags/a%20b': 'x\ny',
        'tags/c:d': '1',
        'tags/binary': new Uint8Array([0xff, 0xfe]),
      },
      read,
    ),
  )
  assert.deepEqual(tree, {
    'ami-id': 'ami-1',
    empty: '',
    'public-keys': { first: ['ssh-rsa A a'], 'second, with comma': 'ssh-rsa B b' },
    iam: { info: { Code: 'Success' }, broken: '{oops}' },
    tags: { 'a b': ['x', 'y'], 'c:d': '1', binary: 'ci-b64://4=' },
  })
  assert.deepEqual(
    read.filter((path) => path.includes('credentials')),
    [],
  )
})

test('a name of JavaScript in a listing is a name like any other', async () => {
  const documents = Object.fromEntries([
    ['', '__proto__\nconstructor'],
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ])
  const tree = await walkEc2Tree(sourceOf(documents))
  assert.deepEqual(Object.entries(tree), [
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ])
})

test('folders in folders without end come to an end', async () => {
  let count = 0
  const source: Ec2TreeSource = {
    log: memoryMachine().log,
    read: async () => {
      count += 1
      return Buffer.from('a/\nb/\nleaf')
    },
  }
  const tree = await walkEc2Tree(source)
  assert.ok(count <= 4000, String(count))
  assert.deepEqual(Object.keys(tree).toSorted(), ['a', 'b', 'leaf'])
})

test('what was foreseen is not asked for again, and what was foreseen wrongly does no harm', async () => {
  const read: string[] = []
  const tried: string[] = []
  const documents = {
    '': 'network/',
    'network/': 'interfaces/',
    'network/interfaces/': 'mac',
    'network/interfaces/mac': '1',
  }
  const tree = await walkEc2Tree({
    ...sourceOf(documents, read),
    tryRead: async (path) => {
      tried.push(path)
      return path === 'network/interfaces/' ? Buffer.from('mac') : undefined
    },
    foresee: (folder) => (folder === '' ? ['network/interfaces/', 'network/nothing/'] : []),
  })
  assert.deepEqual(tree, { network: { interfaces: { mac: '1' } } })
  assert.deepEqual(tried, ['network/interfaces/', 'network/nothing/'])
  assert.deepEqual(read, ['', 'network/', 'network/interfaces/mac'])
})
