/** What build/validators.ts writes: a compiled validator for each module's schema. */
declare module '*/validators.generated.js' {
  import type { JsonObject } from '../machine/json.ts'

  export type Validators = Readonly<Record<string, (config: JsonObject) => boolean>>
  export const validators: Validators
}
