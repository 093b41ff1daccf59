import type { Lease, LeaseError } from '@sqlite-efs/lease'
import { Moment } from '@sqlite-efs/lease/internal'
import { DatabaseError } from '../contract/errors.js'
import { MAX_WITHOUT_TICK_MS } from '../engine/event-loop.js'
import type { GroupOutcome } from './group-commit.js'
import type { Answer, Job } from './job.js'
import { isTimeout } from './lease-keeper.js'
import { keptWaiting, noTurnInTime, type PreviousTurn } from './turn-errors.js'
import { TurnIsOver, WriteTurn, type WriteTurnContext } from './write-turn.js'

/** More than this many writes in one process that wait for their turn are refused: they would time out in memory. */
const MAX_WAITING = 10_000
/** So many writes share a commit at the most; the event loop is blocked for as long. */
const MAX_GROUP = 500
const MAX_SUPERSEDED = 5
/** A turn that comes in the last moment is still a turn: the file may be locked for as long as somebody commits. */
const LAST_WAIT_MS = 50
/** For so long at the least the line is asked to wait, and a lease granted; who gives up earlier is told in his own time. */
const LEAST_WAIT_MS = 250

interface Waiting<G> {
  job: Job<G>
  since: Moment
  /** It can't share its turn after all. */
  isAlone: boolean
  /** How often a newer ticket was found in the file when its turn had come. */
  superseded: number
  cancelTimer(): void
}

/** The timer of who has none. */
const noTimer = () => {}

/** What a queue works with. */
export interface WriteQueueContext<G> extends WriteTurnContext {
  release: 'background' | 'before-answer'
  /** Runs writes that share a turn. @throws TurnIsOver, DatabaseError: nothing of them was begun */
  runGroup(group: G[], turn: WriteTurn): Promise<GroupOutcome<G>>
  /** Whether the lease is kept for more to come where no job waits for a turn. */
  invocations: { readonly keepLease: boolean }
}

/** Who wants to write in this process, first come first served; one at a time, under one lease. */
export class WriteQueue<G> {
  readonly #context: WriteQueueContext<G>
  #waiting: Waiting<G>[] = []
  #pumping: Promise<void> | undefined
  #current: { what: string; since: Moment } | undefined
  /** The lease is at hand, and who comes now is served within this turn of the event loop: no timer is worth its while. */
  #isAboutToServe = false
  #serveNext = () => {}
  /** The turn before: who waited for it for most of his time is to be told so. */
  #previous: PreviousTurn | undefined

  constructor(context: WriteQueueContext<G>) {
    this.#context = context
  }

  get isIdle(): boolean {
    return this.#pumping === undefined
  }

