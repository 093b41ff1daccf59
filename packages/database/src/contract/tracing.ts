/** Where in a trace something happens: whatever the {@link Tracer} takes for it, OpenTelemetry's `Context` say. */
export type TraceContext = object

/** What is known of a span. Never SQL, and never a value. */
export type SpanAttributes = Readonly<Record<string, string | number>>

/**
 * What is done in a span.
 *
 * - `lease.acquire`: asks for the lease, waits in line and has it.
 * - `lease.release`: gives it back.
 * - `begin`: takes SQLite's write lock and asks the fence.
 * - `commit`: the guard, the wait for readers, and COMMIT.
 * - `read`: one statement that reads, with the wait for whoever commits.
 * - `recovery`: rolls back what a dead writer left, with the wait for its turn.
 */
export type SpanName = 'lease.acquire' | 'lease.release' | 'begin' | 'commit' | 'read' | 'recovery'

/** A span that is to begin. */
export interface SpanOptions {
  /** What is done in it. */
  name: SpanName
  /** Whose span it is under; without one there is nothing to trace, and no span. */
  parent: TraceContext | undefined
  /** Others for whom the same thing is done: the further writes of a group that share a COMMIT. */
  links?: readonly TraceContext[]
  /** What is known as it begins. */
  attributes?: SpanAttributes
}

/** A span that has begun. */
export interface Span {
  /** Adds what is known by now. */
  set(attributes: SpanAttributes): void
}

/** Makes spans; this package knows no OpenTelemetry. */
export interface Tracer {
  /** Where the caller is; undefined where nobody traces. */
  current(): TraceContext | undefined
  /**
   * Runs `body` in a span of its own, and ends it with what comes of it. An error is the span's, by its `code` and never by its
   * message, which may quote the statement.
   */
  span<T>(options: SpanOptions, body: (span: Span) => Promise<T>): Promise<T>
}

const NO_SPAN: Span = { set: () => {} }

/** Traces nothing. */
export const noTracer: Tracer = {
  current: () => undefined,
  span: (_, body) => body(NO_SPAN),
}

/**
 * The same tracer, whose own failures cost nothing else: no lease stays held, no transaction open, and no answer is another one, because
 * a span could not be begun or ended.
 */
export function harmless(tracer: Tracer): Tracer {
  return {
    current: () => orNothing(() => tracer.current()),
    async span(options, body) {
      let done: ReturnType<typeof body> | undefined
      const once = (span: Span) => (done ??= body({ set: (attributes) => orNothing(() => span.set(attributes)) }))
      try {
        await tracer.span(options, once)
      } catch {
        // The body's own error is thrown below; whatever else it was, is the tracer's.
      }
      return done ?? body(NO_SPAN)
    },
  }
}

function orNothing<T>(action: () => T): T | undefined {
  try {
    return action()
  } catch {
    return undefined
  }
}
