import { type Clock, type Lease, type LeaseError, Moment } from '@sqlite-efs/lease'
import { DatabaseError } from './errors.js'
import { isTimeout, type Tenure } from './tenure.js'
import { Overtaken, Superseded, type Writer } from './writer.js'

/** More than this many writes in one process that wait for their turn are refused: they would time out in memory. */
const MAX_WAITING = 10_000
/** So many writes share a commit at the most; the event loop is blocked for as long. */
const MAX_GROUP = 500
const MAX_SUPERSEDED = 5
/** A turn that comes in the last moment is still a turn: the file may be locked for as long as somebody commits. */
const LAST_PATIENCE_MS = 50

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
  readonly #explainBusy: (error: DatabaseError) => Promise<DatabaseError>
  #lease: Lease

  constructor(options: TurnOptions, lease: Lease, remainingMs: () => number) {
    this.writer = options.writer
    this.#tenure = options.tenure
    this.#explainBusy = options.explainBusy
    this.#lease = lease
    this.#remainingMs = remainingMs
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
        this.#lease = await this.#tenure.take(this.#remainingMs)
      }
      try {
        return await this.writer.begin(this.#lease, this.#remainingMs())
      } catch (error) {
        if (error instanceof DatabaseError && error.code === 'BUSY') throw await this.#explainBusy(error)
        if (error instanceof Overtaken) continue
        if (!(error instanceof Superseded)) throw error
        if (tries >= MAX_SUPERSEDED)
          throw this.writer.conflict(new Error('newer writers were found in the file again and again'))
        await this.#tenure.raise(error.floor)
        this.#lease = await this.#tenure.take(this.#remainingMs)
      }
    }
  }

  commit(options: { inBackground?: boolean } = {}): Promise<void> {
    return this.writer.commit(this.#lease, options)
  }

  /** Between two statements that may take long: there is no use in going on when the lease is lost. */
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
  /** Which option says so, for a message. */
  timeoutOption: 'lease.timeoutMs' | 'lease.transactionTimeoutMs'
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
  /** Resolves when what is under way in the event loop has had its turn. @default with setImmediate */
  nextTurn?: () => Promise<void>
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
      cancelTimer: () => {},
    }
    this.#waiting.push(waiting)
    this.#watch(waiting)
    this.#pumping ??= this.#pump()
  }

  /** Has it expire in time. A timer may fire a fraction early: one look at the clock decides, for time goes on meanwhile. */
  #watch(waiting: Waiting<G>): void {
    const { job, since } = waiting
    waiting.cancelTimer = this.#options.clock.after(Math.max(1, job.timeoutMs - since.elapsedMs()), () => {
      if (isOver(waiting)) this.#expire()
      else this.#watch(waiting)
    })
  }

  /** How much longer anybody here would wait. */
  #patienceMs(): number {
    let longest = 0
    for (const { job, since } of this.#waiting) longest = Math.max(longest, job.timeoutMs - since.elapsedMs())
    return longest
  }

  async #pump(): Promise<void> {
    const { tenure, release, beforeWaiting, nextTurn = immediately } = this.#options
    // What is written in one turn of the event loop waits together.
    await nextTurn()
    while (this.#waiting.length > 0) {
      let lease: Lease
      try {
        beforeWaiting()
        lease = await tenure.take(() => this.#patienceMs())
      } catch (error) {
        this.#failAll(error)
        continue
      }
      const group = this.#next()
      const first = group[0]
      if (!first) continue
      this.#current = { what: first.job.what, since: new Moment(this.#options.clock) }
      this.#expire()
      const answer = await this.#serve(first, group, lease)
      this.#current = undefined
      const givesBack = release === 'before-answer' && this.#waiting.length === 0
      if (givesBack) await tenure.release()
      answer()
      // Who was answered may have more to write, and can go on under this lease; reads and timers get a turn, however
      // long the line is.
      if (!givesBack) await nextTurn()
    }
    this.#pumping = undefined
    void tenure.release()
  }

  async #serve(first: Waiting<G>, group: Waiting<G>[], lease: Lease): Promise<Answer> {
    const { job, since } = first
    const turn = new Turn(this.#options, lease, () => Math.max(LAST_PATIENCE_MS, job.timeoutMs - since.elapsedMs()))
    try {
      if (job.groupable === undefined) return await job.run(turn)
      return await this.#options.runGroup(
        group.flatMap(({ job: { groupable } }) => groupable ?? []),
        turn,
      )
    } catch (error) {
      // Nobody's error may keep the others from their turns.
      turn.writer.discard()
      return () => {
        for (const { job: failed } of group) failed.fail(error)
      }
    }
  }

  /** Takes the first job out of the line, with those behind it that can share its turn. */
  #next(): Waiting<G>[] {
    this.#expire()
    const count = this.#waiting.findIndex(({ job }) => job.groupable === undefined)
    const size = count < 0 ? this.#waiting.length : Math.max(1, count)
    const taken = this.#waiting.splice(0, Math.min(size, MAX_GROUP))
    for (const { cancelTimer } of taken) cancelTimer()
    return taken
  }

  #expire(): void {
    if (this.#current) {
      const { what, since } = this.#current
      for (const { job, since: waitingSince } of this.#takeWhere(isOver)) {
        const message = `No turn to write ${this.#options.path} came within ${Math.round(waitingSince.elapsedMs())} ms: ${what} of this process has had it for ${Math.round(since.elapsedMs())} ms. Inside $transaction(async (tx) => ...) write with tx, and keep transactions short; or raise ${job.timeoutOption}.`
        job.fail(
          new DatabaseError('LEASE_TIMEOUT', message, {
            path: this.#options.path,
            holder: 'this process',
            option: job.timeoutOption,
          }),
        )
      }
    } else if (!this.#waiting.every(isOver)) {
      // Where all have given up, the leaser's own error is on its way.
      const why = this.#options.tenure.whyNotYet()
      for (const { job } of this.#takeWhere(isOver)) job.fail(this.#asTimeout(why, job))
    }
  }

  #failAll(error: unknown): void {
    const isHit = ({ job, since }: Waiting<G>) => !isTimeout(error) || since.elapsedMs() >= job.timeoutMs - 1
    for (const { job } of this.#takeWhere(isHit)) job.fail(isTimeout(error) ? this.#asTimeout(error, job) : error)
  }

  /** A wait for the lease that is over, in this package's words; what is in the way of asking for it passes through. */
  #asTimeout(why: LeaseError | undefined, job: Job<G>): Error {
    if (why && !isTimeout(why)) return why
    const { path } = this.#options
    const { holder, position } = why?.details ?? {}
    const message = why?.message ?? 'The lease was not asked for in time: the one before was still being given back.'
    return new DatabaseError(
      'LEASE_TIMEOUT',
      `No turn to write ${path} came within ${job.timeoutMs} ms. ${message} The option here is ${job.timeoutOption}.`,
      {
        path,
        option: job.timeoutOption,
        ...(holder === undefined ? {} : { holder }),
        ...(position === undefined ? {} : { position }),
      },
      { cause: why },
    )
  }

  #takeWhere(condition: (waiting: Waiting<G>) => boolean): Waiting<G>[] {
    const taken = this.#waiting.filter(condition)
    if (taken.length > 0) this.#waiting = this.#waiting.filter((waiting) => !taken.includes(waiting))
    for (const { cancelTimer } of taken) cancelTimer()
    return taken
  }
}

const isOver = ({ job, since }: Pick<Waiting<unknown>, 'job' | 'since'>) => since.elapsedMs() >= job.timeoutMs

const immediately = () => new Promise<void>((resolve) => setImmediate(resolve))
