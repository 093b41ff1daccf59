declare module 'dynalite/db/updateParser.js' {
  const parser: import('./expressions.js').Parser
  export default parser
}

declare module 'dynalite/db/conditionParser.js' {
  const parser: import('./expressions.js').Parser
  export default parser
}

declare module 'dynalite/actions/updateItem.js' {
  const updateItem: import('./table.js').UpdateItemAction
  export default updateItem
}
