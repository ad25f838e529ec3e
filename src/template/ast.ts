/** The tree of a jinja template. */
export type Expression =
  | { readonly type: 'constant'; readonly value: null | boolean | string | bigint | number }
  | { readonly type: 'name'; readonly name: string }
  | { readonly type: 'list'; readonly items: readonly Expression[]; readonly isTuple: boolean }
  | { readonly type: 'dict'; readonly pairs: readonly (readonly [Expression, Expression])[] }
  | { readonly type: 'attribute'; readonly object: Expression; readonly name: string }
  | { readonly type: 'item'; readonly object: Expression; readonly index: Expression }
  | {
      readonly type: 'slice'
      readonly object: Expression
      readonly start?: Expression
      readonly stop?: Expression
      readonly step?: Expression
    }
  | { readonly type: 'call'; readonly callee: Expression; readonly args: Arguments }
  | { readonly type: 'filter'; readonly input: Expression | undefined; readonly name: string; readonly args: Arguments }
  | { readonly type: 'test'; readonly input: Expression; readonly name: string; readonly args: Arguments }
  | { readonly type: 'unary'; readonly operator: '-' | '+' | 'not'; readonly operand: Expression }
  | { readonly type: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | { readonly type: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | {
      readonly type: 'compare'
      readonly first: Expression
      readonly rest: readonly (readonly [operator: string, operand: Expression])[]
    }
  | { readonly type: 'concat'; readonly items: readonly Expression[] }
  | {
      readonly type: 'conditional'
      readonly test: Expression
      readonly consequent: Expression
      readonly otherwise: Expression | undefined
    }

export interface Arguments {
  readonly positional: readonly Expression[]
  readonly named: readonly (readonly [string, Expression])[]
  /** `*list` and `**mapping` */
  readonly spread?: Expression
  readonly spreadNamed?: Expression
}

export interface Parameter {
  readonly name: string
  readonly default: Expression | undefined
}

/** What `set` and `for` assign to. */
export type Target =
  | { readonly type: 'name'; readonly name: string }
  | { readonly type: 'namespace'; readonly name: string; readonly attribute: string }
  | { readonly type: 'tuple'; readonly items: readonly Target[] }

export type Statement =
  | { readonly type: 'data'; readonly text: string }
  | { readonly type: 'output'; readonly expression: Expression }
  | {
      readonly type: 'for'
      readonly target: Target
      readonly iterable: Expression
      readonly test: Expression | undefined
      readonly isRecursive: boolean
      readonly body: readonly Statement[]
      readonly otherwise: readonly Statement[]
    }
  | {
      readonly type: 'if'
      readonly test: Expression
      readonly consequent: readonly Statement[]
      readonly otherwise: readonly Statement[]
    }
  | { readonly type: 'set'; readonly target: Target; readonly value: Expression }
  | {
      readonly type: 'set-block'
      readonly target: Target
      readonly filter: Expression | undefined
      readonly body: readonly Statement[]
    }
  | {
      readonly type: 'with'
      readonly values: readonly (readonly [Target, Expression])[]
      readonly body: readonly Statement[]
    }
  | {
      readonly type: 'macro'
      readonly name: string
      readonly parameters: readonly Parameter[]
      readonly body: readonly Statement[]
    }
  | {
      readonly type: 'call-block'
      readonly parameters: readonly Parameter[]
      readonly call: Expression
      readonly body: readonly Statement[]
    }
  | { readonly type: 'filter-block'; readonly filter: Expression; readonly body: readonly Statement[] }
  | { readonly type: 'block'; readonly name: string; readonly body: readonly Statement[] }
  | { readonly type: 'do'; readonly expression: Expression }
  | { readonly type: 'scope'; readonly body: readonly Statement[] }
  /** `include`, `import`, `extends`: there is nothing to load from. */
  | { readonly type: 'load' }
