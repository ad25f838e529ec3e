import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FileError } from '../../src/machine/errors.ts'
import type { Files } from '../../src/machine/files.ts'
import { kinds, withMachine } from './kinds.ts'

/** What every kind of machine promises about files. `at` is a folder of the machine that is empty. */
const promises: Record<string, (files: Files, at: string) => void> = {
  'a file that was written reads back, with its folders made': (files, at) => {
    files.write(`${at}/a/b/file`, 'text\n')
    assert.equal(files.readText(`${at}/a/b/file`), 'text\n')
    assert.equal(files.stat(`${at}/a/b`)?.type, 'folder')
    assert.equal(files.stat(`${at}/a/b`)?.mode, 0o755)
    assert.equal(files.stat(`${at}/a/b/file`)?.mode, 0o644)
    assert.equal(files.stat(`${at}/a/b/file`)?.size, 5)
  },
  'bytes that are not UTF-8 survive as bytes and become U+FFFD as text': (files, at) => {
    files.write(`${at}/file`, new Uint8Array([0x61, 0xff, 0x00]))
    assert.deepEqual([...files.readBytes(`${at}/file`)], [0x61, 0xff, 0x00])
    assert.equal(files.readText(`${at}/file`), 'a\uFFFD\0')
  },
  'a file takes the mode it is given, and keeps it when written again without one': (files, at) => {
    files.write(`${at}/file`, 'one', { mode: 0o600 })
    files.write(`${at}/file`, 'two')
    assert.equal(files.stat(`${at}/file`)?.mode, 0o600)
    files.write(`${at}/file`, 'two', { mode: 0o640 })
    assert.equal(files.stat(`${at}/file`)?.mode, 0o640)
  },
  'a file becomes empty, and from empty full': (files, at) => {
    files.write(`${at}/file`, 'full')
    files.write(`${at}/file`, '')
    assert.equal(files.readText(`${at}/file`), '')
    files.write(`${at}/file`, 'full')
    assert.equal(files.readText(`${at}/file`), 'full')
  },
  'nothing is left beside a file that was written': (files, at) => {
    files.write(`${at}/file`, 'one')
    files.write(`${at}/file`, 'two')
    files.symlink('file', `${at}/link`)
    assert.deepEqual(files.list(at), ['file', 'link'])
  },
  'a write through a link replaces its target and leaves the link': (files, at) => {
    files.write(`${at}/target`, 'old', { mode: 0o600 })
    files.symlink('target', `${at}/link`)
    files.write(`${at}/link`, 'new')
    assert.equal(files.readLink(`${at}/link`), 'target')
    assert.equal(files.readText(`${at}/target`), 'new')
    assert.equal(files.stat(`${at}/target`)?.mode, 0o600)
  },
  'a write through a dangling link makes its target': (files, at) => {
    files.makeFolder(`${at}/real`)
    files.symlink('real/target', `${at}/link`)
    assert.equal(files.exists(`${at}/link`), false)
    files.write(`${at}/link`, 'new')
    assert.equal(files.readText(`${at}/real/target`), 'new')
    assert.equal(files.linkStat(`${at}/link`)?.type, 'link')
  },
  'a folder behind a link is written into': (files, at) => {
    files.makeFolder(`${at}/real`)
    files.symlink(`${at}/real`, `${at}/link`)
    files.write(`${at}/link/sub/file`, 'text')
    assert.equal(files.readText(`${at}/real/sub/file`), 'text')
    assert.equal(files.realPath(`${at}/link/sub/../sub/file`), `${at}/real/sub/file`)
  },
  'appending adds to the end, and makes a file with its mode': (files, at) => {
    files.append(`${at}/new/log`, 'one\n', { mode: 0o640 })
    files.append(`${at}/new/log`, 'two\n', { mode: 0o600 })
    assert.equal(files.readText(`${at}/new/log`), 'one\ntwo\n')
    assert.equal(files.stat(`${at}/new/log`)?.mode, 0o640)
  },
  'a folder gets its mode whether it is new or not, its parents 0755': (files, at) => {
    files.makeFolder(`${at}/one/two`, { mode: 0o700 })
    assert.equal(files.stat(`${at}/one/two`)?.mode, 0o700)
    assert.equal(files.stat(`${at}/one`)?.mode, 0o755)
    files.makeFolder(`${at}/one`, { mode: 0o711 })
    assert.equal(files.stat(`${at}/one`)?.mode, 0o711)
    files.makeFolder(`${at}/one/`)
    assert.equal(files.stat(`${at}/one`)?.mode, 0o711)
  },
  'what is missing reads as nothing, also below a file': (files, at) => {
    files.write(`${at}/file`, '')
    for (const path of [`${at}/none`, `${at}/none/below`, `${at}/file/below`]) {
      assert.equal(files.readTextIfExists(path), undefined, path)
      assert.equal(files.readBytesIfExists(path), undefined, path)
      assert.equal(files.exists(path), false, path)
      assert.equal(files.stat(path), undefined, path)
      assert.equal(files.linkStat(path), undefined, path)
      assert.equal(files.readLink(path), undefined, path)
      assert.deepEqual(files.list(path), [], path)
      files.remove(path)
    }
    assert.equal(files.readTextIfExists(`${at}/file`), '')
  },
  'a list is sorted, and of a file empty': (files, at) => {
    for (const name of ['b', 'a', 'C', '.d']) files.write(`${at}/folder/${name}`, '')
    assert.deepEqual(files.list(`${at}/folder`), ['.d', 'C', 'a', 'b'])
    assert.deepEqual(files.list(`${at}/folder/a`), [])
  },
  'removing takes a whole folder, but of a link only the link': (files, at) => {
    files.write(`${at}/kept/file`, '')
    files.write(`${at}/gone/deep/file`, '')
    files.symlink(`${at}/kept`, `${at}/gone/link`)
    files.symlink('kept', `${at}/other`)
    files.remove(`${at}/gone`)
    files.remove(`${at}/other`)
    files.remove(`${at}/never`)
    assert.deepEqual(files.list(at), ['kept'])
    assert.equal(files.exists(`${at}/kept/file`), true)
  },
  'what was removed can be made anew, and is empty then': (files, at) => {
    files.write(`${at}/folder/old`, '')
    files.remove(`${at}/folder`)
    files.makeFolder(`${at}/folder`)
    assert.deepEqual(files.list(`${at}/folder`), [])
    files.write(`${at}/folder/new`, '')
    assert.deepEqual(files.list(`${at}/folder`), ['new'])
  },
  'a link is replaced, dangling or not, and its own stat is a link': (files, at) => {
    files.symlink('nowhere', `${at}/link`)
    files.symlink('elsewhere', `${at}/link`)
    assert.equal(files.readLink(`${at}/link`), 'elsewhere')
    assert.equal(files.linkStat(`${at}/link`)?.type, 'link')
    assert.equal(files.stat(`${at}/link`), undefined)
  },
  'a file moves with its mode, a folder with all that is in it': (files, at) => {
    files.write(`${at}/one/file`, 'text', { mode: 0o600 })
    files.write(`${at}/over`, 'old')
    files.rename(`${at}/one`, `${at}/two`)
    files.rename(`${at}/two/file`, `${at}/over`)
    assert.equal(files.readText(`${at}/over`), 'text')
    assert.equal(files.stat(`${at}/over`)?.mode, 0o600)
    assert.deepEqual(files.list(at), ['over', 'two'])
  },
  'modes and times can be set': (files, at) => {
    files.write(`${at}/file`, '')
    files.symlink('file', `${at}/link`)
    files.setMode(`${at}/link`, 0o755)
    files.setModifiedTime(`${at}/file`, 1_700_000_000_000)
    assert.equal(files.stat(`${at}/file`)?.mode, 0o755)
    assert.equal(files.stat(`${at}/file`)?.modified, 1_700_000_000_000)
  },
  'a long name with characters of any kind is written': (files, at) => {
    const name = `ü\n$(x) ${'n'.repeat(230)}`
    files.write(`${at}/${name}`, 'text')
    files.write(`${at}/${name}`, 'more')
    assert.deepEqual(files.list(at), [name])
    assert.equal(files.readText(`${at}/${name}`), 'more')
  },
}

