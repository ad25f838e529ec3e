/** A metadata tree as EC2 and Google serve it: a text, or a folder of entries. */
export type MetadataTree = string | Uint8Array | { readonly [entry: string]: MetadataTree }

export const isFolder = (tree: MetadataTree): tree is { readonly [entry: string]: MetadataTree } =>
  typeof tree === 'object' && !(tree instanceof Uint8Array)

/** The node at a path; undefined when there is none. Slashes at the ends don't matter. */
export const nodeAt = (tree: MetadataTree, path: string): MetadataTree | undefined => {
  let node: MetadataTree | undefined = tree
  for (const name of path.split('/').filter((part) => part !== '')) {
    if (node === undefined || !isFolder(node) || !Object.hasOwn(node, name)) return undefined
    node = node[name]
  }
  return node
}

/** A folder's page: one entry a line, folders with a slash at the end. */
export const listingOf = (folder: { readonly [entry: string]: MetadataTree }): string =>
  Object.entries(folder)
    .map(([name, node]) => (isFolder(node) ? `${name}/` : name))
    .join('\n')
