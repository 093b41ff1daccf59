import type { Header } from './header.js'

/**
 * The leaves of the list of free pages (https://www.sqlite.org/fileformat2.html#the_freelist). What is in them means nothing, and SQLite
 * uses one again without journaling it.
 *
 * @param pageAt reads a page of the same state
 * @returns undefined where the list does not end as the header says
 */
export function freeLeaves(header: Header, pageAt: (page: number) => Buffer): Set<number> | undefined {
  const leaves = new Set<number>()
  let found = 0
  for (let trunk = header.firstTrunk; trunk !== 0; ) {
    if (trunk > header.pageCount || found >= header.freePages) return undefined
    const page = pageAt(trunk)
    const count = page.readUInt32BE(4)
    if (8 + 4 * count > page.length) return undefined
    for (let leaf = 0; leaf < count; leaf++) leaves.add(page.readUInt32BE(8 + 4 * leaf))
    found += 1 + count
    trunk = page.readUInt32BE(0)
  }
  return found === header.freePages ? leaves : undefined
}
