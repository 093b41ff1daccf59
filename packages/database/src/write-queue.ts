import { type Clock, type Lease, Moment } from '@sqlite-efs/lease'
import { DatabaseError } from './errors.js'
import { isTimeout, type Tenure } from './tenure.js'
import { Superseded, type Writer } from './writer.js'

/** More than this many writes in one process that wait for their turn are refused: they would time out in memory. */
const MAX_WAITING = 10_000
/** So many writes share a commit at the most; the event loop is blocked for as long. */
const MAX_GROUP = 500
const MAX_SUPERSEDED = 5
/** The leaser's own timeout knows who holds the lease: it is heard first. */
const LEASER_SPEAKS_FIRST_MS = 50

/** Settles its caller's promise. Called when the turn is over, on Lambda after the release too. */
export type Answer = () => void

/** What a turn works with. */
export interface TurnOptions {
  tenure: Tenure
  writer: Writer
  /** Adds what the line knows to an error that says that the file stays locked. */
  explainBusy(error: DatabaseError): Promise<DatabaseError>
}

/** Somebody's turn to write. */
export class Turn {
  readonly writer: Writer
  readonly #tenure: Tenure
  readonly #remainingMs: () => number
  readonly #ttlMs: number | undefined
  readonly #explainBusy: (error: DatabaseError) => Promise<DatabaseError>
  #lease: Lease

  constructor(options: TurnOptions, lease: Lease, remainingMs: () => number, ttlMs?: number) {
    this.writer = options.writer
    this.#tenure = options.tenure
    this.#explainBusy = options.explainBusy
    this.#lease = lease
    this.#remainingMs = remainingMs
    this.#ttlMs = ttlMs
  }

  get lease(): Lease {
    return this.#lease
  }

