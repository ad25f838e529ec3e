import { type CloudDefinition, type Handler, type Identity, notFound, plain, type SimulatedLink } from './cloud.ts'

const link: SimulatedLink = {
  name: 'ens3',
  driver: 'virtio_net',
  mac: '52:54:00:12:34:56',
  address: '192.168.122.20/24',
  router: '192.168.122.1',
}

const filesFor = ({ instanceId, hostname, sshKeys, userData, vendorData }: Identity) => ({
  'meta-data': `${JSON.stringify({ 'instance-id': instanceId, 'local-hostname': hostname, 'public-keys': sshKeys })}\n`,
  'user-data': userData ?? '',
  ...(vendorData && { 'vendor-data': vendorData }),
  'network-config': `version: 2\nethernets:\n  ${link.name}:\n    match: {macaddress: '${link.mac}'}\n    dhcp4: true\n`,
})

/** The same seed behind a web server, for a kernel command line with `ds=nocloud;s=http://.../`. */
const handlerFor = (identity: Identity): Handler => {
  const files: Readonly<Record<string, string | Uint8Array>> = filesFor(identity)
  return ({ path }) => {
    const body = files[path.slice(1)]
    return body === undefined ? notFound : plain(body)
  }
}

/** A seed disk, as libvirt, Proxmox and cloud-localds make them. */
export const nocloud: CloudDefinition = {
  name: 'nocloud',
  defaults: { instanceId: 'iid-web-1', hostname: 'web-1.example.test' },
  create: (identity) => ({
    datasource: 'NoCloud',
    dmi: {
      sys_vendor: 'QEMU',
      product_name: 'Standard PC (Q35 + ICH9, 2009)',
      product_serial: '',
      product_uuid: '0c8a4b2e-5d1f-4a63-9b7e-2f6d8c1a0e35',
      chassis_asset_tag: '',
      board_serial: '',
    },
    virtualisation: 'kvm',
    cmdline: 'BOOT_IMAGE=/boot/vmlinuz root=/dev/vda1 ro quiet',
    links: [link],
    serviceAddresses: ['192.168.122.1'],
    disks: [{ device: '/dev/sr0', label: 'cidata', type: 'iso9660', files: filesFor(identity) }],
    handle: handlerFor(identity),
  }),
}
