import type { LeaseError, LeaseErrorCode } from './errors.js'

/** What a caller of {@link Leaser.acquire} may say about one acquisition. */
export interface AcquireOptions {
  /**
   * How long to wait for the turn, in milliseconds, 0 or more, before leaving the line.
   *
   * @default the leaser's own `timeoutMs`
   */
  timeoutMs?: number
  /**
   * The length of the lease in milliseconds. A statement that blocks for long (a migration) needs a longer one.
   *
   * @default the leaser's own `ttlMs`
   */
  ttlMs?: number
  /** Aborting it ends the wait with a {@link LeaseErrorCode | LEASE_ABORTED} error; a lease already had is not touched. */
  signal?: AbortSignal
  /** Who waits, for people who look at the line; at most 24 bytes are kept. */
  owner?: string
  /**
   * Given, as the wait begins, a function that says at any time why the lease is not had yet: as a `LEASE_TIMEOUT`, with
   * the holder and the place in line, or as what is in the way of asking. For a queue, one of whose callers gives up
   * before the others do.
   */
  onWait?: (why: () => LeaseError) => void
}

/** What a queue says about one acquisition: it keeps its place in line while its own callers come and go. */
export interface QueuedAcquireOptions extends AcquireOptions {
  /** How much longer to wait, in milliseconds; asked again at each look. A leaser that does not know it waits for `timeoutMs`. */
  remainingMs: () => number
}

/** The right to write, until it is released, runs out, or is taken over. A lost lease is final. */
export interface Lease extends AsyncDisposable {
  /** What the lease is for. */
  readonly key: string
  /** The fencing token: every later holder of the same key has a larger one. Safe integer. */
  readonly token: number
  /** The length that each renewal asks for, in milliseconds. */
  readonly ttlMs: number
  /** How many others wait behind the holder, as last seen. */
  readonly waiting: number
  /** Aborted, with a {@link LeaseErrorCode | LEASE_LOST} error as its reason, as soon as the loss is known. */
  readonly signal: AbortSignal
  /** Milliseconds for which the lease surely lasts, by the stricter of two clocks; 0 once it is lost or released. */
  remainingMs(): number
  /**
   * Asks for a whole `ttlMs` again and waits for the answer. A held lease is also renewed in the background.
   *
   * @throws LeaseError `LEASE_LOST` when the lease is gone, `UNREACHABLE` when no answer came in time.
   */
  renew(): Promise<void>
  /**
   * Goes to the end of the line in one request, and waits for the next turn. This lease is over from the call on,
   * whatever comes of it. With nobody waiting the turn is had at once, under a new token.
   *
   * @throws LeaseError as {@link Leaser.acquire} does
   */
  yield(options?: AcquireOptions): Promise<Lease>
  /**
   * Leaves. Never throws because the lease was lost: then there is nothing to leave. Idempotent; a second call waits
   * for the first.
   *
   * @throws LeaseError `UNREACHABLE` when the leave was not acknowledged in time; it is retried in the background.
   */
  release(): Promise<void>
}

/** One contender in the line, as seen by {@link Leaser.inspect}. */
export interface Contender {
  /** The nonce of this acquisition. */
  id: string
  /** Its ticket: the lowest in the line holds the lease. */
  ticket: number
  /** Until when it must be presumed alive, epoch milliseconds. */
  aliveUntilMs: number
  /** The length of its lease in milliseconds, where the line is in files or in memory. */
  ttlMs?: number
  /** Who it says it is. */
  owner: string
}

/** The line in front of one key. */
export interface LineState {
  key: string
  /** The highest ticket ever handed out; 0 where there was none. */
  ticket: number
  /** In the order of their tickets: the first one is the holder. */
  contenders: Contender[]
  /** Who was taken out of the line last, and when; for people. */
  swept?: { owner: string; ticket: number; atMs: number }
}

/** What a caller of {@link Leaser.sweep} may say. */
export interface SweepOptions {
  /** Also a contender that must be presumed alive. @default false */
  force?: boolean
}

/** Hands out the right to write, one holder a key at a time, in the order in which they asked. */
export interface Leaser {
  /** Who hands it out, for people, and to tell two of them apart: `DynamoDB table app-locks`, say. */
  readonly name: string
  /** The length of a lease in milliseconds where an acquisition names none. */
  readonly ttlMs: number
  /**
   * Waits in line for the lease on `key`.
   *
   * @throws LeaseError `LEASE_TIMEOUT` (with who holds it, since when, and the place in line), `LEASE_ABORTED`,
   * `CLOCK_SKEW`, `UNREACHABLE`, `ACCESS_DENIED`, `TABLE_NOT_FOUND`, `FOREIGN_PROTOCOL`, `CONFIGURATION`
   */
  acquire(key: string, options?: AcquireOptions): Promise<Lease>
  /** Who stands in the line. Changes nothing. */
  inspect(key: string): Promise<LineState>
  /** Makes every ticket that is handed out from now on larger than `floor`. Never lowers anything. */
  raise(key: string, floor: number): Promise<void>
  /**
   * Takes a contender out of the line, the holder or one who waits, if it still is as it was seen: the condition on which a
   * waiter sweeps a dead holder. For people who know better than the clock: a host that is gone for good holds the line up
   * until its time is over. With `force` also one that must be presumed alive: until it notices there may be two holders,
   * and only a fence where the write lands keeps them apart.
   *
   * @returns who was taken out
   * @throws LeaseError `CONTENDER_ALIVE`, `NO_SUCH_TICKET`, and as {@link Leaser.inspect} does
   */
  sweep(key: string, ticket: number, options?: SweepOptions): Promise<Contender>
  /**
   * Closes what it keeps open between two requests, sockets for example, once no request is under way. Called when a file
   * that it served is closed; the next request opens it again. Resolves once nothing of it keeps the process alive: after
   * four request timeouts at the latest. Never rejects.
   */
  close(): Promise<void>
}
