import type { HttpFailure } from '../../../src/machine/errors.ts'
import type { HttpRequest, HttpResponse } from '../../../src/machine/http.ts'
import { httpResponse } from '../../../src/machine/http-response.ts'
import type { JsonObject } from '../../../src/machine/json.ts'
import type { MemoryFile, MemoryMachine } from '../../../src/machine/memory.ts'
import { madeUpMachine } from '../made-up-cloud.ts'

export const systemUuid = 'd0df4c54-4ecb-4a4b-9954-5bdf3ed5c3b8'

/** ovf-env.xml with more elements in its configuration set, and in its platform settings. */
export const ovfEnv = (configuration = '', platform = ''): string => `<?xml version="1.0" encoding="utf-8"?>
<Environment xmlns="http://schemas.dmtf.org/ovf/environment/1" xmlns:wa="http://schemas.microsoft.com/windowsazure">
 <wa:ProvisioningSection><wa:Version>1.0</wa:Version>
  <LinuxProvisioningConfigurationSet xmlns="http://schemas.microsoft.com/windowsazure">
   <HostName>web-1</HostName><UserName>ada</UserName>${configuration}
  </LinuxProvisioningConfigurationSet></wa:ProvisioningSection>
 <wa:PlatformSettingsSection><wa:PlatformSettings>${platform}</wa:PlatformSettings></wa:PlatformSettingsSection>
</Environment>`

export const goalState = (
  certificates = '',
): string => `<GoalState><Version>2012-11-30</Version><Incarnation>1</Incarnation>
<Container><ContainerId>container</ContainerId><RoleInstanceList><RoleInstance><InstanceId>role</InstanceId>
<Configuration>${certificates}</Configuration></RoleInstance></RoleInstanceList></Container></GoalState>`

export type Answer = string | Partial<HttpResponse> | HttpFailure

/** What Azure says; what is left out is as on an ordinary day. */
export interface Azure {
  readonly imds?: JsonObject | Answer
  readonly goalState?: Answer
  readonly certificates?: Answer
  readonly health?: Answer
  readonly reprovisionData?: Answer
  /** On the disc in /dev/sr0; null: there is no disc. */
  readonly ovf?: string | null
  readonly files?: Readonly<Record<string, MemoryFile>>
  readonly onRequest?: (request: HttpRequest, machine: MemoryMachine) => void
}

export const ordinaryImds: JsonObject = {
  compute: { location: 'westeurope', platformFaultDomain: '1', vmId: systemUuid },
  network: {
    interface: [
      {
        macAddress: '000D3A047598',
        ipv4: { ipAddress: [{ privateIpAddress: '10.0.0.4' }], subnet: [{ address: '10.0.0.0', prefix: '24' }] },
        ipv6: { ipAddress: [] },
      },
    ],
  },
}

export const lease = {
  'fixed-address': '10.0.0.4',
  'subnet-mask': '255.255.255.0',
  'rfc3442-classless-static-routes': '0,10,0,0,1 32,168,63,129,16,10,0,0,1 32,169,254,169,254,10,0,0,1',
  'unknown-245': 'a8:3f:81:10',
}

const isAnswer = (value: JsonObject | Answer): value is Answer =>
  typeof value === 'string' || value instanceof Error || 'status' in value || 'body' in value

export const azureMachine = (azure: Azure = {}): MemoryMachine => {
  const imds = azure.imds ?? ordinaryImds
  const answers: readonly (readonly [part: string, answer: Answer])[] = [
    ['/metadata/instance', isAnswer(imds) ? imds : JSON.stringify(imds)],
    ['/metadata/reprovisiondata', azure.reprovisionData ?? { status: 404 }],
    ['comp=goalstate', azure.goalState ?? goalState()],
    ['comp=certificates', azure.certificates ?? { status: 404 }],
    ['comp=health', azure.health ?? ''],
  ]
  return madeUpMachine({
    dmi: { chassis_asset_tag: '7783-7084-3265-9085-8269-3286-77', product_uuid: systemUuid },
    nics: { eth0: '00:0d:3a:04:75:98' },
    leases: { eth0: lease },
    files: { '/sys/firmware/efi/': '', ...azure.files },
    disks:
      azure.ovf === null ? [] : [{ path: '/dev/sr0', type: 'udf', files: { 'ovf-env.xml': azure.ovf ?? ovfEnv() } }],
    http: async (request, machine) => {
      azure.onRequest?.(request, machine)
      // Answers take their time, so that what runs in parallel shows.
      await machine.clock.pass(20)
      const answer = answers.find(([part]) => request.url.includes(part))?.[1] ?? { status: 404 }
      if (answer instanceof Error) return answer
      return httpResponse({ url: request.url, ...(typeof answer === 'string' ? { body: answer } : answer) })
    },
  })
}

/** `Ready`, or the description of the failure, of each health report. */
export const reports = (machine: MemoryMachine): string[] =>
  machine.requests
    .filter(({ url }) => url.includes('comp=health'))
    .map(({ body }) => {
      const text = String(body)
      return /<Description>(.*)<\/Description>/s.exec(text)?.[1] ?? /<State>(.*)<\/State>/.exec(text)?.[1] ?? text
    })
