import { randomInt } from 'node:crypto'

const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** 16 random characters for SHA-512 crypt. */
export const freshSalt = (): string => Array.from({ length: 16 }, () => alphabet[randomInt(alphabet.length)]).join('')

/** SHA-512 crypt (`$6$`), as crypt(5) has it. Takes some 40 ms of computing. */
export const hashPassword = async (password: string, salt: string): Promise<string> => {
  const { encrypt } = await import('unixcrypt')
  return encrypt(password, `$6$${salt}`)
}
