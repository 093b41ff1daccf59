import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { PrismaInstrumentation } from '@prisma/instrumentation'

/** OpenTelemetry as an application sets it up, with spans that stay in memory; and Prisma's own spans. */
export class Traces implements Disposable {
  readonly #exporter = new InMemorySpanExporter()
  readonly #instrumentation = new PrismaInstrumentation()
  readonly #provider: BasicTracerProvider

  /** @param others what else the application has its spans go through */
  constructor(...others: SpanProcessor[]) {
    this.#provider = new BasicTracerProvider({ spanProcessors: [...others, new SimpleSpanProcessor(this.#exporter)] })
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
    trace.setGlobalTracerProvider(this.#provider)
    this.#instrumentation.setTracerProvider(this.#provider)
    this.#instrumentation.enable()
  }

  /** Those that have ended. */
  get spans(): ReadableSpan[] {
    return this.#exporter.getFinishedSpans()
  }

  /** Each of our spans, with the names of those that it is under, the outermost first. */
  get paths(): string[] {
    return this.ours.map((span) => this.pathOf(span).join(' > '))
  }

  get ours(): ReadableSpan[] {
    return this.spans.filter(({ name }) => !name.startsWith('prisma:'))
  }

  named(name: string): ReadableSpan {
    const span = this.spans.find((each) => each.name === name)
    if (!span) throw new Error(`there is no span ${name}`)
    return span
  }

  pathOf(span: ReadableSpan): string[] {
    const parent = this.spans.find((each) => each.spanContext().spanId === span.parentSpanContext?.spanId)
    return [...(parent ? this.pathOf(parent) : []), span.name]
  }

  reset(): void {
    this.#exporter.reset()
  }

  [Symbol.dispose](): void {
    this.#instrumentation.disable()
    trace.disable()
    context.disable()
  }
}
