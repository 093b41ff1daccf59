import { AsyncLocalStorage } from 'node:async_hooks'
import type { Span, SpanAttributes, SpanOptions, Tracer } from '../../src/index.js'

/** A span, as it was when it ended. */
export interface Recorded {
  name: string
  parent: string
  links: string[]
  attributes: SpanAttributes
  error?: string
}

interface Place {
  name: string
}

/** Writes spans down in the order in which they ended. */
export class RecordingTracer implements Tracer {
  readonly spans: Recorded[] = []
  readonly #place = new AsyncLocalStorage<Place>()

  /** Runs `body` as somebody who is traced under this name. */
  as<T>(name: string, body: () => T): T {
    return this.#place.run({ name }, body)
  }

  current(): Place | undefined {
    return this.#place.getStore()
  }

  async span<T>(
    { name, parent, links = [], attributes = {} }: SpanOptions,
    body: (span: Span) => Promise<T>,
  ): Promise<T> {
    const nameOf = (place: object) => (place as Place).name
    if (!parent) return body({ set: () => {} })
    const span: Recorded = { name, parent: nameOf(parent), links: links.map(nameOf), attributes: { ...attributes } }
    try {
      return await this.#place.run({ name }, () => body({ set: (more) => void Object.assign(span.attributes, more) }))
    } catch (error) {
      span.error = (error as { code?: string }).code ?? 'unknown'
      throw error
    } finally {
      this.spans.push(span)
    }
  }
}
