import type { Writable } from 'node:stream'
import type { Invocation } from '@sqlite-efs/database'
import { check, refuseUnknown } from '../errors/configuration.js'
import { beginInvocation, PrismaSqliteEfs } from '../factory.js'
import { checkMargin, type RemainingTime } from './remaining-time.js'

/** Options of {@link withLease} and {@link leaseMiddleware}. */
export interface WithLeaseOptions {
  /**
   * How long before the end of an invocation, in milliseconds, waits for the turn to write are over, so that the handler can answer; half
   * of the time that is left where that is later. Half of it before the end no write begins any more, what is still open is rolled
   * back, and the lease is given back: a handler that runs into its timeout holds nobody up.
   *
   * @defaultValue 500
   */
  marginMs?: number
}

/**
 * A Lambda handler whose writes share a lease: the first write of an invocation takes it, later ones go on under it, for up to
 * `lease.maxHoldMs`, and it is given back before the response, also when the handler throws. Their promises resolve after their
 * COMMIT. No wait outlasts the invocation. What the handler began and did not await is waited for, and nothing is left to freeze.
 *
 * Any asynchronous handler will do: `(event, context)`, or `(event, responseStream, context)` in `awslambda.streamifyResponse`, where the
 * stream's end waits for the lease to be given back, unless a transaction is open. Invocations that run side by side in one
 * environment share the lease.
 *
 * @param adapter - the one that PrismaClient was given
 * @throws PrismaSqliteEfsError `CONFIGURATION`, naming the option and its value; the handler throws what it throws without this
 * @example
 * ```ts
 * import { withLease } from 'prisma-adapter-sqlite-efs/lambda'
 *
 * export const handler = withLease(adapter, async (event: { name: string }) => {
 *   const user = await prisma.user.create({ data: { name: event.name } })
 *   await prisma.visit.create({ data: { userId: user.id } })
 *   return { statusCode: 201 }
 * })
 * ```
 */
export function withLease<Arguments extends unknown[], Result>(
  adapter: PrismaSqliteEfs,
  handler: (...args: Arguments) => Promise<Result>,
  options: WithLeaseOptions = {},
): (...args: Arguments) => Promise<Result> {
  const begin = beginner(adapter, options)
  if (typeof handler !== 'function') throw check.wrong('handler', 'be an asynchronous function', handler)
  return async (...args) => {
    if (handler.length > 2 && typeof args[2] === 'function') {
      const hint = 'it takes a callback, and its end could not be seen'
      throw check.wrong('handler', 'be an async function of (event, context)', handler, { hint })
    }
    const invocation = begin(args.find(isContext))
    const stream = args.find(isStream)
    if (stream) endAfter(stream, () => invocation.pause())
    try {
      return await invocation.run(() => handler(...args))
    } finally {
      await invocation.end()
    }
  }
}

/** A request of middy's, as far as it is used here. */
export interface MiddyRequest {
  /** The invocation's context; where there is none, as in an application's own tests, nothing bounds its waits. */
  context: Partial<RemainingTime>
}

/** A middleware for middy 7 (https://middy.js.org/docs/middlewares/intro). */
export interface LeaseMiddleware {
  /** Begins the invocation. */
  before(request: MiddyRequest): void
  /** Ends it: the lease is given back. */
  after(request: MiddyRequest): Promise<void>
  /** Ends it where the handler, or a middleware, threw. */
  onError(request: MiddyRequest): Promise<void>
}

/**
 * {@link withLease} as a middleware for middy 7, with the same effect. Use it last: what an early answer of another middleware skips is
 * never begun, and it is the first to end.
 *
 * @throws PrismaSqliteEfsError `CONFIGURATION`, naming the option and its value
 * @example
 * ```ts
 * import middy from '@middy/core'
 * import { leaseMiddleware } from 'prisma-adapter-sqlite-efs/lambda'
 *
 * export const handler = middy().use(leaseMiddleware(adapter)).handler(bookSeat)
 * ```
 */
export function leaseMiddleware(adapter: PrismaSqliteEfs, options: WithLeaseOptions = {}): LeaseMiddleware {
  const begin = beginner(adapter, options)
  const invocations = new WeakMap<MiddyRequest, Invocation>()
  const end = async (request: MiddyRequest): Promise<void> => invocations.get(request)?.end()
  return {
    before(request) {
      const invocation = begin(request.context)
      invocations.set(request, invocation)
      // Not asynchronous: what it enters is then middy's own context, in which the handler is called.
      invocation.enter()
    },
    after: end,
    onError: end,
  }
}

function beginner(adapter: PrismaSqliteEfs, options: WithLeaseOptions) {
  if (!(adapter instanceof PrismaSqliteEfs)) {
    throw check.wrong('adapter', 'be the PrismaSqliteEfs that PrismaClient was given', adapter)
  }
  refuseUnknown('', options, ['marginMs'])
  const { marginMs } = options
  checkMargin(marginMs)
  return (context: unknown): Invocation => {
    // Without a context, as in an application's own tests, nobody ends it.
    const remainingMs = () => (isContext(context) ? context.getRemainingTimeInMillis() : Number.POSITIVE_INFINITY)
    const leftMs: unknown = remainingMs()
    if (typeof leftMs !== 'number' || Number.isNaN(leftMs)) {
      throw check.wrong('context.getRemainingTimeInMillis()', 'be milliseconds', leftMs)
    }
    return beginInvocation(adapter, { remainingMs, ...(marginMs !== undefined && { marginMs }) })
  }
}

const isContext = (value: unknown): value is RemainingTime =>
  typeof (value as Partial<RemainingTime> | null | undefined)?.getRemainingTimeInMillis === 'function'

const isStream = (value: unknown): value is Writable =>
  typeof (value as Partial<Writable> | null | undefined)?.end === 'function'

/** The end of a stream is the end of the response. What it is given to write it refuses at once, as ever. */
function endAfter(stream: Writable, before: () => Promise<void>): void {
  const end = stream.end.bind(stream)
  stream.end = (...args: unknown[]) => {
    const [chunk, encoding] = args
    const callback = args.find((it) => typeof it === 'function') as (() => void) | undefined
    if (chunk !== undefined && chunk !== null && chunk !== callback) {
      stream.write(chunk, (typeof encoding === 'string' ? encoding : undefined) as BufferEncoding)
    }
    void before().then(() => end(callback))
    return stream
  }
}
