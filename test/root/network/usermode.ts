import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, openSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Duplex } from 'node:stream'
import { type Cable, portName } from './cables.ts'
import { eventually, type Outcome, run } from './commands.ts'
import type { Running } from './container.ts'

/**
 * A machine with a kernel of its own, as a process of this one (User Mode Linux): with udev, interfaces that have a driver
 * and a permanent address, and every module of Debian's kernel, whatever the kernel outside knows.
 */
const modules = '/usr/lib/uml/modules'

/** Reads commands from a terminal, one a line in base64; answers with exit code, output and errors, in base64, too. */
const agent = `#!/bin/sh
stty raw -echo
echo ready
while read -r line; do
  printf %s "$line" | base64 -d >/run/agent.sh
  timeout 30 sh /run/agent.sh >/run/agent.out 2>/run/agent.err </dev/null
  echo "$? $(base64 -w0 </run/agent.out) $(base64 -w0 </run/agent.err)"
done
`

const agentUnit = `[Unit]
DefaultDependencies=no
After=systemd-tmpfiles-setup-dev.service
[Service]
ExecStart=/usr/local/lib/agent
StandardInput=tty
StandardOutput=tty
StandardError=journal
TTYPath=/dev/tty1
`

/** What the root needs beside what it has. */
export const prepareForUsermode = async (root: string): Promise<void> => {
  const write = (path: string, content: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content)
  }
  write('usr/local/lib/agent', agent)
  chmodSync(join(root, 'usr/local/lib/agent'), 0o755)
  write('etc/systemd/system/agent.service', agentUnit)
  const wants = join(root, 'etc/systemd/system/sysinit.target.wants')
  mkdirSync(wants, { recursive: true })
  symlinkSync('/etc/systemd/system/agent.service', join(wants, 'agent.service'))
  mkdirSync(join(root, 'usr/lib/modules'), { recursive: true })
  await run('mount', '--bind', modules, join(root, 'usr/lib/modules'))
}

export interface UsermodeOptions {
  readonly label: string
  readonly root: string
  readonly cloud: string
  readonly cables: readonly Cable[]
  readonly limitSeconds?: number | undefined
}

export const bootUsermode = async (options: UsermodeOptions): Promise<Running> => {
  const { label, root, cloud, cables, limitSeconds = 240 } = options
  const start = performance.now()
  const log = `${root}.console`
  const output = openSync(log, 'w')
  const nics = cables.map(({ mac, mtu = 1500 }, index) => {
    return `vec${index}:transport=tap,ifname=${portName(index)},mac=${mac},mtu=${mtu}`
  })
  const words = [
    ...['mem=512M', 'root=/dev/root', 'rootfstype=hostfs', `rootflags=${root}`, 'rw', `umid=${label}`],
    ...['con=null', 'con0=null,fd:1', 'con1=fd:3', 'console=tty0', 'quiet', 'systemd.show_status=0'],
    ...nics,
  ]
  const child = spawn('nsenter', [`--net=/run/netns/${cloud}`, 'linux.uml', ...words], {
    stdio: ['ignore', output, output, 'pipe'],
    detached: true,
    env: { ...process.env, HOME: dirname(root) },
  })
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  const line = child.stdio[3] as Duplex
  line.on('error', () => undefined)
  const waiting: ((answer: string) => void)[] = []
  const begun = new Promise<void>((resolve) => {
    createInterface({ input: line }).on('line', (text) => {
      if (text.trim() === 'ready') resolve()
      else waiting.shift()?.(text)
    })
  })
  const died = { exitCode: -1, stdout: '', stderr: 'the machine is not running' }
  const ask = async (argv: readonly string[]): Promise<Outcome> => {
    const script = argv.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
    const answered = new Promise<string>((resolve) => waiting.push(resolve))
    line.write(`${Buffer.from(script).toString('base64')}\n`)
    const answer = await Promise.race([answered, ended])
    if (answer === undefined) return died
    const [code = '-1', stdout = '', stderr = ''] = answer.trim().split(' ')
    const text = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8')
    return { exitCode: Number(code), stdout: text(stdout), stderr: text(stderr) }
  }
  const stop = async (): Promise<void> => {
    const timer = setTimeout(() => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'), 5000)
    void ask(['systemctl', 'poweroff', '-ff'])
    await ended
    clearTimeout(timer)
  }
  const limit = new Promise<'late'>((resolve) => {
    setTimeout(() => resolve('late'), limitSeconds * 1000).unref()
  })
  try {
    if ((await Promise.race([begun, ended, limit])) === 'late' || child.exitCode !== null)
      throw new Error(`it does not come up: ${readFileSync(log, 'utf8')}`)
    await eventually(
      async () => {
        const { exitCode } = await ask(['test', '-e', '/run/cloud-init/result.json'])
        if (exitCode !== 0) throw new Error(`no end of the boot within ${limitSeconds} s`)
      },
      limitSeconds - (performance.now() - start) / 1000,
    )
  } catch (error) {
    const said = []
    for (const argv of [
      ['systemctl', 'list-jobs', '--no-pager'],
      ['journalctl', '-b', '--no-pager', '-o', 'short-monotonic', '-n', '90'],
    ])
      said.push((await ask(argv)).stdout)
    await stop()
    throw new Error(`${label}: ${String(error)}\n${said.join('\n')}`)
  }
  return {
    attempt: (...argv) => ask(argv),
    run: async (...argv) => {
      const { exitCode, stdout, stderr } = await ask(argv)
      if (exitCode !== 0) throw new Error(`in ${label}: ${argv.join(' ')}: ${stderr.trim()}`)
      return stdout
    },
    bootSeconds: (performance.now() - start) / 1000,
    stop,
  }
}

/** Why there is none; undefined when there is. */
export const usermodeIsMissing = (): string | undefined => {
  try {
    return readdirSync(modules).length > 0 ? undefined : `${modules} is empty`
  } catch {
    return 'not installed: user-mode-linux'
  }
}
