/**
 * Mark of a text in metadata that stands for bytes: what follows is their base64. instance-data.json lists such keys in
 * `base64_encoded_keys` and shows them without the mark.
 */
export const binaryMark = 'ci-b64:'

/** Bytes as a value in metadata. */
export const binaryValue = (bytes: Uint8Array): string => `${binaryMark}${Buffer.from(bytes).toString('base64')}`
