import type { JsonObject } from '../../../src/machine/json.ts'

/** What the guest agent takes note of in `compute` of the instance metadata. */
export const computeFields = [
  ...(['location', 'name', 'offer', 'osType', 'placementGroupId', 'platformFaultDomain'] as const),
  ...(['platformUpdateDomain', 'publisher', 'resourceGroupName', 'sku', 'subscriptionId', 'tags'] as const),
  ...(['version', 'vmId', 'vmSize', 'vmScaleSetName', 'zone'] as const),
] as const

/** Undefined: the metadata does not say. */
export type Compute = Readonly<Record<(typeof computeFields)[number], string | undefined>>

export const readCompute = (document: JsonObject): Compute => {
  const text = (value: JsonObject[string] | undefined): string | undefined =>
    typeof value === 'string' ? value : undefined
  return Object.fromEntries(computeFields.map((field) => [field, text(document[field])])) as Compute
}
