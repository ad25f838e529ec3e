import type { Datasource } from '../src/platform/datasource.ts'

/** Every datasource firstlight knows, by id. Loaded when first needed. */
export const datasources: Readonly<Record<string, () => Promise<Datasource>>> = {
  Azure: async () => (await import('./azure/index.ts')).default,
  ConfigDrive: async () => (await import('./configdrive/index.ts')).default,
  DigitalOcean: async () => (await import('./digitalocean/index.ts')).default,
  Ec2: async () => (await import('./ec2/index.ts')).default,
  GCE: async () => (await import('./gce/index.ts')).default,
  NoCloud: async () => (await import('./nocloud/index.ts')).default,
  None: async () => (await import('./none.ts')).default,
  OpenStack: async () => (await import('./openstack/index.ts')).default,
}
