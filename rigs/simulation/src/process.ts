import type { Transaction } from '../../../packages/database/src/contract/database.js'
import { Listeners } from '../../../packages/database/src/contract/events.js'
import { FreezeDetector } from '../../../packages/database/src/file/freeze-detector.js'
import type { LockWait } from '../../../packages/database/src/file/retry-while-busy.js'
import { LastingReaders } from '../../../packages/database/src/read/lasting-readers.js'
import { KindCache } from '../../../packages/database/src/sql/kind-cache.js'
import { ImmediateTransaction } from '../../../packages/database/src/transaction/immediate-transaction.js'
import { runScript } from '../../../packages/database/src/transaction/script.js'
import { groupCommit, type Write } from '../../../packages/database/src/write/group-commit.js'
import { LeaseKeeper } from '../../../packages/database/src/write/lease-keeper.js'
import { WriteQueue } from '../../../packages/database/src/write/write-queue.js'
import { TurnIsOver, type WriteTurn } from '../../../packages/database/src/write/write-turn.js'
import { Writer } from '../../../packages/database/src/write/writer.js'
import type { LeaserOptions } from '../../../packages/lease/src/contract/options.js'
import type { Lease } from '../../../packages/lease/src/index.js'
import type { Actor, CommitFate } from './actor.js'
import { INSERT, SimulatedConnection } from './connection.js'
import type { SimulatedFile } from './file.js'
import type { Machine } from './machine.js'
import { observedLeaser } from './observed-leaser.js'

export const KEY = 'database#/mnt/efs/simulated.db'

export interface ProcessOptions
  extends Pick<Actor, 'commitMs' | 'commitFate' | 'readByStrangerMs' | 'blockingMs' | 'statementMs'> {
  machine: Machine
  file: SimulatedFile
  lease: Pick<Required<LeaserOptions>, 'ttlMs' | 'maxClockSkewMs' | 'requestTimeoutMs' | 'random'>
  maxHoldMs: number
  release: 'background' | 'before-answer'
  granted(process: Process, lease: Lease): void
}

/** One process: the queue, the tenure and the writer of the database package, put together as `LeasedFile` does. */
export class Process implements Actor {
  readonly machine: Machine
  readonly connections = new Set<SimulatedConnection>()
  /** What was granted and may not be over yet. */
  leases: Lease[] = []
  /** The ticket of the last lease. */
  token = 0
  readonly #options: ProcessOptions
  readonly #kindCache = new KindCache()
  readonly #queue: WriteQueue<Write>

  constructor(options: ProcessOptions) {
    const { machine, file, maxHoldMs, release } = options
    this.machine = machine
    this.#options = options
    const { path } = file
    const clock = machine
    const freeze = new FreezeDetector(clock)
    const noticeFreeze = () => {
      if (freeze.thawed()) writer.discardWhenOver()
    }
    const nothingToRead = () => {
      throw new Error('Reads are not simulated')
    }
    const lockWait = () => this.#lockWait()
    const readers = new LastingReaders({ clock, open: nothingToRead, lockWait, noticeFreeze })
    const writer: Writer = new Writer({
      path,
      fencing: 'user_version',
      readers,
      lockWait,
      noticeFreeze,
      open: () => new SimulatedConnection(file, this),
      keepJournal: () => false,
      closeWindow: () => {},
      monotonicMs: () => clock.monotonicMs(),
      listeners: new Listeners(),
    })
    const leaser = observedLeaser(machine.leaser(options.lease), (lease) => {
      this.leases.push(lease)
      this.token = lease.token
      options.granted(this, lease)
    })
    this.#queue = new WriteQueue<Write>({
      path,
      clock,
      release,
      writer,
      leaseKeeper: new LeaseKeeper({ leaser, key: KEY, clock, maxHoldMs, owner: machine.name }),
      runGroup: groupCommit,
      explainBusy: async (error) => error,
      beforeWaiting: () => {},
      nextTick: () => this.freed(),
    })
  }

  /** Writes one row; with others that wait, in one transaction. */
  write(row: string, timeoutMs: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const write: Write = { sql: INSERT, args: [row], resolve, reject }
      this.#queue.add({
        what: 'a write',
        timeoutOption: 'lease.timeoutMs',
        timeoutMs,
        groupable: write,
        fail: reject,
      })
    })
  }

  /** Runs statements, one after the other, in a transaction of their own that lets the event loop go on. */
  script(rows: readonly string[], timeoutMs: number): Promise<void> {
    const sql = rows.map((row) => INSERT.replace('?', `'${row}'`)).join(';')
    return new Promise((resolve, reject) => {
      this.#queue.add({
        what: 'a script',
        timeoutOption: 'lease.timeoutMs',
        timeoutMs,
        fail: reject,
        run: async (turn) => {
          try {
            await runScript(sql, turn, { path: this.#options.file.path, pragmas: {} })
            return () => resolve()
          } catch (error) {
            if (error instanceof TurnIsOver) throw error
            turn.writer.rollback()
            return () => reject(error)
          }
        },
      })
    })
  }

  /** Begins a transaction: it has the lease and the write lock until it ends. */
  begin(timeoutMs: number): Promise<Transaction> {
    const context = { path: this.#options.file.path, kindCache: this.#kindCache }
    return new Promise((resolve, reject) => {
      this.#queue.add({
        what: 'a transaction',
        timeoutOption: 'lease.transactionTimeoutMs',
        timeoutMs,
        fail: reject,
        run: async (turn: WriteTurn) => {
          try {
            await turn.begin({ mayOnlyRead: true })
          } catch (error) {
            if (error instanceof TurnIsOver) throw error
            return () => reject(error)
          }
          return new Promise((end) => resolve(new ImmediateTransaction(context, turn, end)))
        },
      })
    })
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.machine.after(ms, resolve))
  }

  /** Until its thread is free. */
  freed(): Promise<void> {
    return new Promise((resolve) => this.machine.soon(resolve))
  }

  commitMs(): number {
    return this.#options.commitMs()
  }

  commitFate(): CommitFate {
    return this.#options.commitFate()
  }

  readByStrangerMs(): number {
    return this.#options.readByStrangerMs()
  }

  blockingMs(): number {
    return this.#options.blockingMs()
  }

  statementMs(): number {
    return this.#options.statementMs()
  }

  note(what: string): void {
    this.machine.note(what)
  }

  /** Whether any of its leases lasts, by its own clocks. */
  get holds(): boolean {
    if (this.leases.length === 0) return false
    this.leases = this.leases.filter((lease) => lease.remainingMs() > 0)
    return this.leases.length > 0
  }

  die(): void {
    this.machine.kill()
    this.#options.file.tear(this)
    this.leases = []
  }

  /** The file server gave them to others while it was silent. */
  loseLocks(): void {
    for (const connection of this.connections) connection.loseLocks()
  }

  dropLocks(): void {
    for (const connection of this.connections) this.#options.file.release(connection)
  }

  #lockWait(): LockWait {
    const { file, lease, machine } = this.#options
    const timeoutMs = lease.ttlMs
    return {
      path: file.path,
      clock: machine,
      timeoutMs,
      random: lease.random,
      onTimeout: (waitedMs) => `The simulated file stayed locked for ${Math.round(waitedMs)} ms`,
    }
  }
}
