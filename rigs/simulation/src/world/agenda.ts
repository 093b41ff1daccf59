/** Something that is to happen at a moment. */
interface Entry {
  atMs: number
  order: number
  callback: (() => void) | undefined
}

/** What is to happen, soonest first; of two at the same moment, the one that was put in first. A binary heap. */
export class Agenda {
  readonly #heap: Entry[] = []
  #added = 0

  /** The returned function calls it off. */
  add(atMs: number, callback: () => void): () => void {
    const entry: Entry = { atMs, order: this.#added++, callback }
    const heap = this.#heap
    let i = heap.push(entry) - 1
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (isBefore(heap[parent]!, entry)) break
      heap[i] = heap[parent]!
      i = parent
    }
    heap[i] = entry
    return () => {
      entry.callback = undefined
    }
  }

  /** Takes out the next thing that is due until `untilMs` and was not called off. */
  next(untilMs: number): { atMs: number; callback: () => void } | undefined {
    for (;;) {
      const first = this.#heap[0]
      if (!first || (first.callback && first.atMs > untilMs)) return undefined
      this.#removeFirst()
      if (first.callback) return { atMs: first.atMs, callback: first.callback }
    }
  }

  #removeFirst(): void {
    const heap = this.#heap
    const last = heap.pop()!
    if (heap.length === 0) return
    let i = 0
    for (;;) {
      const left = 2 * i + 1
      if (left >= heap.length) break
      const right = left + 1
      const child = right < heap.length && isBefore(heap[right]!, heap[left]!) ? right : left
      if (isBefore(last, heap[child]!)) break
      heap[i] = heap[child]!
      i = child
    }
    heap[i] = last
  }
}

const isBefore = (a: Entry, b: Entry) => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
