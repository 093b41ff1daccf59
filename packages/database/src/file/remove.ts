import { rmSync } from 'node:fs'

/**
 * Deletes a temporary file or folder, where it is there. Never throws: the outcome of what it was for is settled already, and must not
 * be hidden by this one. `sqlite-efs doctor` names what is left.
 */
export function removeQuietly(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true })
  } catch {
    // See above.
  }
}
