/** What was changed on the machine, by whom. Kept in the order it happened. */
export interface Journal {
  readonly entries: readonly Change[]
  record(change: Change): void
}

export type Change = { readonly actor: string } & (
  | {
      readonly kind: 'file'
      readonly path: string
      /** What was there before; undefined when the file is new. Kept only for plans; not to be shown when `secret`. */
      readonly before?: Uint8Array
      /** What was written; not to be shown when `secret`. Above 1 MiB it is kept only for plans. */
      readonly after?: Uint8Array
      readonly mode: number
      /** True when the file is not world-readable: its content is never shown unless asked for. */
      readonly secret: boolean
      readonly size: number
      /** Of the content, in hex; when it was kept, or read back from a record. */
      readonly sha256?: string
    }
  | { readonly kind: 'folder'; readonly path: string; readonly mode: number }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'rename'; readonly path: string; readonly target: string }
  | { readonly kind: 'attributes'; readonly path: string; readonly mode?: number; readonly owner?: string }
  | { readonly kind: 'command'; readonly argv: readonly string[]; readonly exitCode?: number; readonly input?: boolean }
)

/** Larger contents are not kept in the journal of a machine that really has them in a file. */
export const keptContentBytes = 1024 * 1024
