const types =
  '(?:ssh-(?:rsa|dss|ed25519|xmss)|ecdsa-sha2-nistp(?:256|384|521)|sk-ssh-ed25519|sk-ecdsa-sha2-nistp256)' +
  '(?:-cert-v01)?(?:@openssh\\.com)?'
/** An authorized_keys line: options (with quoted blanks) may stand before the type. sshd(8). */
const line = new RegExp(`^(?:(?:[^\\s"]|"(?:\\\\"|[^"\\\\])*")+\\s+)?${types}\\s+\\S`)

/** True for a line that sshd could take as an authorized key; a certificate in PEM is not. */
export const isOpensshKey = (key: string): boolean => key.length <= 65_536 && line.test(key)

/** Keys made in Azure's portal used to have line breaks within. */
export const withoutLineBreaks = (key: string): string => key.trim().replaceAll('\r\n', '')
