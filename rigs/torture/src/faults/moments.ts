import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs'

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

interface FileLock {
  pid: number
  isWrite: boolean
  first: number
  last: number
}

/** Every lock that is held on a file; nobody who waits for one. */
function locksOn(path: string): FileLock[] {
  const inode = statSync(path).ino
  return readFileSync('/proc/locks', 'utf8')
    .split('\n')
    .flatMap((line) => {
      // 1: POSIX  ADVISORY  WRITE 28478 fe:00:2146365 1073741825 1073741825
      const match = /^\d+: POSIX\s+ADVISORY\s+(READ|WRITE) (\d+) \S+:(\d+) (\d+) (\d+|EOF)/.exec(line)
      if (!match || Number(match[3]) !== inode) return []
      const last = match[5] === 'EOF' ? Number.POSITIVE_INFINITY : Number(match[5])
      return [{ pid: Number(match[2]), isWrite: match[1] === 'WRITE', first: Number(match[4]), last }]
    })
}

/** The process that has SQLite's write lock: it is in a write transaction, or rolls one back that somebody else left. */
export function writerOf(databasePath: string): number | undefined {
  const isWriters = ({ isWrite, first, last }: FileLock) => isWrite && first <= RESERVED_BYTE && PENDING_BYTE <= last
  return locksOn(databasePath).find(isWriters)?.pid
}

/** Whether a process has any of SQLite's locks: it reads, or writes. */
export const hasLock = (databasePath: string, pid: number): boolean =>
  locksOn(databasePath).some((lock) => lock.pid === pid)

/** Whether a process is gone, or only its exit code is left. */
export const isDead = (pid: number): boolean => /[ZX]/.test(stateOf(pid))

/** Whether SIGSTOP has come to all of its threads. */
export function isStopped(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).every((thread) => stateOf(`${pid}/task/${thread}`) === 'T')
  } catch {
    return false
  }
}

/** A letter, of proc(5); X where there is no such process. */
function stateOf(process: number | string): string {
  try {
    return /\) (\S)/.exec(readFileSync(`/proc/${process}/stat`, 'utf8'))?.[1] ?? 'X'
  } catch {
    return 'X'
  }
}
