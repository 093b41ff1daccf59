import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folders = new Set<string>()
let isWatching = false

const removeFolder = (folder: string) => {
  folders.delete(folder)
  rmSync(folder, { recursive: true, force: true })
}

const removeAll = () => {
  for (const folder of folders) removeFolder(folder)
}

/**
 * A path that nobody else knows, for a database that stands for `:memory:`: one connection's memory can't be shared by
 * readers and a writer. Gone when it is removed, or with the process, unless that is killed.
 */
export function memoryDatabase(): { path: string; remove(): void } {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'sqlite-efs-memory-')))
  if (!isWatching) process.once('exit', removeAll)
  isWatching = true
  folders.add(folder)
  return { path: join(folder, 'memory.db'), remove: () => removeFolder(folder) }
}
