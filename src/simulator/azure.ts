import { ovfEnvironment } from './azure-media.ts'
import { type CloudDefinition, type Handler, type Identity, json, notFound, type SimulatedLink, xml } from './cloud.ts'

const WIRE_SERVER = '168.63.129.16'
const ADMIN = 'azureuser'
const CONTAINER = 'c6d5526c-5ac2-4200-b6e2-56f2b70c5ab2'

const link: SimulatedLink = {
  name: 'eth0',
  driver: 'hv_netvsc',
  mac: '00:0d:3a:04:75:98',
  address: '10.0.0.4/24',
  router: '10.0.0.1',
}

const goalState = `<?xml version="1.0" encoding="utf-8"?>
<GoalState xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="goalstate10.xsd">
  <Version>2012-11-30</Version>
  <Incarnation>1</Incarnation>
  <Machine><ExpectedState>Started</ExpectedState><ExpectHealthReport>FALSE</ExpectHealthReport></Machine>
  <Container>
    <ContainerId>${CONTAINER}</ContainerId>
    <RoleInstanceList>
      <RoleInstance>
        <InstanceId>b61f93d0-e1ed-40b2-b067-22c243233448._web-1</InstanceId>
        <State>Started</State>
        <Configuration>
          <HostingEnvironmentConfig>http://${WIRE_SERVER}:80/machine/${CONTAINER}/b61f93d0?comp=config&amp;type=hostingEnvironmentConfig&amp;incarnation=1</HostingEnvironmentConfig>
          <SharedConfig>http://${WIRE_SERVER}:80/machine/${CONTAINER}/b61f93d0?comp=config&amp;type=sharedConfig&amp;incarnation=1</SharedConfig>
          <ExtensionsConfig>http://${WIRE_SERVER}:80/machine/${CONTAINER}/b61f93d0?comp=config&amp;type=extensionsConfig&amp;incarnation=1</ExtensionsConfig>
          <FullConfig>http://${WIRE_SERVER}:80/machine/${CONTAINER}/b61f93d0?comp=config&amp;type=fullConfig&amp;incarnation=1</FullConfig>
          <ConfigName>b61f93d0.0.b61f93d0.0._web-1.1.xml</ConfigName>
        </Configuration>
      </RoleInstance>
    </RoleInstanceList>
  </Container>
</GoalState>
`

const versionList = `<?xml version="1.0" encoding="utf-8"?>
<Versions>
  <Preferred><Version>2015-04-05</Version></Preferred>
  <Supported><Version>2015-04-05</Version><Version>2012-11-30</Version><Version>2012-09-15</Version></Supported>
</Versions>
`

const instanceDocument = (identity: Identity) => ({
  compute: {
    azEnvironment: 'AzurePublicCloud',
    location: 'westeurope',
    name: identity.hostname,
    offer: 'debian-12',
    osProfile: { adminUsername: ADMIN, computerName: identity.hostname, disablePasswordAuthentication: 'true' },
    osType: 'Linux',
    placementGroupId: '',
    platformFaultDomain: '0',
    platformUpdateDomain: '0',
    publicKeys: identity.sshKeys.map((keyData) => ({ keyData, path: `/home/${ADMIN}/.ssh/authorized_keys` })),
    publisher: 'debian',
    resourceGroupName: 'web',
    sku: '12-gen2',
    subscriptionId: '12aad61c-6de4-4e53-a6c6-5aff52a83777',
    tagsList: [{ name: 'Environment', value: 'production' }],
    version: '0.20250101.0',
    vmId: identity.instanceId,
    vmSize: 'Standard_B1s',
    zone: '1',
  },
  extended: { compute: { hasCustomData: identity.userData !== undefined, ppsType: 'None' } },
  network: {
    interface: [
      {
        ipv4: {
          ipAddress: [{ privateIpAddress: '10.0.0.4', publicIpAddress: '20.50.1.2' }],
          subnet: [{ address: '10.0.0.0', prefix: '24' }],
        },
        ipv6: { ipAddress: [] },
        macAddress: link.mac.replaceAll(':', '').toUpperCase(),
      },
    ],
  },
})

const metadataService = (identity: Identity): Handler => {
  const document = instanceDocument(identity)
  return ({ method, path, query, headers }) => {
    if (method !== 'GET') return { ...notFound, status: 405 }
    const refused = (error: string) => ({ ...json({ error }), status: 400 })
    if (headers['metadata']?.toLowerCase() !== 'true')
      return refused("Required metadata header not specified or isn't 'true'")
    if (!/^\d{4}-\d\d-\d\d$/.test(query.get('api-version') ?? '')) return refused('Bad request: api-version is invalid')
    if (path === '/metadata/instance') return json(document)
    if (path === '/metadata/instance/compute') return json(document.compute)
    if (path === '/metadata/instance/network') return json(document.network)
    return notFound
  }
}

const wireServer: Handler = ({ method, path, query, headers }) => {
  const component = query.get('comp')
  if (component === 'versions') return xml(versionList)
  // Every call but the first names the protocol's version.
  if (headers['x-ms-version'] === undefined) return { ...notFound, status: 400 }
  if (method === 'GET' && /^\/machine\/?$/.test(path) && component === 'goalstate') return xml(goalState)
  if (method === 'POST' && component === 'health') return { status: 200 }
  if (method === 'POST' && component === 'roleProperties') return { status: 202 }
  return notFound
}

/** Azure: the instance metadata service (Azure, "Instance Metadata Service") and the wire server, told apart by path. */
const handlerFor = (identity: Identity): Handler => {
  const metadata = metadataService(identity)
  return (request) => (request.path.startsWith('/metadata/') ? metadata(request) : wireServer(request))
}

export const azure: CloudDefinition = {
  name: 'azure',
  defaults: { instanceId: 'd0df4c54-4ecb-4a4b-9954-5bdf3ed5c3b8', hostname: 'web-1' },
  create: (identity) => ({
    datasource: 'Azure',
    dmi: {
      sys_vendor: 'Microsoft Corporation',
      product_name: 'Virtual Machine',
      product_serial: '0000-0011-2233-4455-6677-8899-00',
      product_uuid: identity.instanceId,
      chassis_asset_tag: '7783-7084-3265-9085-8269-3286-77',
      board_serial: '0000-0011-2233-4455-6677-8899-00',
    },
    virtualisation: 'microsoft',
    cmdline: 'BOOT_IMAGE=/boot/vmlinuz root=/dev/sda1 ro console=ttyS0,115200n8 rootdelay=300',
    links: [link],
    leaseOptions: {
      // The wire server's address, and routes to it and to the metadata service.
      'unknown-245': 'a8:3f:81:10',
      'rfc3442-classless-static-routes': '0,10,0,0,1,32,168,63,129,16,10,0,0,1,32,169,254,169,254,10,0,0,1',
    },
    serviceAddresses: ['169.254.169.254', WIRE_SERVER],
    disks: [
      {
        device: '/dev/sr0',
        label: 'rd_rdfe_stable.161212-1209',
        type: 'udf',
        files: { 'ovf-env.xml': ovfEnvironment({ ...identity, user: ADMIN }) },
      },
    ],
    handle: handlerFor(identity),
    settings: (base) => ({ imds_url: `${base}/metadata`, wireserver_endpoint: base.replace(/^http:\/\//, '') }),
  }),
}
