/** Network links of the machine, as far as reading metadata needs them. Their facts are files in /sys/class/net. */
export interface Links {
  /**
   * Brings `name` up, kept until `release`: then the kernel looks for addresses of IPv6 itself.
   * @throws LinkError when it can't be brought up.
   */
  up(name: string): Promise<void>
  /**
   * Brings `name` up, asks DHCP for an address, keeps both until `release`.
   * @throws LinkError when no lease came in time, or no DHCP client is installed.
   */
  dhcp(name: string, options?: { readonly timeoutSeconds?: number }): Promise<DhcpLease>
  /** Puts a random 169.254.0.0/16 address on `name` (up), kept until `release`. */
  linkLocal(name: string): Promise<void>
  /** Undoes up, dhcp and linkLocal on `name`. Never throws: a tolerated failure is logged. */
  release(name: string): Promise<void>
  /** Addresses of the links that are up, loopback included. Runs no command, needs no root. */
  addresses(): Promise<readonly LinkAddress[]>
}

export interface LinkAddress {
  readonly link: string
  readonly family: 4 | 6
  /** Without prefix and zone. */
  readonly ip: string
  readonly prefix: number
}

/** Option names as dhclient writes them: `fixed-address`, `routers`, `subnet-mask`, `unknown-245`, ... */
export interface DhcpLease {
  readonly interface: string
  readonly options: Readonly<Record<string, string>>
}
