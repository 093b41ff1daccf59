declare module 'dynalite' {
  import type { Server } from 'node:http'

  const dynalite: (options?: { createTableMs?: number; deleteTableMs?: number; updateTableMs?: number }) => Server
  export default dynalite
}

declare module 'dynalite/db/index.js' {
  /** In bytes, as DynamoDB counts them: names and values. */
  export const itemSize: (item: object) => number
}

declare module 'dynalite/db/updateParser.js' {
  /** Puts the names and values in place as it parses. */
  export interface Parser {
    parse(expression: string, options: { context: object }): Tree
  }

  /** What a parser makes of an expression. */
  export type Tree = string | number | boolean | null | undefined | Tree[] | { [name: string]: Tree }

  const parser: Parser
  export default parser
}

declare module 'dynalite/db/conditionParser.js' {
  const parser: import('dynalite/db/updateParser.js').Parser
  export default parser
}

declare module 'dynalite/actions/updateItem.js' {
  type Attributes = Record<string, { S?: string | undefined; N?: string | undefined }>

  /** Evaluates the condition, then the update. */
  const updateItem: (
    store: object,
    data: object,
    callback: (error: Error | null, value?: { Attributes?: Attributes }) => void,
  ) => void
  export default updateItem
}

declare module 'dynalite/actions/putItem.js' {
  const putItem: typeof import('dynalite/actions/updateItem.js').default
  export default putItem
}

declare module 'dynalite/actions/deleteItem.js' {
  const deleteItem: typeof import('dynalite/actions/updateItem.js').default
  export default deleteItem
}

declare module 'dynalite/actions/getItem.js' {
  const getItem: typeof import('dynalite/actions/updateItem.js').default
  export default getItem
}
