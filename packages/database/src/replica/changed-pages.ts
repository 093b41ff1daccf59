import { freeLeaves } from './free-list.js'
import type { Header } from './header.js'

/** What the pages of a transaction are told by. */
export interface Change {
  before: Header
  after: Header
  /** The pages that its journal names. */
  journaled: ReadonlySet<number>
  /** Reads a page of the state before. */
  pageBefore(page: number): Buffer
  /** Reads a page of the state after. */
  pageAfter(page: number): Buffer
  /** The most pages that are worth it. */
  maxPages: number
}

/**
 * Reads all pages, except page 1, in which the state after one commit may differ from the state before:
 *
 * - those that the journal names;
 * - those beyond the old end;
 * - those that were leaves of the list of free pages: SQLite does not journal such a page before it uses it again.
 *
 * What is free afterwards means nothing, and is left out.
 *
 * @returns undefined where there are too many, or the list of free pages makes no sense
 */
export function changedPages(change: Change): Map<number, Buffer> | undefined {
  const { before, after, journaled, maxPages } = change
  if (journaled.size > maxPages) return undefined
  const leavesBefore = freeLeaves(before, change.pageBefore)
  if (!leavesBefore) return undefined
  const pages = new Map<number, Buffer>()
  const read = (page: number): Buffer => {
    const known = pages.get(page)
    if (known) return known
    const content = change.pageAfter(page)
    pages.set(page, content)
    return content
  }
  const mayDiffer = (page: number) => journaled.has(page) || page > before.pageCount || leavesBefore.has(page)
  for (const page of journaled) if (page !== 1 && page <= after.pageCount) read(page)
  const leavesAfter = freeLeaves(after, (page) => (mayDiffer(page) ? read(page) : change.pageBefore(page)))
  if (!leavesAfter) return undefined
  const unjournaled: number[] = []
  for (const page of leavesBefore) if (page <= after.pageCount && !leavesAfter.has(page)) unjournaled.push(page)
  if (after.pageCount - before.pageCount > maxPages) return undefined
  for (let page = before.pageCount + 1; page <= after.pageCount; page++) {
    if (!leavesAfter.has(page)) unjournaled.push(page)
  }
  if (pages.size + unjournaled.length > maxPages) return undefined
  for (const page of unjournaled) read(page)
  return pages
}
