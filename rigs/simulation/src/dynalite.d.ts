declare module 'dynalite/db/updateParser.js' {
  const parser: import('./expressions.js').Parser
  export default parser
}

declare module 'dynalite/db/conditionParser.js' {
  const parser: import('./expressions.js').Parser
  export default parser
}

declare module 'dynalite/actions/updateItem.js' {
  /** Evaluates the condition, then the update. */
  const updateItem: (
    store: object,
    data: object,
    callback: (
      error: Error | null,
      value?: { Attributes?: Record<string, import('@sqlite-efs/lease/internal').Attribute> },
    ) => void,
  ) => void
  export default updateItem
}
