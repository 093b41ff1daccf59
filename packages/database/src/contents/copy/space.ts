import { accessSync, constants, statfsSync, statSync } from 'node:fs'
import { DatabaseError } from '../../contract/errors.js'
import { FULL, NOMEM, withTypedErrors } from '../../engine/sqlite-error.js'

/** Bytes that will be written to a folder. */
export interface Demand {
  folder: string
  bytes: number
}

/** What a file system has for this user, and which one it is. */
export type FreeSpace = (folder: string) => { free: number; device: number | bigint }

function freeSpaceOf(folder: string): ReturnType<FreeSpace> {
  const { bavail, bsize } = statfsSync(folder)
  return { free: bavail * bsize, device: statSync(folder).dev }
}

/**
 * Whether there is room for what will be written. Folders of one file system share its space.
 *
 * @param freeSpace only tests give another one
 * @throws DatabaseError `SQLITE` (database or disk is full) naming the folder and what is missing
 */
export function checkSpace(path: string, what: string, demands: readonly Demand[], freeSpace: FreeSpace = freeSpaceOf) {
  const wanted = new Map<number | bigint, Demand & { free: number }>()
  for (const { folder, bytes } of demands) {
    const { free, device } = withTypedErrors(path, () => freeSpace(folder))
    const before = wanted.get(device)
    wanted.set(device, { folder: before?.folder ?? folder, free, bytes: bytes + (before?.bytes ?? 0) })
  }
  for (const { folder, bytes, free } of wanted.values()) {
    if (bytes <= free) continue
    throw new DatabaseError(
      'SQLITE',
      `There is no room for ${what} of ${path}: ${folder} has ${free} bytes free, and ${bytes} are needed. Make room, and try again.`,
      { path, extendedCode: FULL },
    )
  }
}

/**
 * Whether there is memory for so many bytes.
 *
 * @param available only tests give another one
 * @throws DatabaseError `SQLITE` (out of memory)
 */
export function checkMemory(path: string, what: string, bytes: number, available = process.availableMemory()) {
  if (bytes <= available) return
  throw new DatabaseError(
    'SQLITE',
    `There is no memory for ${what} of ${path}: ${available} bytes are available to this process, and ${bytes} are needed, for all that changes is kept in memory until COMMIT. Do it on a machine, or in a function, with more.`,
    { path, extendedCode: NOMEM },
  )
}

/** Where SQLite puts its temporary files, a VACUUM's among them: https://www.sqlite.org/tempfiles.html#temporary_file_storage_locations */
export function temporaryFolder(): string {
  const candidates = [process.env['SQLITE_TMPDIR'], process.env['TMPDIR'], '/var/tmp', '/usr/tmp', '/tmp']
  return candidates.find((folder) => folder !== undefined && isWritableFolder(folder)) ?? '.'
}

function isWritableFolder(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
    return statSync(folder).isDirectory()
  } catch {
    return false
  }
}
