import { accessSync, mkdirSync, rmdirSync, rmSync } from 'node:fs'

export const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code

/** Undefined where a file or folder is not there. */
export function unlessMissing<T>(action: () => T): T | undefined {
  try {
    return action()
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** @throws what keeps it from being found out: an error is no answer */
export const isThere = (path: string): boolean =>
  unlessMissing(() => {
    accessSync(path)
    return true
  }) ?? false

/** Not the folders above it: where those are missing, something else is wrong, a mount say. */
export function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
}

export function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory)
  } catch {
    // It holds other keys' lines, or is gone.
  }
}

/** A file or a folder that may not be there. Never throws. */
export function removeQuietly(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true })
  } catch {
    // It is left, and in nobody's way.
  }
}
