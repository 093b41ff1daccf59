/** Limits of a {@link TextCache}. */
export interface TextCacheOptions<V> {
  /** Maximum sum of what the entries cost, in bytes. */
  maxBytes: number
  /** An entry that costs more is not kept: it would drive out too many others. */
  maxEntryBytes: number
  /** Maximum number of entries. @default no limit */
  maxEntries?: number
  /** What one entry costs, in bytes. */
  bytesOf(text: string, value: V): number
  /** Called for each value that is not kept, or not any more, for lack of room. */
  onLeft?(bytes: number): void
}

interface Entry<V> {
  value: V
  bytes: number
  /** Since the entry was last considered for removal. */
  isUsed: boolean
}

/**
 * What is known by the text of a statement, bounded by bytes. A list of another length is another text, so a program may have any
 * number of them, and each may be long. Entries that were used stay before those that were not (the clock algorithm): a hit changes
 * one flag, where the order of an LRU cache would cost a point read more than its own look-up. A package for this would be larger
 * than the whole of this module.
 */
export class TextCache<V> {
  readonly #options: TextCacheOptions<V>
  readonly #entries = new Map<string, Entry<V>>()
  #longest = 0
  #bytes = 0

  constructor(options: TextCacheOptions<V>) {
    this.#options = options
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
    // A text that is too long to be there is not hashed.
    if (text.length > this.#longest) return undefined
    const entry = this.#entries.get(text)
    if (!entry) return undefined
    entry.isUsed = true
    return entry.value
  }

  /** Keeps the value, unless it costs too much. */
  set(text: string, value: V): void {
    this.delete(text)
    const bytes = this.#options.bytesOf(text, value)
    if (bytes > this.#options.maxEntryBytes) {
      this.#options.onLeft?.(bytes)
      return
    }
    this.#entries.set(text, { value, bytes, isUsed: false })
    this.#longest = Math.max(this.#longest, text.length)
    this.#bytes += bytes
    this.#makeRoom(text)
  }

  /** Removes what was not used since the last time, from the oldest entry on. */
  #makeRoom(added: string): void {
    const { maxBytes, maxEntries = Number.POSITIVE_INFINITY } = this.#options
    for (const [text, entry] of this.#entries) {
      if (this.#bytes <= maxBytes && this.#entries.size <= maxEntries) return
      if (!entry.isUsed && text !== added) {
        this.delete(text)
        this.#options.onLeft?.(entry.bytes)
        continue
      }
      // It has another round, behind the others.
      entry.isUsed = false
      this.#entries.delete(text)
      this.#entries.set(text, entry)
    }
  }

  delete(text: string): void {
    if (text.length > this.#longest) return
    const entry = this.#entries.get(text)
    if (!entry) return
    this.#entries.delete(text)
    this.#bytes -= entry.bytes
  }

  /** Keeps only the entries for which `isKept` holds. */
  retain(isKept: (text: string) => boolean): void {
    for (const text of this.#entries.keys()) if (!isKept(text)) this.delete(text)
  }

  clear(): void {
    this.#entries.clear()
    this.#bytes = 0
  }
}
