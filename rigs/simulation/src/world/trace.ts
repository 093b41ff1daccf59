/** One thing that happened. */
export interface TraceEntry {
  atMs: number
  /** Whose doing it was: `m1`, or `-` for the world's. */
  by: string
  what: string
}

/** Everything that happens in a run, as a hash; as text too, where somebody wants to read it. */
export class Trace {
  /** Kept only where it was asked for. */
  readonly entries: TraceEntry[] | undefined
  #low = 0x811c9dc5
  #high = 0x1b873593

  constructor(options: { keep: boolean }) {
    this.entries = options.keep ? [] : undefined
  }

  add(atMs: number, by: string, what: string): void {
    this.#mix(Math.floor(atMs % 2 ** 31))
    this.#mix(Math.floor((atMs % 1) * 2 ** 20))
    for (let i = 0; i < by.length; i++) this.#mix(by.charCodeAt(i))
    for (let i = 0; i < what.length; i++) this.#mix(what.charCodeAt(i))
    this.entries?.push({ atMs, by, what })
  }

  /** Two runs that differ in anything have different ones. */
  get hash(): string {
    const part = (lane: number) => (lane >>> 0).toString(16).padStart(8, '0')
    return part(this.#high) + part(this.#low)
  }

  #mix(value: number): void {
    this.#low = Math.imul(this.#low ^ value, 0x01000193)
    this.#high = Math.imul(this.#high ^ (value + 0x7f4a7c15), 0x5bd1e995) ^ (this.#high >>> 15)
  }
}
