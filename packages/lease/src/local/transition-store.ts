import type { Contender } from '../contract/lease.js'
import type { Entry, LineAnswer, LineStore } from '../line/line-store.js'
import { joined, left, raised, renewed, swept, type Transition, yielded } from '../line/line-transitions.js'

/** The line where an item can be read and changed in one step: what is left to a store is that step. */
export abstract class TransitionLineStore implements LineStore {
  /** Reads the item of a key. */
  protected abstract read(key: string): LineAnswer
  /** Changes the item, if the transition's condition holds, with nobody in between. */
  protected abstract write(key: string, transition: Transition): LineAnswer

  async join(key: string, entry: Entry): Promise<LineAnswer> {
    return this.write(key, joined(entry))
  }

  async look(key: string): Promise<LineAnswer> {
    return this.read(key)
  }

  async renew(key: string, id: string, ticket: number, aliveUntilMs: number): Promise<LineAnswer> {
    return this.write(key, renewed(id, ticket, aliveUntilMs))
  }

  async leave(key: string, id: string, ticket?: number): Promise<LineAnswer> {
    return this.write(key, left(id, ticket))
  }

  async yield(key: string, from: { id: string; ticket: number }, entry: Entry): Promise<LineAnswer> {
    return this.write(key, yielded(from, entry))
  }

  async sweep(key: string, seen: Contender, atMs: number): Promise<LineAnswer> {
    return this.write(key, swept(seen, atMs))
  }

  async raise(key: string, floor: number): Promise<LineAnswer> {
    return this.write(key, raised(floor))
  }
}
