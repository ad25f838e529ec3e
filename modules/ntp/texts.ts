/** Whom to ask for the time, and who may ask. */
export interface TimeSources {
  readonly servers: readonly string[]
  readonly pools: readonly string[]
  readonly peers: readonly string[]
  readonly allow: readonly string[]
}

const header = '# Written once for each instance, as `ntp` in the configuration says.'

const lines = (...parts: readonly (readonly string[])[]): string => `${parts.flat().join('\n')}\n`

const each = (word: string, values: readonly string[], end = ''): string[] =>
  values.map((value) => `${word} ${value}${end}`)

/** Servers are asked quickly at the start (iburst). */
const sourceLines = ({ pools, servers, peers }: TimeSources): string[] => [
  ...each('pool', pools, ' iburst'),
  ...each('server', servers, ' iburst'),
  ...each('peer', peers),
]

/**
 * chrony.conf(5): remembers the clock's drift, steps it in the first three updates only, and keeps the hardware clock
 * with it.
 * @param keepsFolder true where the package has /etc/chrony and keeps its keys there (Debian, Alpine)
 */
export const chronyConf =
  (keepsFolder: boolean) =>
  (sources: TimeSources): string => {
    const usual = keepsFolder
      ? [
          'keyfile /etc/chrony/chrony.keys',
          'driftfile /var/lib/chrony/chrony.drift',
          'logdir /var/log/chrony',
          'maxupdateskew 100.0',
          'rtcsync',
          'makestep 1 3',
        ]
      : ['driftfile /var/lib/chrony/drift', 'makestep 1.0 3', 'rtcsync', 'logdir /var/log/chrony']
    return lines([header], sourceLines(sources), each('allow', sources.allow), usual)
  }

const statistics = ['loopstats', 'peerstats', 'clockstats']

/**
 * ntp.conf(5): everybody may ask for the time, nobody from elsewhere may look at or change the server.
 * @param isBusybox true for busybox's ntpd, which knows servers and nothing else
 */
export const ntpConf =
  (isBusybox: boolean) =>
  (sources: TimeSources): string => {
    if (isBusybox) return lines([header], each('server', sources.servers), each('peer', sources.peers))
    return lines(
      [header, 'driftfile /var/lib/ntp/ntp.drift', `statistics ${statistics.join(' ')}`],
      statistics.map((name) => `filegen ${name} file ${name} type day enable`),
      sourceLines(sources),
      [
        'restrict -4 default kod notrap nomodify nopeer noquery limited',
        'restrict -6 default kod notrap nomodify nopeer noquery limited',
        'restrict 127.0.0.1',
        'restrict ::1',
        'restrict source notrap nomodify noquery',
      ],
    )
  }

/** timesyncd.conf(5): all sources in one line. */
export const timesyncdConf = ({ servers, pools }: TimeSources): string =>
  lines([header, '[Time]', `NTP=${[...servers, ...pools].join(' ')}`])

/** OpenNTPD's ntpd.conf(5), where `servers` means all addresses of a name. */
export const openntpdConf = ({ servers, pools }: TimeSources): string =>
  lines([header], each('servers', pools), each('server', servers))
