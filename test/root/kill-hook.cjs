/**
 * Read by Node before firstlight (node --require): counts the operations by which it changes the machine, and ends the
 * process with SIGKILL at one of them, as /kill.json says: {"at": 17, "after": true}, or {"path": "...", "after": true}
 * for the first one on that path. How many there were is left in /operations.
 */
const childProcess = require('node:child_process')
const fs = require('node:fs')

const orders = JSON.parse(fs.readFileSync('/kill.json', 'utf8'))
const { writeFileSync } = fs
let count = 0

const die = () => process.kill(process.pid, 'SIGKILL')

const isWanted = (path) => (orders.path === undefined ? count === orders.at : path === orders.path)

const around = (path, operation) => {
  count += 1
  const now = isWanted(path)
  if (now && !orders.after) die()
  const result = operation()
  if (now && orders.after) die()
  return result
}

/** Which path an open file has. */
const openPaths = new Map()
const { openSync } = fs
fs.openSync = (path, ...words) => {
  const descriptor = openSync(path, ...words)
  openPaths.set(descriptor, path)
  return descriptor
}

/** A log is no change. */
const isLog = (path) => String(path).startsWith('/var/log/')

/** Names of functions of node:fs, and which of their words is the path that becomes something else. */
const changing = {
  appendFileSync: 0,
  chmodSync: 0,
  chownSync: 0,
  fchmodSync: 0,
  fchownSync: 0,
  lchownSync: 0,
  mkdirSync: 0,
  renameSync: 1,
  rmSync: 0,
  symlinkSync: 1,
  unlinkSync: 0,
  utimesSync: 0,
  writeFileSync: 0,
  writeSync: 0,
}
for (const [name, position] of Object.entries(changing)) {
  const original = fs[name]
  fs[name] = (...words) => {
    const word = words[position]
    const path = typeof word === 'number' ? openPaths.get(word) : word
    return isLog(path) ? original(...words) : around(path, () => original(...words))
  }
}

/** A command is two operations: its start, and its end before anybody hears of it. */
const { spawn } = childProcess
childProcess.spawn = (...words) => {
  const child = around(words[0], () => spawn(...words))
  child.prependOnceListener('exit', () => around(undefined, () => undefined))
  return child
}

process.on('exit', () => writeFileSync('/operations', String(count)))
