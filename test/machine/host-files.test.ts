import assert from 'node:assert/strict'
import { lstatSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fsExtra from 'fs-extra'
import { FileError } from '../../src/machine/errors.ts'
import { imageMachine } from '../../src/machine/image.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { withMachine } from './kinds.ts'

/** An image in `work/root`, and a folder `work/outside` of the host that it must never touch. */
const withImage = (body: (image: Machine, root: string, outside: string) => unknown): Promise<void> =>
  withMachine('live', ({ onHost = '' }) => {
    const [root, outside] = [join(onHost, 'root'), join(onHost, 'outside')]
    fsExtra.outputFileSync(join(outside, 'secret'), 'of the host')
    fsExtra.ensureDirSync(join(root, 'etc'))
    return body(imageMachine(root), root, outside)
  })

/** Links that an image may hold, made to lead out of it. */
const escapes: Record<string, (outside: string) => { link: string; path: string }> = {
  'an absolute link': (outside) => ({ link: outside, path: '/way/secret' }),
  'a link upwards': () => ({ link: '../../../../../outside', path: '/way/secret' }),
  'dots after a link': () => ({ link: '/etc', path: '/way/../../../outside/secret' }),
  'dots at the root': () => ({ link: '..', path: '/way/outside/secret' }),
}

for (const [what, wayOut] of Object.entries(escapes)) {
  test(`in an image ${what} never leads out of it`, () =>
    withImage((image, root, outside) => {
      const { link, path } = wayOut(outside)
      fsExtra.symlinkSync(link, join(root, 'way'))
      assert.equal(image.files.readTextIfExists(path), undefined)
      assert.equal(image.files.exists(path), false)
      const attempts: (() => unknown)[] = [
        () => image.files.write(path, 'overwritten'),
        () => image.files.append(path, 'overwritten'),
        () => image.files.remove(path),
        () => image.files.setMode(path, 0o777),
        () => image.files.symlink('x', path),
        () => image.files.rename(path, '/stolen'),
      ]
      for (const attempt of attempts) {
        try {
          attempt()
        } catch (error) {
          assert.ok(error instanceof FileError, String(error))
        }
      }
      assert.equal(readFileSync(join(outside, 'secret'), 'utf8'), 'of the host')
      assert.deepEqual(fsExtra.readdirSync(outside), ['secret'])
    }))
}

test('a file link of an image that points to a file of the host is written inside the image', () =>
  withImage((image, root, outside) => {
    const target = join(outside, 'secret')
    fsExtra.symlinkSync(target, join(root, 'etc/resolv.conf'))
    image.files.makeFolder(outside)
    image.files.write('/etc/resolv.conf', 'nameserver 192.0.2.1\n')
    assert.equal(readFileSync(join(root, target), 'utf8'), 'nameserver 192.0.2.1\n')
    assert.equal(readFileSync(target, 'utf8'), 'of the host')
  }))

test('an absolute link made in an image is as written, for the image', () =>
  withImage((image, root) => {
    image.files.write('/etc/target', 'text')
    image.files.symlink('/etc/target', '/etc/link')
    assert.equal(readlinkSync(join(root, 'etc/link')), '/etc/target')
    assert.equal(image.files.readText('/etc/link'), 'text')
    assert.equal(image.files.realPath('/etc/link'), '/etc/target')
  }))

test('the root of an image cannot be removed', () =>
  withImage((image, root) => {
    for (const path of ['/', '//', '/etc/..', '/.']) {
      assert.throws(() => image.files.remove(path), FileError)
    }
    assert.ok(statSync(join(root, 'etc')).isDirectory())
  }))

test('an image must be a folder that is there', () => {
  assert.throws(() => imageMachine('/nonexistent/image'), /cannot open the image \/nonexistent\/image: no such file/)
})

test('a leftover of a write that was cut off is replaced by the next one', () =>
  withMachine('live', ({ machine, at, onHost = '' }) => {
    fsExtra.outputFileSync(join(onHost, '.file.firstlight'), 'half', { mode: 0o666 })
    machine.files.write(`${at}/file`, 'whole', { mode: 0o600 })
    assert.deepEqual(machine.files.list(at), ['file'])
    assert.equal(machine.files.readText(`${at}/file`), 'whole')
    assert.equal(machine.files.stat(`${at}/file`)?.mode, 0o600)
  }))

test('a leftover that is a link is not written through', () =>
  withMachine('live', ({ machine, at, onHost = '' }) => {
    fsExtra.outputFileSync(join(onHost, 'victim'), 'untouched')
    fsExtra.symlinkSync(join(onHost, 'victim'), join(onHost, '.file.firstlight'))
    machine.files.write(`${at}/file`, 'text')
    assert.equal(readFileSync(join(onHost, 'victim'), 'utf8'), 'untouched')
    assert.ok(lstatSync(join(onHost, 'file')).isFile())
  }))

test('the umask has no say in the mode of a file or folder', () =>
  withMachine('live', ({ machine, at }) => {
    const before = process.umask(0o077)
    try {
      machine.files.write(`${at}/folder/file`, '')
      machine.files.append(`${at}/log`, '', { mode: 0o664 })
    } finally {
      process.umask(before)
    }
    assert.equal(machine.files.stat(`${at}/folder`)?.mode, 0o755)
    assert.equal(machine.files.stat(`${at}/folder/file`)?.mode, 0o644)
    assert.equal(machine.files.stat(`${at}/log`)?.mode, 0o664)
  }))

test('a file that was written has a new inode, so that a reader of the old one keeps it whole', () =>
  withMachine('live', ({ machine, at, onHost = '' }) => {
    machine.files.write(`${at}/file`, 'old')
    const descriptor = fsExtra.openSync(join(onHost, 'file'), 'r')
    machine.files.write(`${at}/file`, 'new')
    assert.equal(fsExtra.readFileSync(descriptor, 'utf8'), 'old')
    fsExtra.closeSync(descriptor)
  }))

test('a file that is as wanted is not written again', () =>
  withMachine('live', ({ machine, at, onHost = '' }) => {
    machine.files.write(`${at}/file`, 'same')
    const { ino } = statSync(join(onHost, 'file'))
    machine.files.write(`${at}/file`, 'same', { mode: 0o644 })
    assert.equal(statSync(join(onHost, 'file')).ino, ino)
  }))

test('files of /proc are read although they say that they are empty', () =>
  withMachine('live', ({ machine }) => {
    assert.equal(machine.files.stat('/proc/self/status')?.size, 0)
    assert.match(machine.files.readText('/proc/self/status'), /^Name:/)
    assert.throws(() => machine.files.readText('/proc/self/status', 10), /at most 10 are read/)
  }))

test('a device is not read, since it may never end', () =>
  withMachine('live', ({ machine }) => {
    assert.throws(() => machine.files.readBytes('/dev/zero'), /cannot read \/dev\/zero: it is a device, not a file/)
  }))

test('a pipe is not read, since nobody may ever write to it', () =>
  withMachine('live', async ({ machine, at }) => {
    await machine.run(['mkfifo', `${at}/pipe`])
    assert.throws(() => machine.files.readText(`${at}/pipe`), /it is a pipe, not a file/)
  }))

test('a full disk is an error that says so', () =>
  withMachine('live', ({ machine }) => {
    assert.throws(() => machine.files.write('/dev/full', 'text'), {
      reason: 'ENOSPC',
      message: 'cannot write /dev/full: no space left on the file system (ENOSPC): free some or enlarge it',
    })
  }))

test('flush waits for what was written, also when it is gone again', () =>
  withMachine('live', async ({ machine, at }) => {
    machine.files.write(`${at}/kept`, 'text')
    machine.files.write(`${at}/gone/file`, 'text')
    machine.files.remove(`${at}/gone`)
    await machine.files.flush()
    await machine.files.flush()
    assert.deepEqual(machine.files.list(at), ['kept'])
  }))

test('flush waits for whole file systems where much was written, and after commands', () =>
  withMachine('live', async ({ machine, at }) => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) machine.files.write(`${at}/${name}/file`, name)
    await machine.files.flush()
    await machine.run(['touch', `${at}/by-command`])
    await machine.files.flush()
    assert.deepEqual(machine.files.list(at), ['a', 'b', 'by-command', 'c', 'd', 'e'])
  }))
