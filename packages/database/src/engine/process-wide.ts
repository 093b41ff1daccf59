/**
 * A value that there is once in a process, also where this package is loaded twice: hence on `globalThis`.
 *
 * @param name registered by `Symbol.for`, with a version of what it holds
 */
export function processWide<T>(name: symbol, make: () => T): T {
  const holder = globalThis as Record<symbol, unknown>
  holder[name] ??= make()
  return holder[name] as T
}
