import { fchmodSync, statSync } from 'node:fs'

/**
 * Mode of a database file; undefined where there is none. What is made beside it holds its pages: the same users may read it, and those who
 * may write the database must be able to write its journal.
 */
export const modeOf = (path: string): number | undefined => {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats && stats.mode & 0o777
}

/**
 * Gives a mode to a file that was opened with it: the umask may have taken something from it. Where the file system refuses, the file is
 * less accessible, never more. Its owner is SQLite's affair: as root, it gives a journal to the database's owner when it opens one.
 */
export function giveMode(descriptor: number, mode: number): void {
  try {
    fchmodSync(descriptor, mode)
  } catch {
    // As said above.
  }
}

/** Mode of a copy of the database: no user may read it that may not read the database. */
export const modeOfCopy = (path: string): number => modeOf(path) ?? 0o666
