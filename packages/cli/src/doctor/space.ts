import { accessSync, constants, statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { temporaryFolder } from '@sqlite-efs/database/internal'
import { formatBytes } from '../terminal/format.js'
import { type Finding, finding } from './finding.js'

/**
 * Whether this user may write where SQLite has to.
 *
 * @param mayUse - only tests give another one
 */
export function folderFindings(path: string, mayUse = hasAccess): Finding[] {
  const folder = dirname(path)
  const stats = statSync(folder, { throwIfNoEntry: false })
  if (!stats?.isDirectory()) {
    return [
      finding('folder', 'error', `There is no folder ${folder}.`, 'Mount the file system first, or correct the path.'),
    ]
  }
  const owner = `uid ${stats.uid}, gid ${stats.gid}, mode ${(stats.mode & 0o7777).toString(8)}`
  const findings = [
    mayUse(folder, constants.R_OK | constants.W_OK | constants.X_OK)
      ? finding('folder', 'ok', `${folder} (${owner}) can be written by this user.`)
      : finding(
          'folder',
          'error',
          `${folder} (${owner}) can't be written by this user, uid ${process.getuid?.()}: SQLite needs its journal beside the database, for readers too.`,
          "Let this user own it; on EFS, by the access point's user.",
        ),
  ]
  if (statSync(path, { throwIfNoEntry: false }) && !mayUse(path, constants.R_OK | constants.W_OK)) {
    findings.push(
      finding(
        'file-access',
        'error',
        `${path} can't be read and written by this user, uid ${process.getuid?.()}.`,
        'Give it to the user that the application runs as.',
      ),
    )
  }
  return findings
}

/**
 * Room for what `restore` and `vacuum` write.
 *
 * @param free - only tests give another one
 */
export function spaceFindings(path: string, sizeBytes: number, free = freeBytes): Finding[] {
  return [
    ...spaceFinding('space', { folder: dirname(path), bytes: 2 * sizeBytes, purpose: 'a vacuum or a restore' }, free),
    ...spaceFinding('temporary-space', { folder: temporaryFolder(), bytes: sizeBytes, purpose: 'a vacuum' }, free),
  ]
}

/** What may be written to a folder. */
interface Demand {
  folder: string
  bytes: number
  purpose: string
}

function spaceFinding(check: string, { folder, bytes, purpose }: Demand, freeBytesIn: typeof freeBytes): Finding[] {
  const free = freeBytesIn(folder)
  if (free === undefined) return []
  const what = `${formatBytes(free)} are free in ${folder}; ${purpose} may take ${formatBytes(bytes)}.`
  if (free >= bytes) return [finding(check, 'ok', what)]
  return [finding(check, 'warning', what, 'Make room there before you need it.')]
}

function freeBytes(folder: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize
  } catch {
    return undefined
  }
}

function hasAccess(path: string, mode: number): boolean {
  try {
    accessSync(path, mode)
    return true
  } catch {
    return false
  }
}
