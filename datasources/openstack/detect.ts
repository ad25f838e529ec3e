import type { DatasourceContext } from '../../src/platform/datasource.ts'

const products: readonly string[] = ['OpenStack Nova', 'OpenStack Compute']
const assetTags: readonly string[] = [
  ...products,
  'HUAWEICLOUD',
  'OpenTelekomCloud',
  'SAP CCloud VM',
  'Samsung Cloud Platform',
]
const oracleTag = 'OracleCloud.com'

/**
 * True on an OpenStack cloud, as far as the machine itself can tell.
 *
 * Machines that are not x86 don't say who made them, so every one may be on OpenStack, and whoever answers at the
 * metadata address would be believed (CVE-2024-6174). That is why the identification of the platform only calls it
 * "maybe" there and a maybe is not used by default: one gets here by the user's own datasource_list.
 */
export const isOpenstack = ({ machine, platform, config }: DatasourceContext): boolean => {
  // A machine that can't even tell its architecture is treated as the usual one.
  if (!/^(x86_64|i[3-6]86|amd64)?$/.test(platform.architecture)) return true
  const { productName, chassisAssetTag } = platform.dmi
  if (products.includes(productName) || assetTags.includes(chassisAssetTag)) return true
  const list = config['datasource_list']
  // Oracle's cloud once was OpenStack; its own datasource comes first where both are wanted.
  if (chassisAssetTag === oracleTag && Array.isArray(list) && list.includes('Oracle')) return true
  try {
    const environment = machine.files.readTextIfExists('/proc/1/environ') ?? ''
    return environment.split('\0').includes('product_name=OpenStack Nova')
  } catch {
    return false
  }
}
