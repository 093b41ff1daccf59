/** Resolves when what is under way in the event loop has had its turn. */
export const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))
