import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs'

// What an outsider on the same machine can see of a writer, on Linux.

// https://www.sqlite.org/fileformat2.html#the_rollback_journal
const MAGIC = Buffer.from('d9d505f920a163d7', 'hex')
// os_unix.c of SQLite: who writes has RESERVED; who rolls a hot journal back has PENDING, without it.
const PENDING_BYTE = 0x40000000
const RESERVED_BYTE = PENDING_BYTE + 1

/**
 * Whether a journal is hot, or its writer is in the middle of COMMIT: SQLite writes the magic when it has synced the
 * journal, and removes it when the transaction is in the file.
 */
export function isInCommit(databasePath: string): boolean {
  let file: number
  try {
    file = openSync(`${databasePath}-journal`, 'r')
  } catch {
    return false
  }
  try {
    const start = Buffer.alloc(MAGIC.length)
    readSync(file, start, 0, MAGIC.length, 0)
    return start.equals(MAGIC)
  } finally {
    closeSync(file)
  }
}

/** The process that has SQLite's write lock: it is in a write transaction, or rolls one back that somebody else left. */
export function writerOf(databasePath: string): number | undefined {
  const inode = statSync(databasePath).ino
  for (const line of readFileSync('/proc/locks', 'utf8').split('\n')) {
    // 1: POSIX  ADVISORY  WRITE 28478 fe:00:2146365 1073741825 1073741825
    const match = /WRITE (\d+) \S+:(\d+) (\d+) (\d+|EOF)/.exec(line)
    if (!match || Number(match[2]) !== inode) continue
    const end = match[4] === 'EOF' ? Number.POSITIVE_INFINITY : Number(match[4])
    if (Number(match[3]) <= RESERVED_BYTE && PENDING_BYTE <= end) return Number(match[1])
  }
  return undefined
}

/** Whether a process is gone, or only its exit code is left. */
export function isDead(pid: number): boolean {
  try {
    return / [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/\(.*\)/, ''))
  } catch {
    return true
  }
}
