/**
 * What of a machine may not depend on what happened to its first boot, as lines of text: every file that provisioning may
 * have touched, with mode, owner and content; accounts; run-once marks; whether keys and state can be read.
 */
export const portrait = `sudo sh -s <<'END' 2>&1
files() { find /etc /root /home /srv -xdev -regextype posix-extended \\
  ! -regex '/etc/(ssh/ssh_host_.*|machine-id|.*-|\\.pwd\\.lock|shadow|gshadow|ld\\.so\\.cache|resolv\\.conf|mtab|.*\\.lock)' \\
  "$@"; }
files -type f -printf 'file %m %U:%G %p ' -exec sh -c 'sha256sum <"$1" | cut -c1-16' sh {} \\;
files -type d -printf 'folder %m %U:%G %p\\n'
files -type l -printf 'link %p -> %l\\n'
cut -d: -f1,2 /etc/shadow | sed 's/\\$.*/(hash)/; s/^/shadow /'
(cd /var/lib/cloud && find instance/ instance/sem sem scripts instance/scripts -maxdepth 1 -type f ! -name obj.pkl -printf 'state %p %m\\n')
find /etc /root /home /srv /var/lib/cloud -xdev -type f -size 0 ! -path '*/sem/*' -printf 'empty %p\\n'
for key in /etc/ssh/ssh_host_*_key; do
  if [ "$(ssh-keygen -y -f $key | cut -d' ' -f1,2)" = "$(cut -d' ' -f1,2 $key.pub)" ]
  then stat -c 'key %n %a' $key; else echo "key $key is damaged"; fi
done
sshd -t && echo 'sshd is content'
for file in /var/lib/cloud/instance/datasource.json /var/lib/cloud/data/status.json /var/lib/cloud/data/result.json \\
    /run/cloud-init/instance-data.json /run/cloud-init/instance-data-sensitive.json; do
  /usr/lib/firstlight/node -e 'JSON.parse(require("fs").readFileSync(process.argv[1]))' $file && echo "readable $file"
done
echo "name $(hostname) $(cat /etc/hostname)"
echo "failed units: $(systemctl list-units --failed --no-legend --plain | cut -d' ' -f1 | xargs)"
echo "root $(df --output=size -BM / | tail -1 | tr -d ' M')"
END`

/** Lines that are there and should not be, or the other way round. */
export const differences = (actual: string, expected: string): string[] => {
  const [have, want] = [new Set(actual.split('\n')), new Set(expected.split('\n'))]
  return [
    ...[...want].filter((line) => !have.has(line)).map((line) => `missing: ${line}`),
    ...[...have].filter((line) => !want.has(line)).map((line) => `instead: ${line}`),
  ].sort()
}

/** What `status` says beside `done`, in one line. */
export const tellStatus = async (ask: (command: string) => Promise<string>): Promise<string> => {
  const text = await ask('cloud-init status --format json')
  try {
    const { status, errors, recoverable_errors: recoverable } = JSON.parse(text.replace(/ \(exit code \d+\)$/, ''))
    return [status, ...errors, ...Object.values(recoverable).flat()].join('; ')
  } catch {
    return text
  }
}