  /**
   * Begins a transaction under the lease. The file has the last word on who is newest: where it knows a newer ticket, this
   * process stands in line again for a larger one. Nothing was run under the old one.
   */
  async begin(): Promise<void> {
    for (let tries = 0; ; tries++) {
      if (this.#lease.signal.aborted || this.#lease.remainingMs() <= 0) {
        this.#lease = await this.#tenure.take(this.#remainingMs, this.#ttlMs)
      }
      try {
        return await this.writer.begin(this.#lease)
      } catch (error) {
        if (error instanceof DatabaseError && error.code === 'BUSY') throw await this.#explainBusy(error)
        if (!(error instanceof Superseded)) throw error
        if (tries >= MAX_SUPERSEDED)
          throw this.writer.conflict(new Error('newer writers were found in the file again and again'))
        await this.#tenure.raise(error.floor)
        this.#lease = await this.#tenure.take(this.#remainingMs, this.#ttlMs)
      }
    }
  }

  commit(): Promise<void> {
    return this.writer.commit(this.#lease)
  }

  /** Between two statements that may take long: renews while there is time. */
  async stayAlive(): Promise<void> {
    if (this.#lease.remainingMs() > this.#lease.ttlMs / 2) return
    try {
      await this.#lease.renew()
    } catch (error) {
      throw this.writer.conflict(error)
    }
  }
}

/** Something that wants its turn. */
export interface Job<G = unknown> {
  /** How long it waits for its turn. */
  timeoutMs: number
  /** Asks for a longer lease than the usual. */
  ttlMs?: number | undefined
  /** What it is, in a message: "a transaction", say. */
  what: string
  /** Jobs with one can share a turn: see {@link WriteQueueOptions.runGroup}. */
  groupable?: G
  /** Uses the turn; the next one is given when the promise resolves. Never rejects. */
  run(turn: Turn): Promise<Answer>
  /** The turn did not come. */
  fail(error: unknown): void
}

interface Waiting<G> {
  job: Job<G>
  since: Moment
  cancelTimer(): void
}

/** What a queue works with. */
export interface WriteQueueOptions<G> extends TurnOptions {
  path: string
  clock: Clock
  release: 'background' | 'before-answer'
  runGroup(group: G[], turn: Turn): Promise<Answer>
  /** Nothing of this process may hold the file while it waits for the lease. */
  beforeWaiting(): void
}

/** Who wants to write in this process, first come first served; one at a time, under one lease. */
export class WriteQueue<G> {
  readonly #options: WriteQueueOptions<G>
  #waiting: Waiting<G>[] = []
  #pumping: Promise<void> | undefined
  #current: { what: string; since: Moment } | undefined

  constructor(options: WriteQueueOptions<G>) {
    this.#options = options
  }

  get isIdle(): boolean {
    return this.#pumping === undefined
  }

  /** Resolves when nobody waits and the lease is given back. */
  async idle(): Promise<void> {
    while (this.#pumping) await this.#pumping
    await this.#options.tenure.release()
  }

  /** Stands a job in line. */
  add(job: Job<G>): void {
    const { clock, path } = this.#options
    if (this.#waiting.length >= MAX_WAITING) {
      const message = `${MAX_WAITING} writes to ${path} wait in this process already: it asks for more than one file can take. Write less, or in larger transactions.`
      return job.fail(new DatabaseError('QUEUE_FULL', message, { path }))
    }
    const waiting: Waiting<G> = {
      job,
      since: new Moment(clock),
      cancelTimer: clock.after(job.timeoutMs + LEASER_SPEAKS_FIRST_MS, () => this.#expire()),
    }
    this.#waiting.push(waiting)
    this.#pumping ??= this.#pump()
  }

  /** How much longer anybody here would wait. */
  #patienceMs(): number {
    let longest = 0
    for (const { job, since } of this.#waiting) longest = Math.max(longest, job.timeoutMs - since.elapsedMs())
    return longest
  }

  async #pump(): Promise<void> {
    const { tenure, release, beforeWaiting } = this.#options
    // What is written in one turn of the event loop waits together.
    await nextTurn()
    while (this.#waiting.length > 0) {
      let lease: Lease
      try {
        beforeWaiting()
        lease = await tenure.take(() => this.#patienceMs(), this.#waiting[0]?.job.ttlMs)
      } catch (error) {
        this.#failAll(error)
        continue
      }
      const group = this.#next()
      const first = group[0]
      if (!first) continue
      this.#current = { what: first.what, since: new Moment(this.#options.clock) }
      const turn = new Turn(this.#options, lease, () => Math.max(first.timeoutMs, this.#patienceMs()), first.ttlMs)
      const answer = await (first.groupable === undefined
        ? first.run(turn)
        : this.#options.runGroup(
            group.flatMap(({ groupable }) => groupable ?? []),
            turn,
          ))
      this.#current = undefined
      if (release === 'before-answer') {
        if (this.#waiting.length === 0) await tenure.release()
        answer()
      } else {
        answer()
        // Who was answered may have more to write, and can go on under this lease.
        if (this.#waiting.length === 0) await nextTurn()
      }
    }
    this.#pumping = undefined
    void tenure.release()
  }

  /** Takes the first job out of the line, with those behind it that can share its turn. */
  #next(): Job<G>[] {
    this.#expire()
    const count = this.#waiting.findIndex(({ job }) => job.groupable === undefined)
    const size = count < 0 ? this.#waiting.length : Math.max(1, count)
    const taken = this.#waiting.splice(0, Math.min(size, MAX_GROUP))
    for (const { cancelTimer } of taken) cancelTimer()
    return taken.map(({ job }) => job)
  }

  #expire(): void {
    for (const waiting of this.#takeWhere(({ job, since }) => since.elapsedMs() >= job.timeoutMs)) {
      waiting.job.fail(this.#timeoutError(waiting))
    }
  }

  #timeoutError({ since }: Waiting<G>): DatabaseError {
    const { path } = this.#options
    const waited = `No turn to write ${path} came within ${Math.round(since.elapsedMs())} ms`
    return this.#current
      ? new DatabaseError(
          'LEASE_TIMEOUT',
          `${waited}: ${this.#current.what} of this process has had the turn for ${Math.round(this.#current.since.elapsedMs())} ms. Inside $transaction(async (tx) => ...) write with tx, and keep transactions short; or raise lease.timeoutMs.`,
          { path, holder: 'this process' },
        )
      : new DatabaseError(
          'LEASE_TIMEOUT',
          `${waited}: others stand before this process in the line. Try again, or raise lease.timeoutMs.`,
          { path },
        )
  }

  #failAll(error: unknown): void {
    if (!isTimeout(error)) {
      for (const { job } of this.#takeWhere(() => true)) job.fail(error)
      return
    }
    const { path } = this.#options
    const { holder, position } = error.details
    const typed = new DatabaseError(
      'LEASE_TIMEOUT',
      error.message,
      { path, ...(holder === undefined ? {} : { holder }), ...(position === undefined ? {} : { position }) },
      { cause: error },
    )
    for (const { job } of this.#takeWhere(({ job, since }) => since.elapsedMs() >= job.timeoutMs - 1)) job.fail(typed)
  }

  #takeWhere(condition: (waiting: Waiting<G>) => boolean): Waiting<G>[] {
    const taken = this.#waiting.filter(condition)
    if (taken.length > 0) this.#waiting = this.#waiting.filter((waiting) => !taken.includes(waiting))
    for (const { cancelTimer } of taken) cancelTimer()
    return taken
  }
}

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))