for (const kind of kinds) {
  for (const [promise, check] of Object.entries(promises)) {
    test(`on ${kind}: ${promise}`, () => withMachine(kind, ({ machine, at }) => check(machine.files, at)))
  }
}

/** What fails, and the reason that every kind gives. */
const failures: Record<string, { reason: string; does: (files: Files, at: string) => unknown }> = {
  'reading what is not there': { reason: 'ENOENT', does: (files, at) => files.readText(`${at}/none`) },
  'reading a folder': { reason: 'EISDIR', does: (files, at) => files.readText(at) },
  'reading more than the limit': {
    reason: 'EFBIG',
    does: (files, at) => {
      files.write(`${at}/large`, 'x'.repeat(11))
      return files.readText(`${at}/large`, 10)
    },
  },
  'reading more than the limit, if it exists': {
    reason: 'EFBIG',
    does: (files, at) => {
      files.write(`${at}/large`, 'x'.repeat(11))
      return files.readBytesIfExists(`${at}/large`, 10)
    },
  },
  'a link in a circle': {
    reason: 'ELOOP',
    does: (files, at) => {
      files.symlink('b', `${at}/a`)
      files.symlink('a', `${at}/b`)
      return files.readText(`${at}/a`)
    },
  },
  'writing to a link in a circle': {
    reason: 'ELOOP',
    does: (files, at) => {
      files.symlink('a', `${at}/a`)
      files.write(`${at}/a`, '')
    },
  },
  'writing where a folder is': { reason: 'EISDIR', does: (files, at) => files.write(at, '') },
  'writing to a name that ends in a slash': { reason: 'EISDIR', does: (files, at) => files.write(`${at}/new/`, '') },
  'writing below a file': {
    reason: 'ENOTDIR',
    does: (files, at) => {
      files.write(`${at}/file`, '')
      files.write(`${at}/file/below`, '')
    },
  },
  'making a folder where a file is': {
    reason: 'ENOTDIR',
    does: (files, at) => {
      files.write(`${at}/file`, '')
      files.makeFolder(`${at}/file`)
    },
  },
  'a link where a folder is': {
    reason: 'EISDIR',
    does: (files, at) => {
      files.makeFolder(`${at}/folder`)
      files.symlink('x', `${at}/folder`)
    },
  },
  'moving what is not there': { reason: 'ENOENT', does: (files, at) => files.rename(`${at}/none`, `${at}/new`) },
  'moving onto a folder that is not empty': {
    reason: 'ENOTEMPTY',
    does: (files, at) => {
      files.makeFolder(`${at}/one`)
      files.write(`${at}/two/file`, '')
      files.rename(`${at}/one`, `${at}/two`)
    },
  },
  'a mode for what is not there': { reason: 'ENOENT', does: (files, at) => files.setMode(`${at}/none`, 0o600) },
  'the real path of what is not there': { reason: 'ENOENT', does: (files, at) => files.realPath(`${at}/none`) },
  'a path that is not absolute': { reason: 'EINVAL', does: (files) => files.readText('etc/hostname') },
  'a path with NUL in it': { reason: 'EINVAL', does: (files, at) => files.write(`${at}/a\0b`, '') },
}

