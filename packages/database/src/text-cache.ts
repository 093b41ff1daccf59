/** Limits of a {@link TextCache}. */
export interface TextCacheOptions<V> {
  /** Maximum sum of what the entries cost, in bytes. */
  maxBytes: number
  /** What one entry costs, in bytes. */
  bytesOf(text: string, value: V): number
}

/** An entry that costs more than this share of the cache is not kept: it would drive out too many others. */
const MAX_SHARE = 1 / 16

/**
 * What is known by the text of a statement, bounded by bytes: the text used least recently goes first. A list of another length is
 * another text, so programs may have any number of them, and each may be long. A package for this (lru-cache) would be larger than the
 * whole of this module, and would hash a long text before it finds that the text is too long to be there.
 */
export class TextCache<V> {
  readonly #maxBytes: number
  readonly #bytesOf: (text: string, value: V) => number
  /** In the order of their last use. */
  readonly #entries = new Map<string, { value: V; bytes: number }>()
  #latest: string | undefined
  #longest = 0
  #bytes = 0

  constructor({ maxBytes, bytesOf }: TextCacheOptions<V>) {
    this.#maxBytes = maxBytes
    this.#bytesOf = bytesOf
  }

  /** Sum of what the entries cost. */
  get bytes(): number {
    return this.#bytes
  }

  /** Number of entries. */
  get size(): number {
    return this.#entries.size
  }

  get(text: string): V | undefined {
    // A long text is not hashed in vain.
    if (text.length > this.#longest) return undefined
    const entry = this.#entries.get(text)
    if (!entry) return undefined
    if (text !== this.#latest) {
      this.#entries.delete(text)
      this.#entries.set(text, entry)
      this.#latest = text
    }
    return entry.value
  }

  /** Keeps the value, unless it costs too much. */
  set(text: string, value: V): void {
    this.delete(text)
    const bytes = this.#bytesOf(text, value)
    if (bytes > this.#maxBytes * MAX_SHARE) return
    this.#entries.set(text, { value, bytes })
    this.#latest = text
    this.#longest = Math.max(this.#longest, text.length)
    this.#bytes += bytes
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#maxBytes) break
      this.delete(oldest)
    }
  }

  delete(text: string): void {
    if (text.length > this.#longest) return
    const entry = this.#entries.get(text)
    if (!entry) return
    this.#entries.delete(text)
    this.#bytes -= entry.bytes
    if (this.#latest === text) this.#latest = undefined
  }

  /** Keeps only the entries for which `isKept` holds. */
  retain(isKept: (text: string, value: V) => boolean): void {
    for (const [text, { value }] of this.#entries) if (!isKept(text, value)) this.delete(text)
  }

  clear(): void {
    this.#entries.clear()
    this.#bytes = 0
    this.#latest = undefined
  }
}
