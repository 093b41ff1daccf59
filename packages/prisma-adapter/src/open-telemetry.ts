import type { Context, ContextAPI, SpanStatusCode, TraceAPI } from '@opentelemetry/api'
import type { Span, SpanOptions, Tracer } from '@sqlite-efs/database'

/** The instrumentation scope: https://opentelemetry.io/docs/concepts/instrumentation-scope/ */
const SCOPE = 'prisma-adapter-sqlite-efs'
// https://opentelemetry.io/docs/specs/semconv/database/
const SYSTEM = { 'db.system.name': 'sqlite' }

/**
 * Spans by OpenTelemetry; undefined where `@opentelemetry/api` is not installed, or was left out of the bundle. It is loaded
 * here and nowhere else.
 */
export async function openTelemetryTracer(): Promise<Tracer | undefined> {
  try {
    // A bundler that does not find it leaves an import inside of try as it is.
    const { context, trace, SpanStatusCode } = await import('@opentelemetry/api')
    return new OpenTelemetryTracer({ context, trace, error: SpanStatusCode.ERROR })
  } catch {
    return undefined
  }
}

interface OpenTelemetry {
  context: ContextAPI
  trace: TraceAPI
  error: SpanStatusCode
}

/** Makes no spans but those under somebody else's: what nobody traces costs one look at the active context. */
class OpenTelemetryTracer implements Tracer {
  readonly #api: OpenTelemetry

  constructor(api: OpenTelemetry) {
    this.#api = api
  }

  current(): Context | undefined {
    return quietly(() => {
      const { context, trace } = this.#api
      const active = context.active()
      return trace.getSpan(active) && active
    })
  }

  async span<T>(options: SpanOptions, body: (span: Span) => Promise<T>): Promise<T> {
    const { context, error: ERROR } = this.#api
    const begun = quietly(() => this.#begin(options))
    if (!begun) return body({ set: () => {} })
    const { span, active } = begun
    try {
      return await context.with(active, () =>
        body({ set: (more) => quietly(() => void span.setAttributes({ ...more })) }),
      )
    } catch (error) {
      quietly(() => {
        // Not its message, which may quote the statement.
        span.setStatus({ code: ERROR })
        span.setAttributes(errorAttributes(error))
      })
      throw error
    } finally {
      quietly(() => span.end())
    }
  }

  #begin({ name, parent, links = [], attributes }: SpanOptions) {
    if (!parent) return undefined
    const { trace } = this.#api
    const under = parent as Context
    const linked = (links as Context[]).flatMap((link) => trace.getSpanContext(link) ?? [])
    const span = trace
      .getTracer(SCOPE)
      .startSpan(
        name,
        { attributes: { ...SYSTEM, ...attributes }, links: linked.map((context) => ({ context })) },
        under,
      )
    return { span, active: trace.setSpan(under, span) }
  }
}

/** A failure of the application's span processors must not cost anybody a write. */
function quietly<T>(action: () => T): T | undefined {
  try {
    return action()
  } catch {
    return undefined
  }
}

/** https://opentelemetry.io/docs/specs/semconv/general/recording-errors/ */
function errorAttributes(error: unknown): Record<string, string> {
  if (!(error instanceof Error)) return { 'error.type': '_OTHER' }
  const { code = error.name, details } = error as { code?: unknown; details?: { extendedCode?: number } } & Error
  const extendedCode = details?.extendedCode
  return {
    'error.type': String(code),
    ...(extendedCode !== undefined && { 'db.response.status_code': String(extendedCode) }),
  }
}
