/** How far an operation on the whole content of a file is. */
export interface ContentProgress {
  /** What is being done. Which of them there are, and how often, depends on the operation and on who writes meanwhile. */
  phase: 'checking' | 'converting' | 'copying' | 'growing' | 'writing' | 'committing' | 'vacuuming' | 'verifying'
  /** Pages that are done in this phase; 0 where it can't be told before its end. A copy that starts anew begins at 0 again. */
  donePages: number
  /** Pages that this phase has to do. */
  pages: number
}

/** Options of `snapshot`, `restore`, `vacuum` and `checkCopy`. */
export interface ContentOptions {
  /** Hears how far it is. What it throws is ignored. */
  onProgress?: (progress: ContentProgress) => void
  /** How long to wait for the turn to write, in milliseconds. @default the database's `timeoutMs` */
  timeoutMs?: number
}

/** What `snapshot` made. */
export interface SnapshotResult {
  /** The new file. */
  path: string
  /** Its pages (https://www.sqlite.org/fileformat2.html#pages). */
  pages: number
  /** Its size in bytes. */
  bytes: number
  /** How many rows each table has; virtual tables are counted by the tables that they keep their content in. */
  rows: Record<string, number>
  /** The last writer's ticket modulo 2^31; undefined where the file is not fenced. */
  fence: number | undefined
  /** How often it was begun: somebody's commit makes it start anew. */
  tries: number
  /** Whether the last try was made under the lease, so that no process could commit meanwhile. */
  heldLease: boolean
}

/** Something that `checkCopy` found. */
export interface CheckProblem {
  /**
   * `integrity`: a page, a row or an index is damaged (https://www.sqlite.org/pragma.html#pragma_integrity_check). `foreign-key`: rows
   * point to rows that are not there (https://www.sqlite.org/pragma.html#pragma_foreign_key_check).
   */
  kind: 'integrity' | 'foreign-key'
  /** The problem in words, SQLite's own where it has some. */
  what: string
}

/** Result of `checkCopy`. */
export interface CheckResult {
  /** The database. */
  path: string
  /** The pages that were checked, or should have been. */
  pages: number
  /** Their size in bytes; the file's size where it could not be read. */
  bytes: number
  /** Empty where nothing is wrong. At most a hundred of `integrity`; those of `foreign-key` are counted by table. */
  problems: CheckProblem[]
  /** How often the copy was begun: somebody's commit makes it start again. */
  tries: number
  /** Whether the last try was made under the lease, so that no process could commit meanwhile. */
  heldLease: boolean
}

/** What `restore` did. */
export interface RestoreResult {
  /** The database, which has the content of the source now. */
  path: string
  /** The content that it had before: a database file beside it. */
  keptAt: string
  /** The database's pages now. */
  pages: number
  /** Its content's size in bytes now. */
  bytes: number
  /** How many rows each table has, as in {@link SnapshotResult.rows}. */
  rows: Record<string, number>
  /** The ticket under which it was written, modulo 2^31; undefined where the file is not fenced. */
  fence: number | undefined
}

/** What `vacuum` did. */
export interface VacuumResult {
  /** The file's size in bytes before. */
  bytesBefore: number
  /** The file's size in bytes now. */
  bytesAfter: number
}

/** What the body of `hold` is given. */
export interface LeaseHandle {
  /** The ticket of the lease: every later holder has a larger one. */
  token: number
  /** Aborted, with a `LeaseError` as its reason, as soon as it is known that the lease is lost: whoever writes has to stop. */
  signal: AbortSignal
}

/** Options of `hold`. */
export interface HoldOptions {
  /** How long to wait for the turn, in milliseconds. @default the database's `timeoutMs` */
  timeoutMs?: number
}