for (const kind of kinds) {
  for (const [what, { reason, does }] of Object.entries(failures)) {
    test(`on ${kind}: ${what} fails with ${reason} and names the path`, () =>
      withMachine(kind, ({ machine, at }) => {
        assert.throws(
          () => does(machine.files, at),
          (error) => {
            assert.ok(error instanceof FileError, String(error))
            assert.equal(error.reason, reason, error.message)
            assert.ok(error.message.includes(error.path) && error.path !== '', error.message)
            return true
          },
        )
      }))
  }
}

for (const kind of kinds) {
  test(`on ${kind}: the journal holds what changed, in the actor's name, and nothing for what was so already`, () =>
    withMachine(kind, ({ machine, at }) => {
      const { files, journal } = machine.as('write_files')
      const twice = (): void => {
        files.write(`${at}/folder/file`, 'text', { mode: 0o600 })
        files.makeFolder(`${at}/folder`, { mode: 0o711 })
        files.symlink('file', `${at}/folder/link`)
        files.setMode(`${at}/folder/file`, 0o600)
      }
      twice()
      const once = journal.entries.length
      twice()
      assert.equal(journal.entries.length, once)
      files.remove(`${at}/folder/link`)
      files.rename(`${at}/folder/file`, `${at}/folder/moved`)
      assert.deepEqual(
        journal.entries.map((change) => [change.actor, change.kind, 'path' in change && change.path.slice(at.length)]),
        [
          ['write_files', 'folder', '/folder'],
          ['write_files', 'file', '/folder/file'],
          ['write_files', 'attributes', '/folder'],
          ['write_files', 'link', '/folder/link'],
          ['write_files', 'remove', '/folder/link'],
          ['write_files', 'rename', '/folder/file'],
        ],
      )
    }))

  test(`on ${kind}: a file that others can't read, or couldn't, is secret in the journal`, () =>
    withMachine(kind, ({ machine, at }) => {
      machine.files.write(`${at}/file`, 'one', { mode: 0o600 })
      machine.files.write(`${at}/file`, 'two', { mode: 0o644 })
      machine.files.write(`${at}/file`, 'three')
      const secret = machine.journal.entries.map((change) => change.kind === 'file' && change.secret)
      assert.deepEqual(secret, [true, true, false])
    }))
}
