import type { Invocation, Transaction } from '@sqlite-efs/database'
import {
  EventLoop,
  FreezeDetector,
  InvocationScope,
  Invocations,
  KindCache,
  LastingReaders,
  LeaseKeeper,
  Listeners,
  type LockWait,
  noTracer,
  runScript,
  WriterConnection,
  WriteScheduler,
} from '@sqlite-efs/database/internal'
import type { Lease, LeaserOptions } from '@sqlite-efs/lease'
import type { Machine } from '../world/machine.js'
import type { Actor, CommitFate } from './actor.js'
import { INSERT, SimulatedConnection } from './connection.js'
import type { SimulatedFile } from './file.js'
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

/** One process: the scheduler of the database package with all that it schedules, on a simulated file. */
export class Process implements Actor {
  readonly machine: Machine
  readonly connections = new Set<SimulatedConnection>()
  /** What was granted and may not be over yet. */
  leases: Lease[] = []
  /** The ticket of the last lease. */
  token = 0
  readonly #options: ProcessOptions
  readonly #scheduler: WriteScheduler
  readonly #invocations: Invocations

  constructor(options: ProcessOptions) {
    const { machine, file, maxHoldMs, release } = options
    this.machine = machine
    this.#options = options
    const { path } = file
    const clock = machine
    const freeze = new FreezeDetector(clock)
    const scope = new InvocationScope()
    const lockWait = () => this.#lockWait(scope)
    const window = { closeWindow: () => {} }
    const leaser = observedLeaser(machine.leaser(options.lease), (lease) => {
      this.leases.push(lease)
      this.token = lease.token
      options.granted(this, lease)
    })
    const leaseKeeper = new LeaseKeeper({ leaser, key: KEY, clock, maxHoldMs, owner: machine.name })
    this.#scheduler = new WriteScheduler({
      path,
      clock,
      freeze,
      lockWait,
      leaseKeeper,
      release,
      window,
      fencing: 'user_version',
      eventLoop: new EventLoop(clock, () => this.freed()),
      readers: new LastingReaders({ clock, freeze, lockWait, open: nothingToRead }),
      connection: new WriterConnection({ freeze, open: () => new SimulatedConnection(file, this) }),
      opener: { allowedToCreate: (action) => action(), mustBeThere: () => {} },
      keepJournal: () => false,
      kindCache: new KindCache(),
      listeners: new Listeners(),
      tracer: noTracer,
      invocations: scope,
      explainBusy: async (error) => error,
    })
    this.#invocations = new Invocations({ path, clock, scope, scheduler: this.#scheduler, leaseKeeper, window })
  }

  /** Writes one row; with others that wait, in one transaction. */
  write(row: string, timeoutMs: number): Promise<unknown> {
    const wanted = { what: 'a write', timeoutOption: 'lease.timeoutMs', timeoutMs } as const
    return this.#scheduler.write({ sql: INSERT, args: [row] }, wanted)
  }

  /** Runs statements, one after the other, in a transaction of their own that lets the event loop go on. */
  script(rows: readonly string[], timeoutMs: number): Promise<void> {
    const sql = rows.map((row) => INSERT.replace('?', `'${row}'`)).join(';')
    const wanted = { what: 'a script', timeoutOption: 'lease.timeoutMs', timeoutMs } as const
    const { path } = this.#options.file
    return this.#scheduler.inTurn(wanted, (turn) => runScript(sql, turn, { path, pragmas: {} }))
  }

  /** Begins a transaction: it has the lease and the write lock until it ends. */
  begin(timeoutMs: number): Promise<Transaction> {
    return this.#scheduler.transaction(timeoutMs)
  }

  /** Begins an invocation of a Lambda function that has so much time. */
  invoke(forMs: number): Invocation {
    const endsAtMs = this.machine.monotonicMs() + forMs
    return this.#invocations.begin({ remainingMs: () => endsAtMs - this.machine.monotonicMs() }, async () => {})
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

  #lockWait(scope: InvocationScope): LockWait {
    const { file, lease, machine } = this.#options
    return {
      path: file.path,
      clock: machine,
      timeoutMs: scope.boundedMs(lease.ttlMs),
      random: lease.random,
      onTimeout: (waitedMs) => `The simulated file stayed locked for ${Math.round(waitedMs)} ms`,
    }
  }
}

function nothingToRead(): never {
  throw new Error('Reads are not simulated')
}