  /** Resolves when nobody waits and the lease is given back. */
  async idle(): Promise<void> {
    while (this.#pumping) await this.#pumping
    await this.#context.leaseKeeper.release()
  }

  /** Stands a job in line. */
  add(job: Job<G>): void {
    const { clock, path } = this.#context
    if (this.#waiting.length >= MAX_WAITING) {
      const message = `${MAX_WAITING} writes to ${path} wait in this process already: it asks for more than one file can take. Write less, or in larger transactions.`
      return job.fail(new DatabaseError('QUEUE_FULL', message, { path }))
    }
    const waiting: Waiting<G> = {
      job,
      since: new Moment(clock),
      isAlone: false,
      superseded: 0,
      cancelTimer: noTimer,
    }
    this.#waiting.push(waiting)
    if (!this.#isAboutToServe && !this.#watch(waiting)) return
    // Who shares his turn waits for others who come in the same turn of the event loop.
    if (job.groupable === undefined) this.#serveNext()
    this.#pumping ??= this.#pump()
  }

  /** Has those expire in time who were thought to be served at once, and are not. */
  #watchTheUnwatched(): void {
    for (const waiting of this.#waiting) if (waiting.cancelTimer === noTimer) this.#watch(waiting)
  }

  /** Has it expire in time. A timer may fire a fraction early: one look at the clock decides, for time goes on meanwhile. */
  #watch(waiting: Waiting<G>): boolean {
    try {
      waiting.cancelTimer = this.#context.clock.after(Math.max(1, remainingMs(waiting)), () => {
        if (isOver(waiting)) this.#expire()
        else this.#watch(waiting)
      })
      return true
    } catch (error) {
      // What can't expire must not wait.
      this.#waiting = this.#waiting.filter((it) => it !== waiting)
      waiting.job.fail(error)
      return false
    }
  }

  /**
   * How much longer anybody here would wait; as long as somebody does, a little at least: a lease that is had for the last few
   * milliseconds of a wait would be over before it is used.
   */
  #waitMs(): number {
    let longest = 0
    for (const waiting of this.#waiting) longest = Math.max(longest, remainingMs(waiting))
    return longest > 0 ? Math.max(longest, LEAST_WAIT_MS) : 0
  }

  async #pump(): Promise<void> {
    const { leaseKeeper, release, invocations, eventLoop } = this.#context
    // What is written in one tick of the event loop waits together.
    await eventLoop.afterThisTick()
    while (this.#waiting.length > 0) {
      let lease: Lease
      try {
        this.#letGoOfTheFile()
        const taken = leaseKeeper.take(() => this.#waitMs(), tracesOf(this.#waiting)[0])
        // One look at the clock decides: who was thought to be served at once must not wait for another lease unwatched.
        if (taken instanceof Promise) this.#watchTheUnwatched()
        lease = await taken
      } catch (error) {
        this.#failAll(error)
        continue
      }
      const group = this.#next()
      const first = group[0]
      if (!first) continue
      const { clock } = this.#context
      const { what } = first.job
      const since = new Moment(clock)
      this.#watchTheUnwatched()
      this.#current = { what, since }
      this.#expire()
      const answer = await this.#serve(group, lease)
      this.#previous = { what, tookMs: since.elapsedMs(), ended: new Moment(clock) }
      this.#current = undefined
      const givesBack = release === 'before-answer' && this.#waiting.length === 0 && !invocations.keepLease
      if (givesBack) await leaseKeeper.release()
      answer()
      // Who was answered may have more to write, and can go on under this lease; reads and timers get a turn, however
      // long the line is.
      if (givesBack) continue
      this.#isAboutToServe = leaseKeeper.isAtHand
      await this.#letOthersIn()
      this.#isAboutToServe = false
    }
    this.#pumping = undefined
    if (invocations.keepLease) leaseKeeper.keep()
    else void leaseKeeper.release()
  }

  /** Nothing of this process may hold the file while it waits for the lease. */
  #letGoOfTheFile(): void {
    const { freeze, window } = this.#context
    freeze.look()
    window.closeWindow()
  }

  /** Until the next tick of the event loop; where nobody waits yet, until somebody comes who wants one of his own. */
  #letOthersIn(): Promise<void> {
    const { busyMs, tick } = this.#context.eventLoop
    if (this.#waiting.length > 0 || busyMs > MAX_WITHOUT_TICK_MS) return tick
    return new Promise((resolve) => {
      this.#serveNext = resolve
      void tick.then(resolve)
    })
  }

  async #serve(group: Waiting<G>[], lease: Lease): Promise<Answer> {
    const turn = new WriteTurn(this.#context, lease, {
      lockWaitMs: () => Math.max(LAST_WAIT_MS, Math.min(...group.map(remainingMs))),
      waitedMs: () => Math.max(...group.map(({ since }) => since.elapsedMs())),
      traces: tracesOf(group),
    })
    try {
      const [first] = group
      if (first && 'run' in first.job) return await first.job.run(turn)
      const writes = group.flatMap(({ job: { groupable } }) => groupable ?? [])
      const { answer, done, alone } = await this.#context.runGroup(writes, turn)
      const rest = group.slice(done)
      for (const waiting of rest) waiting.isAlone ||= alone.includes(waiting.job.groupable!)
      this.#putBack(rest)
      return answer
    } catch (error) {
      return this.#unserved(group, turn, error)
    }
  }

  /** Nothing was begun for the group. */
  #unserved(group: Waiting<G>[], turn: WriteTurn, error: unknown): Answer {
    if (error instanceof TurnIsOver) {
      if (error.isSuperseded) for (const waiting of group) waiting.superseded++
      if (group.every(({ superseded }) => superseded <= MAX_SUPERSEDED)) {
        this.#putBack(group)
        return () => {}
      }
      return failing(
        group,
        turn.guard.conflict(new Error('newer writers were found in the file again and again'), 'SUPERSEDED'),
      )
    }
    // Nobody's error may keep the others from their turns.
    turn.connection.discard()
    // The file stays locked for longer than the least patient would wait: the others go on waiting.
    const over = group.filter(isOver)
    if (!(error instanceof DatabaseError && error.code === 'BUSY') || over.length === 0) return failing(group, error)
    this.#putBack(group.filter((waiting) => !over.includes(waiting)))
    return failing(over, error)
  }

  /** To the front of the line, in their order, as if their turn had not come yet. */
  #putBack(group: readonly Waiting<G>[]): void {
    this.#waiting.unshift(...group)
    for (const waiting of group) this.#watch(waiting)
  }

  /** Takes the first job out of the line, with those behind it that can share its turn. */
  #next(): Waiting<G>[] {
    this.#expire()
    const count = this.#waiting.findIndex(({ job, isAlone }) => job.groupable === undefined || isAlone)
    const size = count < 0 ? this.#waiting.length : Math.max(1, count)
    const taken = this.#waiting.splice(0, Math.min(size, MAX_GROUP))
    for (const { cancelTimer } of taken) cancelTimer()
    return taken
  }

  #expire(): void {
    const { path } = this.#context
    if (this.#current) {
      const { what, since } = this.#current
      for (const waiting of this.#takeWhere(isOver)) {
        waiting.job.fail(keptWaiting(path, waiting, `${what} of this process has had it for`, since.elapsedMs()))
      }
    } else if (!this.#waiting.every(isOver)) {
      // Where all have given up, the leaser's own error is on its way.
      const why = this.#context.leaseKeeper.whyNotYet()
      for (const waiting of this.#takeWhere(isOver)) waiting.job.fail(this.#asTimeout(why, waiting))
    }
  }

  #failAll(error: unknown): void {
    // Who may make no more attempts has had his: asked again, it would begin anew, without a pause.
    const isFinal = !isTimeout(error) || error.details.attempts !== undefined
    const isHit = ({ job, since }: Waiting<G>) => isFinal || since.elapsedMs() >= job.timeoutMs - 1
    for (const waiting of this.#takeWhere(isHit)) {
      waiting.job.fail(isTimeout(error) ? this.#asTimeout(error, waiting) : error)
    }
  }

  /** A wait for the lease that is over. */
  #asTimeout(why: LeaseError | undefined, waiting: Waiting<G>): Error {
    return noTurnInTime(this.#context.path, waiting, { why, previous: this.#previous })
  }

  #takeWhere(condition: (waiting: Waiting<G>) => boolean): Waiting<G>[] {
    const taken = this.#waiting.filter(condition)
    if (taken.length > 0) this.#waiting = this.#waiting.filter((waiting) => !taken.includes(waiting))
    for (const { cancelTimer } of taken) cancelTimer()
    return taken
  }
}

const tracesOf = (waiting: readonly Pick<Waiting<unknown>, 'job'>[]) =>
  waiting.flatMap(({ job: { trace } }) => trace ?? [])

type Patient = Pick<Waiting<unknown>, 'since'> & { job: { timeoutMs: number } }

/** How much longer it would wait. */
const remainingMs = ({ job, since }: Patient) => job.timeoutMs - since.elapsedMs()

const isOver = (waiting: Patient) => remainingMs(waiting) <= 0

const failing = (group: readonly { job: { fail(error: unknown): void } }[], error: unknown): Answer => {
  return () => {
    for (const { job } of group) job.fail(error)
  }
}
