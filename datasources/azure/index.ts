import { DatasourceError, messageOf } from '../../src/machine/errors.ts'
import { type DatasourceContext, defineDatasource } from '../../src/platform/datasource.ts'
import { Fabric } from './fabric.ts'
import { asProvisioningFailure } from './failure.ts'
import { vmIdOf } from './identity.ts'
import { provision } from './provision.ts'
import { readSettings } from './settings.ts'

/** "Microsoft Azure" in SMBIOS. */
const chassisTag = '7783-7084-3265-9085-8269-3286-77'

/** Left by old Ubuntu images for NICs that come later; in the way of the network config made here. */
const ubuntuNetworkScripts = [
  '/etc/netplan/90-hotplug-azure.yaml',
  '/usr/local/sbin/ephemeral_eth.sh',
  '/etc/udev/rules.d/10-net-device-added.rules',
  '/run/network/interfaces.ephemeral.d',
]

/**
 * Microsoft Azure: provisioning media (ovf-env.xml), the instance metadata service, and the wire server, which is told how it went
 * (learn.microsoft.com, "Azure Instance Metadata Service"; "What is IP address 168.63.129.16?").
 *
 * The fabric waits for the report before it lets users in, so it is made while reading, as cloud-init does, and not at the end of the boot.
 */
export default defineDatasource({
  id: 'Azure',
  stages: ['local'],
  detect: ({ machine, platform, paths }) =>
    platform.dmi.chassisAssetTag === chassisTag || machine.files.exists(`${paths.cloud}/seed/azure/ovf-env.xml`),
  fetch: async (context) => {
    const { machine, platform } = context
    const settings = readSettings(context.settings)
    const fabric = new Fabric(machine, settings)
    try {
      fabric.vmId = vmIdOf(machine.files, platform.dmi.productUuid)
      const data = await provision(context, settings, fabric)
      if (settings.applyNetworkConfig) removeNetworkScripts(context)
      return data
    } catch (error) {
      await fabric.reportFailure(asProvisioningFailure(error))
      throw new DatasourceError('Azure', messageOf(error))
    } finally {
      await fabric.disconnect()
    }
  },
  checkInstanceId: ({ platform }, storedId) => storedId.toLowerCase() === platform.dmi.productUuid.toLowerCase(),
  deviceOf: (context, _data, name) => readSettings(context.settings).diskAliases[name],
})

const removeNetworkScripts = ({ machine, distro }: DatasourceContext): void => {
  if (distro !== 'ubuntu') return
  for (const path of ubuntuNetworkScripts) {
    if (!machine.files.linkStat(path)) continue
    machine.log.info(`removing ${path}: network config for later interfaces is made at each boot`)
    machine.files.remove(path)
  }
}
