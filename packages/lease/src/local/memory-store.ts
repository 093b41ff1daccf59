import type { LineItem } from '../line/line-item.js'
import type { LineAnswer } from '../line/line-store.js'
import { emptyItem, type Transition } from '../line/line-transitions.js'
import { TransitionLineStore } from './transition-store.js'

/** The line's operations on items in memory: the same conditions, no network. */
export class MemoryLineStore extends TransitionLineStore {
  readonly #items: Map<string, LineItem>

  constructor(items = new Map<string, LineItem>()) {
    super()
    this.#items = items
  }

  protected read(key: string): LineAnswer {
    return { done: true, item: structuredClone(this.#items.get(key) ?? emptyItem()) }
  }

  protected write(key: string, transition: Transition): LineAnswer {
    const item = this.#items.get(key) ?? emptyItem()
    this.#items.set(key, item)
    return { done: transition(item), item: structuredClone(item) }
  }
}
