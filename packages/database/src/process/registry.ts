import { DatabaseError } from '../contract/errors.js'
import type { DatabaseListener } from '../contract/events.js'
import { processWide } from '../engine/process-wide.js'
import type { CheckedOptions } from '../file/options.js'
import { LeasedFile } from './leased-file.js'

interface Entry {
  file: LeasedFile
  users: number
}

/** One line entry, one writer and one set of locks per process and file, however many adapters it has. */
const FILES = Symbol.for('@sqlite-efs/database.files@1')

const files = () => processWide(FILES, () => new Map<string, Entry>())

/**
 * Joins the others who use the file in this process.
 *
 * @throws DatabaseError `CONFIGURATION` when they use it with other settings
 */
export function joinFile(options: CheckedOptions): LeasedFile {
  const entry = files().get(options.path)
  if (!entry) {
    const file = new LeasedFile(options)
    file.listeners.add(options.onEvent)
    files().set(options.path, { file, users: 1 })
    return file
  }
  const shared = ['leaseKey', 'fencing', 'pragmas', 'maxHoldMs', 'release', 'vfs'] as const
  const other = shared.find((option) => JSON.stringify(entry.file.options[option]) !== JSON.stringify(options[option]))
  if (other) {
    throw new DatabaseError(
      'CONFIGURATION',
      `${options.path} is open in this process already, with another ${other} (${JSON.stringify(entry.file.options[other])}, not ${JSON.stringify(options[other])}): one process has one place in the line, so give both the same.`,
      { path: options.path, option: other },
    )
  }
  if (entry.file.options.leaser.name !== options.leaser.name) {
    const [one, other] = [entry.file.options.leaser.name, options.leaser.name]
    throw new DatabaseError(
      'CONFIGURATION',
      `${options.path} is open in this process already, with leases from ${one}, not ${other}: writers that stand in different lines do not exclude each other.`,
      { path: options.path, option: 'leaser' },
    )
  }
  entry.users++
  entry.file.listeners.add(options.onEvent)
  return entry.file
}

/** Leaves; the last one closes the file. */
export async function leaveFile(file: LeasedFile, listener: DatabaseListener | undefined): Promise<void> {
  const { path } = file.options
  file.listeners.remove(listener)
  const entry = files().get(path)
  if (entry?.file !== file) return
  entry.users--
  if (entry.users > 0) return
  files().delete(path)
  await file.close()
}
