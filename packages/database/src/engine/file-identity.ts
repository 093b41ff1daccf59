import { statSync } from 'node:fs'

/**
 * Which file stands at a path: another one after a rename over it, none after it was deleted. An NFS client answers from
 * memory for as long as it believes in what it knows of the folder (`acdirmax`, a minute by default).
 */
export function identityOf(path: string): string | undefined {
  try {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
    return stats && `${stats.dev}:${stats.ino}`
  } catch {
    // Whoever opens it will be told why.
    return undefined
  }
}
