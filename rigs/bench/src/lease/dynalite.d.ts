declare module 'dynalite/db/index.js' {
  /** In bytes, as DynamoDB counts them: names and values. */
  export const itemSize: (item: object) => number
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
