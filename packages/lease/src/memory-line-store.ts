import type { LineItem } from './item.js'
import type { Contender } from './lease.js'
import type { Entry, LineAnswer, LineStore } from './line-store.js'

/** The line's operations on items in memory: the same conditions, no network. */
export class MemoryLineStore implements LineStore {
  readonly #items: Map<string, LineItem>

  constructor(items = new Map<string, LineItem>()) {
    this.#items = items
  }

  async join(key: string, entry: Entry): Promise<LineAnswer> {
    return this.#write(key, (item) => {
      if (find(item, entry.id)) return false
      item.contenders.push({ ...entry, ticket: ++item.ticket })
      return true
    })
  }

  async look(key: string): Promise<LineAnswer> {
    return { done: true, item: structuredClone(this.#item(key)) }
  }

  async renew(key: string, id: string, ticket: number, aliveUntilMs: number): Promise<LineAnswer> {
    return this.#write(key, (item) => {
      const entry = find(item, id, ticket)
      if (!entry || entry.aliveUntilMs > aliveUntilMs) return false
      entry.aliveUntilMs = aliveUntilMs
      return true
    })
  }

  async leave(key: string, id: string, ticket?: number): Promise<LineAnswer> {
    return this.#write(key, (item) => remove(item, find(item, id, ticket)))
  }

  async yield(key: string, from: { id: string; ticket: number }, entry: Entry): Promise<LineAnswer> {
    return this.#write(key, (item) => {
      if (!remove(item, find(item, from.id, from.ticket))) return false
      item.contenders.push({ ...entry, ticket: ++item.ticket })
      return true
    })
  }

  async sweep(key: string, seen: Contender, atMs: number): Promise<LineAnswer> {
    return this.#write(key, (item) => {
      const entry = find(item, seen.id, seen.ticket)
      if (entry?.aliveUntilMs !== seen.aliveUntilMs) return false
      item.swept = { who: seen.who, ticket: seen.ticket, atMs }
      return remove(item, entry)
    })
  }

  async raise(key: string, floor: number): Promise<LineAnswer> {
    return this.#write(key, (item) => {
      if (item.ticket >= floor) return false
      item.ticket = floor
      return true
    })
  }

  #write(key: string, change: (item: LineItem) => boolean): LineAnswer {
    const item = this.#item(key)
    this.#items.set(key, item)
    return { done: change(item), item: structuredClone(item) }
  }

  #item(key: string): LineItem {
    return this.#items.get(key) ?? { ticket: 0, contenders: [] }
  }
}

function find(item: LineItem, id: string, ticket?: number): Contender | undefined {
  return item.contenders.find((it) => it.id === id && (ticket === undefined || it.ticket === ticket))
}

function remove(item: LineItem, entry: Contender | undefined): boolean {
  if (!entry) return false
  item.contenders = item.contenders.filter((it) => it !== entry)
  return true
}
