import { spawn } from 'node:child_process'

/** How to get into a machine: by SSH, with the key that the cloud handed out. */
export interface Guest {
  readonly address: string
  readonly user: string
  readonly keyFile: string
  /** Folder for the socket of the connection that all commands share: logging in costs an emulated machine a second. */
  readonly folder: string
}

export interface Answer {
  /** 255: no connection. */
  readonly exitCode: number
  readonly stdout: string
}

const options = [
  ...['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR'],
  ...['-o', 'BatchMode=yes', '-o', 'IdentitiesOnly=yes', '-o', 'ConnectTimeout=10', '-F', '/dev/null'],
]

/** Runs a shell command in the machine. */
export const onGuest = (guest: Guest, command: string, timeoutSeconds = 60): Promise<Answer> =>
  new Promise((resolve) => {
    const shared = ['ControlMaster=auto', 'ControlPersist=30', `ControlPath=${guest.folder}/ssh`]
    const login = ['-i', guest.keyFile, ...shared.flatMap((word) => ['-o', word]), `${guest.user}@${guest.address}`]
    const words = [...options, ...login, command]
    const child = spawn('ssh', words, { stdio: ['ignore', 'pipe', 'ignore'], timeout: timeoutSeconds * 1000 })
    let stdout = ''
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString('utf8')
    })
    child.on('close', (code) => resolve({ exitCode: code ?? 255, stdout }))
    child.on('error', () => resolve({ exitCode: 255, stdout }))
  })

const pauseMilliseconds = 1000

/** Waits until a login succeeds. False: not in that time, or the machine has ended. */
export const waitForLogin = async (guest: Guest, isRunning: () => boolean, limitSeconds: number): Promise<boolean> => {
  const limit = performance.now() + limitSeconds * 1000
  while (performance.now() < limit && isRunning()) {
    if (await isPortOpen(guest.address)) {
      const { exitCode } = await onGuest(guest, 'true', 30)
      if (exitCode === 0) return true
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMilliseconds))
  }
  return false
}

const isPortOpen = async (address: string): Promise<boolean> => {
  const { createConnection } = await import('node:net')
  return new Promise((resolve) => {
    const socket = createConnection({ host: address, port: 22, timeout: 3000 })
    const end = (isOpen: boolean) => (): void => {
      socket.destroy()
      resolve(isOpen)
    }
    // sshd greets first; a port that only accepts is not sshd yet.
    socket.on('data', end(true)).on('error', end(false)).on('timeout', end(false)).on('close', end(false))
  })
}
