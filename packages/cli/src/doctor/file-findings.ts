import type { FileInspection } from '@sqlite-efs/database'
import { formatBytes } from '../terminal/format.js'
import { type Finding, finding } from './finding.js'

/** What is known beside the file itself. */
export interface Surroundings {
  /** On a file system that several hosts have mounted. */
  isShared: boolean
  /** Whether somebody has the lease and is alive; undefined where that is not known. */
  isHeld: boolean | undefined
}

/** What the file and what stands beside it tell. */
export function fileFindings(file: FileInspection, surroundings: Surroundings): Finding[] {
  const { path, state } = file
  if (state === 'missing') {
    return [
      finding(
        'file',
        'error',
        `There is no database at ${path}.`,
        'Look at the path and at the mount; or apply the migrations: sqlite-efs migrate deploy.',
      ),
    ]
  }
  if (state === 'empty') {
    return [
      finding(
        'file',
        'error',
        `${path} is empty: beside an empty file SQLite deletes the journal, and on NFS a killed writer's is overlooked then.`,
        'Delete it while nobody has it open, and have the migrations make it: sqlite-efs migrate deploy.',
      ),
    ]
  }
  return [
    finding('file', 'ok', `${path} is a SQLite database.`),
    ...sizeFindings(file),
    ...journalModeFindings(file),
    ...walFindings(file),
    journalFinding(file, surroundings),
    ...fenceFindings(file),
  ]
}

function sizeFindings(file: FileInspection): Finding[] {
  const { path, header, sizeBytes, missingBytes, journal } = file
  const unread = finding(
    'content',
    'note',
    'Only the header was read, and none of the pages.',
    'To have all of them checked, while writers go on: sqlite-efs check',
  )
  if (!header || journal === 'hot-or-live') return [unread]
  const { pages = 1, pageSize } = header
  const wantedBytes = pages * pageSize
  if (missingBytes !== undefined) {
    const what = `${path} ends too early: its header counts ${pages} pages of ${pageSize} bytes (${wantedBytes} bytes), and it has ${sizeBytes}. What was behind that is lost.`
    const wayOut =
      'Stop the writers, and restore a snapshot: docs/operations.md, "The file is damaged". What is damaged: sqlite-efs check'
    return [finding('size', 'error', what, wayOut), unread]
  }
  if (header.pages !== undefined && sizeBytes > wantedBytes) {
    const what = `${path} is ${formatBytes(sizeBytes - wantedBytes)} longer than its content, which does no harm.`
    return [finding('size', 'note', what, 'To give that back: sqlite-efs vacuum'), unread]
  }
  return [finding('size', 'ok', `The file is as long as its header says: ${pages} pages.`), unread]
}

function journalModeFindings({ path, header }: FileInspection): Finding[] {
  if (!header) {
    return [
      finding(
        'journal-mode',
        'note',
        'The header could not be read without a lock: somebody may be committing.',
        'Ask again.',
      ),
    ]
  }
  if (header.journalMode === 'rollback') return [finding('journal-mode', 'ok', 'A rollback journal, not WAL.')]
  const wayOut = `Close every program that uses it, then run once: sqlite3 ${path} 'PRAGMA journal_mode=DELETE'`
  return [
    finding(
      'journal-mode',
      'error',
      'WAL mode, which does not work over a network file system: this library refuses the file.',
      wayOut,
    ),
  ]
}

function walFindings({ path, walBytes, shmBytes, header }: FileInspection): Finding[] {
  const left = [walBytes !== undefined && `${path}-wal`, shmBytes !== undefined && `${path}-shm`].filter(Boolean)
  if (left.length === 0) return [finding('wal-leftovers', 'ok', 'No -wal or -shm file beside it.')]
  if (header?.journalMode === 'wal') {
    const what = `${left.join(' and ')}: the newest transactions may be in there alone.`
    return [finding('wal-leftovers', 'error', what, 'Keep them with the file until its journal mode is changed.')]
  }
  const what = `${left.join(' and ')} are left from a time in WAL mode.`
  return [
    finding(
      'wal-leftovers',
      'warning',
      what,
      'Find the program that opened the file in WAL mode; then move them away, while nobody has the file open.',
    ),
  ]
}

function journalFinding({ path, journal, header }: FileInspection, { isShared, isHeld }: Surroundings): Finding {
  if (journal === 'cold') return finding('journal', 'ok', 'The journal is in place, and not hot.')
  if (journal === 'hot-or-live') {
    if (isHeld !== false)
      return finding(
        'journal',
        'note',
        'The journal belongs to a writer at work, or to one that died: somebody holds the lease.',
        'Ask again when nobody does.',
      )
    return finding(
      'journal',
      'warning',
      'A hot journal and nobody with the lease: a writer died in its COMMIT.',
      'Nothing: who reads or writes next rolls it back, under the lease. Keep the journal with the file until then.',
    )
  }
  const name = journal === 'empty' ? 'empty' : 'missing'
  if (!header?.isFenced) {
    return finding(
      'journal',
      'note',
      `${path}-journal is ${name}, and the file was never written under the lease.`,
      'Nothing: who opens it puts the journal in place.',
    )
  }
  const mode = journal === 'empty' ? 'TRUNCATE' : "DELETE, SQLite's default,"
  const what = `${path}-journal is ${name}: a program in journal mode ${mode} wrote the file. On NFS another host then overlooks what a killed writer left, and the file is corrupted.`
  const wayOut =
    "Find that program (the sqlite3 shell, Prisma's own engine, a backup), and have it run PRAGMA journal_mode=PERSIST under sqlite-efs run. The next writer puts the journal back."
  return finding('journal', isShared ? 'error' : 'warning', what, wayOut)
}

function fenceFindings({ header }: FileInspection): Finding[] {
  if (!header) return []
  const { isFenced, userVersion, applicationId } = header
  if (isFenced)
    return [
      finding('fence', 'ok', `The fence is in the header: the last writer had ticket ${userVersion} (modulo 2^31).`),
    ]
  if (userVersion === 0 && applicationId === 0) {
    return [
      finding('fence', 'note', 'No fence yet: nobody has written the file under the lease. The first write stores it.'),
    ]
  }
  const what = `The header's user_version (${userVersion}) and application_id (${applicationId}) are somebody else's: there is no room for the fence, and the first write is refused.`
  return [
    finding(
      'fence',
      'error',
      what,
      "Set both to 0 where they mean nothing to you; or give up the fence with fencing: 'off'.",
    ),
  ]
}
