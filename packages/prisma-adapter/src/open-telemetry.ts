import type { Context, ContextAPI, SpanStatusCode, TraceAPI } from '@opentelemetry/api'
import type { Span, SpanOptions, Tracer } from '@sqlite-efs/database'

/** The instrumentation scope: https://opentelemetry.io/docs/concepts/instrumentation-scope/ */
const SCOPE = 'prisma-adapter-sqlite-efs'
// https://opentelemetry.io/docs/specs/semconv/database/
const SYSTEM = { 'db.system.name': 'sqlite' }

interface OpenTelemetry {
  context: ContextAPI
  trace: TraceAPI
  error: SpanStatusCode
}

/**
 * Spans by OpenTelemetry; none where `@opentelemetry/api` is not installed, or was left out of the bundle. It is loaded here and
 * nowhere else. Makes no spans but those under somebody else's: what nobody traces costs one look at the active context.
 */
export class OpenTelemetryTracer implements Tracer {
  #api: OpenTelemetry | undefined
  /** Resolves when it is known whether there is anything to trace with; until then nothing is traced. */
  readonly loaded: Promise<void>

  constructor() {
    this.loaded = this.#load()
  }

  async #load(): Promise<void> {
    try {
      // A bundler that does not find it leaves an import inside of try as it is.
      const { context, trace, SpanStatusCode } = await import('@opentelemetry/api')
      this.#api = { context, trace, error: SpanStatusCode.ERROR }
    } catch {
      this.#api = undefined
    }
  }

  current(): Context | undefined {
    const api = this.#api
    if (!api) return undefined
    return quietly(() => {
      const active = api.context.active()
      return api.trace.getSpan(active) && active
    })
  }

  async span<T>(options: SpanOptions, body: (span: Span) => Promise<T>): Promise<T> {
    const api = this.#api
    const begun = api && quietly(() => begin(api, options))
    if (!begun) return body({ set: () => {} })
    const { span, active } = begun
    try {
      return await api.context.with(active, () =>
        body({ set: (more) => quietly(() => void span.setAttributes({ ...more })) }),
      )
    } catch (error) {
      quietly(() => {
        // Not its message, which may quote the statement.
        span.setStatus({ code: api.error })
        span.setAttributes(errorAttributes(error))
      })
      throw error
    } finally {
      quietly(() => span.end())
    }
  }
}

function begin({ trace }: OpenTelemetry, { name, parent, links = [], attributes }: SpanOptions) {
  if (!parent) return undefined
  const under = parent as Context
  const linked = (links as Context[]).flatMap((link) => trace.getSpanContext(link) ?? [])
  const span = trace
    .getTracer(SCOPE)
    .startSpan(name, { attributes: { ...SYSTEM, ...attributes }, links: linked.map((context) => ({ context })) }, under)
  return { span, active: trace.setSpan(under, span) }
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
