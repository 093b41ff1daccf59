import { LocalLeaser } from '@sqlite-efs/lease'
import { onTestFinished } from 'vitest'
import { DatabaseError } from '../../src/contract/errors.js'
import { type DatabaseEvent, Listeners } from '../../src/contract/events.js'
import type { SqlValue } from '../../src/contract/values.js'
import { Connection } from '../../src/engine/connection.js'
import { EventLoop } from '../../src/engine/event-loop.js'
import { FreezeDetector } from '../../src/file/freeze-detector.js'
import { LastingReaders } from '../../src/read/lasting-readers.js'
import { mergePragmas } from '../../src/sql/pragmas.js'
import { LeaseKeeper } from '../../src/write/lease-keeper.js'
import type { WriteTransaction } from '../../src/write/write-transaction.js'
import { WriteTurn, type WriteTurnContext } from '../../src/write/write-turn.js'
import { WriterConnection } from '../../src/write/writer-connection.js'
import { WatchedLeaser } from './leasers.js'
import { ManualClock, passUntil } from './manual-clock.js'
import { isLocked, outsider } from './outsider.js'
import { RecordingTracer } from './recording-tracer.js'
import { scratchPath } from './scratch.js'

/** How long BEGIN waits for a locked file. */
export const BEGIN_WAIT_MS = 60
/** How long everything else waits for it. */
export const LOCK_WAIT_MS = 100

/** An error of SQLite's, as a connection throws it. */
export const sqliteError = (extendedCode: number) => new DatabaseError('SQLITE', 'met', { extendedCode })

/** SQLite, but for what happens before some of its statements. */
class WatchedConnection extends Connection {
  readonly statements: string[] = []
  before: (sql: string, connection: WatchedConnection) => void = () => {}
  doubts: DatabaseError | undefined

  override get doubt(): DatabaseError | undefined {
    return this.doubts ?? super.doubt
  }

  override exec(sql: string): void {
    // The constructor has its own.
    this.statements?.push(sql)
    this.before?.(sql, this)
    super.exec(sql)
  }

  override run(sql: string, args?: readonly SqlValue[]) {
    this.before(sql, this)
    return super.run(sql, args)
  }

  override value(sql: string) {
    this.before?.(sql, this)
    return super.value(sql)
  }
}

/** Whose turn it is. */
interface TurnFor {
  waitedMs?: number
  /** The names of those that are traced. */
  traces?: readonly string[]
}

/** What writes a file with one table, under a lease on a clock that stands still. */
export async function writerOfFile({ fencing = 'user_version' as 'user_version' | 'off' } = {}) {
  const path = scratchPath()
  const other = outsider(path)
  other.exec('CREATE TABLE entry (n INTEGER PRIMARY KEY)')
  const clock = new ManualClock()
  const leaser = new WatchedLeaser(new LocalLeaser({ clock }))
  const leaseKeeper = new LeaseKeeper({ leaser, key: `database#${path}`, clock, maxHoldMs: 250 })
  const lease = await leaseKeeper.take(() => 60_000)
  const opened: WatchedConnection[] = []
  const events: DatabaseEvent[] = []
  const listeners = new Listeners()
  listeners.add((event) => events.push(event))
  let keptJournals = 0
  const faults = { before: (_sql: string, _connection: WatchedConnection) => {}, isJournalGone: false }
  const lockWait = () => ({
    path,
    clock,
    random: () => 0,
    timeoutMs: LOCK_WAIT_MS,
    onTimeout: (ms: number) => `${ms} ms`,
  })
  const freeze = new FreezeDetector(clock)
  const readers = new LastingReaders({
    clock,
    open: () => new Connection({ path, mode: 'read-only', pragmas: mergePragmas() }),
    lockWait,
    freeze,
  })
  const connection = new WriterConnection({
    open: () => {
      const watched = new WatchedConnection({ path, mode: 'read-write', pragmas: mergePragmas() })
      watched.before = (sql) => faults.before(sql, watched)
      opened.push(watched)
      return watched
    },
    freeze,
  })
  const tracer = new RecordingTracer()
  const context: WriteTurnContext = {
    path,
    clock,
    fencing,
    connection,
    readers,
    window: { closeWindow: () => {} },
    listeners,
    lockWait,
    keepJournal: () => {
      keptJournals++
      return faults.isJournalGone
    },
    tracer,
    eventLoop: new EventLoop(clock),
    freeze,
    leaseKeeper,
    explainBusy: async ({ message, details }) => new DatabaseError('BUSY', `explained: ${message}`, details),
  }
  const turnFor = ({ waitedMs = 0, traces = [] }: TurnFor = {}) =>
    new WriteTurn(context, lease, {
      lockWaitMs: () => BEGIN_WAIT_MS,
      waitedMs: () => waitedMs,
      traces: traces.map((name) => ({ name })),
    })
  onTestFinished(() => {
    faults.before = () => {}
    connection.discard()
    readers.discard()
  })
  return {
    path,
    clock,
    lease,
    leaser,
    leaseKeeper,
    connection,
    readers,
    opened,
    events,
    faults,
    other,
    tracer,
    keptJournals: () => keptJournals,
    /** Runs something before the next statement of that text, once. */
    onNext: (sql: string, happens: (connection: WatchedConnection) => void) => {
      faults.before = (met, watched) => {
        if (met !== sql) return
        faults.before = () => {}
        happens(watched)
      }
    },
    turnFor,
    /** Begins a transaction in a turn of its own. */
    begin: ({ mayOnlyRead, ...whose }: TurnFor & { mayOnlyRead?: boolean } = {}) =>
      turnFor(whose).begin(mayOnlyRead === undefined ? {} : { mayOnlyRead }),
    /** The process is frozen for long enough to be noticed, and for less than half of the lease. */
    thaw: () => {
      clock.freeze(1_001)
      freeze.look()
    },
    /** What another connection finds in the file; its locks are there too, if it is locked. */
    entries: () => (other.prepare('SELECT n FROM entry ORDER BY n').raw().all([]) as [number][]).map(([n]) => n),
    definitions: () => (other.prepare('SELECT sql FROM sqlite_schema').raw().all([]) as [string][]).map(([sql]) => sql),
    isLocked: () => isLocked(other),
    /** Lets time pass until the promise is settled. */
    passUntil: <T>(promise: Promise<T>) => passUntil(clock, promise),
  }
}

export const insert = (transaction: WriteTransaction, n: number) =>
  transaction.run('INSERT INTO entry VALUES (?)', [BigInt(n)], 'write')

/** A transaction with one row to commit. */
export async function withOneRow(options: Parameters<typeof writerOfFile>[0] = {}) {
  const file = await writerOfFile(options)
  const transaction = await file.begin({ waitedMs: 7 })
  insert(transaction, 1)
  return { ...file, transaction, commit: () => file.passUntil(transaction.commit()) }
}
