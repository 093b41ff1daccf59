/** Options of {@link Database.beginInvocation}. */
export interface InvocationOptions {
  /**
   * How many milliseconds are left until the process is ended, as `context.getRemainingTimeInMillis()` of AWS Lambda says
   * (https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html).
   */
  remainingMs(): number
  /**
   * How long before the end, in milliseconds, waits are over, so that an answer can be given; half of the time that is left where
   * that is later. Half of it before the end no write begins any more, transactions that are still open are rolled back, and the
   * lease is given back.
   *
   * @default 500
   */
  marginMs?: number
}

/** A piece of work after which the process may be frozen, or ended: an invocation of a Lambda function. */
export interface Invocation {
  /** Runs `body` as a part of it, and all that is begun in there. */
  run<T>(body: () => T): T
  /** Makes what follows in the caller's own asynchronous context a part of it, where nothing can be wrapped. */
  enter(): void
  /**
   * Waits for what was begun in it and is not done, and gives back the lease until it writes again, unless another invocation in
   * this process has a use for it. Does nothing while a transaction of it is open, which may be waiting for the caller. Never throws.
   */
  pause(): Promise<void>
  /**
   * Waits for what was begun in it and is not done, rolls back what is open when the time is up, and gives back the lease, unless
   * another invocation in this process has a use for it. Never throws; a second call waits for the first.
   */
  end(): Promise<void>
}
