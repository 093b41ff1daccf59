import type { Contender } from '../contract/lease.js'
import type { LineItem } from './line-item.js'
import type { Entry } from './line-store.js'

/**
 * One operation of the line, on an item that it may change as it likes. False: its condition does not hold, and the item
 * is as it was.
 */
export type Transition = (item: LineItem) => boolean

/** An item that nobody has written yet. */
export const emptyItem = (ticket = 0): LineItem => ({ ticket, contenders: [] })

/** {@link LineStore.join}, wherever the item is kept. */
export const joined =
  (entry: Entry): Transition =>
  (item) => {
    if (find(item, entry.id)) return false
    item.contenders.push({ ...entry, ticket: ++item.ticket })
    return true
  }

/** {@link LineStore.renew} */
export const renewed =
  (id: string, ticket: number, aliveUntilMs: number): Transition =>
  (item) => {
    const entry = find(item, id, ticket)
    if (!entry || entry.aliveUntilMs > aliveUntilMs) return false
    entry.aliveUntilMs = aliveUntilMs
    return true
  }

/** {@link LineStore.leave} */
export const left =
  (id: string, ticket?: number): Transition =>
  (item) =>
    remove(item, find(item, id, ticket))

/** {@link LineStore.yield} */
export const yielded =
  (from: { id: string; ticket: number }, entry: Entry): Transition =>
  (item) => {
    if (!remove(item, find(item, from.id, from.ticket))) return false
    item.contenders.push({ ...entry, ticket: ++item.ticket })
    return true
  }

/** {@link LineStore.sweep} */
export const swept =
  (seen: Contender, atMs: number): Transition =>
  (item) => {
    const entry = find(item, seen.id, seen.ticket)
    if (entry?.aliveUntilMs !== seen.aliveUntilMs) return false
    item.swept = { owner: seen.owner, ticket: seen.ticket, atMs }
    return remove(item, entry)
  }

/** {@link LineStore.raise} */
export const raised =
  (floor: number): Transition =>
  (item) => {
    if (item.ticket >= floor) return false
    item.ticket = floor
    return true
  }

function find(item: LineItem, id: string, ticket?: number): Contender | undefined {
  return item.contenders.find((it) => it.id === id && (ticket === undefined || it.ticket === ticket))
}

function remove(item: LineItem, entry: Contender | undefined): boolean {
  if (!entry) return false
  item.contenders = item.contenders.filter((it) => it !== entry)
  return true
}
