import { type Json, type JsonObject, objectAt, textAt } from '../../src/machine/json.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { type MemoryCommand, type MemoryDisk, type MemoryFile, memoryMachine } from '../../src/machine/memory.ts'
import { identify, recordIdentification } from '../../src/platform/identify.ts'
import { differences, type VectorRunner } from './family.ts'

/** Cloud identification: the case's facts become a made-up machine, the answer is what identification leaves on it. */

const START = Date.UTC(2025, 0, 1, 12)

const textsOf = (value: Json | undefined): string[] =>
  Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : []

const filesOf = (vector: JsonObject): Record<string, MemoryFile> => {
  const times = objectAt(vector, 'fileTimes')
  const files: Record<string, MemoryFile> = {}
  for (const [path, content] of Object.entries(objectAt(vector, 'files'))) {
    if (typeof content !== 'string') continue
    const seconds = times[path]
    const modified = START + (typeof seconds === 'number' ? seconds * 1000 : 0)
    files[`/${path}`] = path.endsWith('/') ? '' : { content, modified }
  }
  for (const path of textsOf(vector['sockets'])) files[path] = { socket: true }
  // systemd is there, and what it says is asked of systemd-detect-virt.
  if (vector['systemd'] !== false) files['/run/systemd/'] = ''
  return files
}

const disksOf = (vector: JsonObject): MemoryDisk[] => {
  const devices = vector['blockDevices']
  if (!Array.isArray(devices)) return []
  return (devices as JsonObject[]).map((device) => {
    const name = textAt(device, 'name') ?? ''
    const fields = {
      type: textAt(device, 'FSTYPE'),
      label: textAt(device, 'LABEL'),
      labelFatboot: textAt(device, 'LABEL_FATBOOT'),
      uuid: textAt(device, 'UUID'),
      partitionUuid: textAt(device, 'PARTUUID'),
    }
    const known = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
    return { path: name.startsWith('/') ? name : `/dev/${name}`, ...known }
  })
}

/** How each tool is called with an argument of the case. */
const callsOf: Readonly<Record<string, (argument: string) => string>> = {
  dmidecode: (argument) => `dmidecode --quiet --string=${argument}`,
  sysctl: (argument) => `sysctl -nq ${argument}`,
  kenv: (argument) => `kenv -q ${argument}`,
  vmtoolsd: (argument) => `vmtoolsd --cmd ${argument}`,
  'vmware-rpctool': (argument) => `vmware-rpctool ${argument}`,
}

const commandOf = (answer: Json): MemoryCommand => {
  if (typeof answer === 'string') return answer
  const { stdout, stderr, rc } = answer as JsonObject
  return { stdout: String(stdout ?? ''), stderr: String(stderr ?? ''), exitCode: Number(rc ?? 0) }
}

const WINDOWS_SHELL = '/mnt/c/Windows/System32/cmd.exe'
const WINDOWS_PROFILE = 'C:\\Users\\me'

const commandsOf = (vector: JsonObject): Record<string, MemoryCommand> => {
  const { kernel, version, machine } = objectAt(vector, 'uname')
  const virt = textAt(vector, 'virt')
  const commands: Record<string, MemoryCommand> = {
    'uname -svm': `${kernel} ${version} ${machine}\n`,
    'systemd-detect-virt': { stdout: `${virt ?? 'Failed'}\n`, exitCode: virt === undefined || virt === 'none' ? 1 : 0 },
  }
  for (const [tool, answers] of Object.entries(objectAt(vector, 'commands'))) {
    for (const [argument, answer] of Object.entries(answers as JsonObject)) {
      commands[callsOf[tool]?.(argument) ?? `${tool} ${argument}`] = commandOf(answer)
    }
  }
  const windows = objectAt(vector, 'wsl')
  const profile = textAt(windows, 'userProfile')
  if (profile !== undefined) {
    const printed = Buffer.from(profile === '' ? '\r\n' : `${WINDOWS_PROFILE}\r\n`, 'utf16le')
    commands[`/init ${WINDOWS_SHELL} /u /c echo.%USERPROFILE%`] = { stdout: printed }
    commands[`wslpath -au ${WINDOWS_PROFILE}`] = `${profile}\n`
    commands['wslpath -am /'] = `//wsl.localhost/${textAt(windows, 'instanceName') ?? ''}/\n`
  }
  return commands
}

const machineOf = (vector: JsonObject): Machine => {
  const tools = Object.keys(objectAt(vector, 'commands'))
  const hasWindows = textAt(objectAt(vector, 'wsl'), 'userProfile') !== undefined
  const machine = memoryMachine({
    startTime: START,
    files: filesOf(vector),
    disks: disksOf(vector),
    commands: commandsOf(vector),
    // A tool that is installed but has nothing to say fails.
    onCommand: ([command = '']) => (tools.includes(command) ? { exitCode: 1 } : undefined),
    which: ['uname', 'systemd-detect-virt', ...tools, ...(hasWindows ? ['wslpath', WINDOWS_SHELL] : [])],
    environment: objectAt(vector, 'env') as Record<string, string>,
  })
  if (vector['blkidFails'] !== true) return machine
  const list = () => Promise.reject(new Error('blkid exited with code 2'))
  return { ...machine, disks: { ...machine.disks, list } }
}

const run: VectorRunner = async (vector) => {
  const machine = machineOf(vector)
  const hasDmi = /^(i.86|x86_64)$/.test(textAt(objectAt(vector, 'uname'), 'machine') ?? '')
  const policy = textAt(vector, hasDmi ? 'policy' : 'policyNoDmi')
  const result = await identify(machine, {
    force: textsOf(vector['args']).includes('--force'),
    ...(policy !== undefined && { policy }),
  })
  recordIdentification(machine, result)

  const { found = [], maybe = [] } = result.checks ?? {}
  const isFound =
    found.length > 0 || (maybe.length === 0 && (result.datasources.length > 0 || (result.reported ?? []).length > 0))
  const actual: JsonObject = {
    exitCode: result.exitCode,
    cloudInitEnabled: result.exitCode === 0,
    datasources: [...result.datasources],
    found: maybe.length > 0 && !isFound ? 'maybe' : isFound,
    checks: { found: [...found], maybe: [...maybe], ran: result.checks !== undefined },
    runConfig: machine.files.readTextIfExists(`${result.runFolder}/cloud.cfg`) ?? null,
    ...(result.mode !== undefined && { mode: result.mode }),
    ...(result.reported !== undefined && { report: [...result.reported] }),
  }
  return differences(vector['expected'], actual)
}

export default run
