import { existsSync, mkdirSync, readdirSync, truncateSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  type JournalState,
  journalPathOf,
  journalSize,
  journalState,
  keepJournal,
  putJournalInPlace,
} from '../src/file/journal.js'
import { scratchFolder, scratchPath } from './support/scratch.js'

const MAGIC = Buffer.from('d9d505f920a163d7', 'hex')

describe('a journal', () => {
  it.each<[JournalState, Buffer | undefined]>([
    ['missing', undefined],
    ['empty', Buffer.alloc(0)],
    ['cold', Buffer.alloc(512)],
    ['cold', Buffer.concat([Buffer.alloc(8), MAGIC])],
    ['cold', MAGIC.subarray(0, 7)],
    ['cold', Buffer.concat([MAGIC.subarray(0, 7), Buffer.alloc(505)])],
    ['hot-or-live', MAGIC],
    ['hot-or-live', Buffer.concat([MAGIC, Buffer.alloc(5000, 1)])],
  ])('is %s by its first bytes', (state, content) => {
    const path = scratchPath()
    if (content) writeFileSync(journalPathOf(path), content)
    expect(journalState(path)).toBe(state)
    expect(journalSize(path)).toBe(content?.length)
  })

  const failing = (errno: number, times: number) => {
    let looks = 0
    return {
      look: (): JournalState => {
        if (++looks > times) return 'cold'
        throw Object.assign(new Error('failed'), { errno: -errno, code: 'EX', syscall: 'open' })
      },
      looks: () => looks,
    }
  }

  it('that another host replaced between the look at its name and the look at it is looked at again, once', () => {
    const stale = failing(constants.errno.ESTALE, 1)
    expect(journalState(scratchPath(), stale.look)).toBe('cold')
    const staleTwice = failing(constants.errno.ESTALE, 2)
    expect(() => journalState(scratchPath(), staleTwice.look)).toThrow(expect.objectContaining({ code: 'SQLITE' }))
    expect(staleTwice.looks()).toBe(2)
  })

  it('that can’t be read is not taken for one that is missing', () => {
    const broken = failing(constants.errno.EIO, 1)
    expect(() => journalState(scratchPath(), broken.look)).toThrow(expect.objectContaining({ code: 'SQLITE' }))
    expect(broken.looks()).toBe(1)
    const path = scratchPath()
    mkdirSync(journalPathOf(path))
    expect(() => journalState(path)).toThrow(expect.objectContaining({ code: 'SQLITE' }))
  })

  it('that can’t be put in place is an error that names the folder’s needs, and leaves nothing behind', () => {
    const folder = scratchFolder()
    const path = join(folder, 'nowhere', 'app.db')
    const refused = expect.objectContaining({ code: 'CONFIGURATION', details: { path, option: 'path' } })
    expect(() => putJournalInPlace(path)).toThrow(refused)
    expect(readdirSync(dirname(dirname(path)))).toEqual([])
  })

  it.runIf(existsSync('/proc/self/fd'))(
    'leaves no descriptor open, however often it is looked at and put in place',
    () => {
      const openFiles = () => readdirSync('/proc/self/fd').length
      const before = openFiles()
      for (let i = 0; i < 20; i++) {
        const path = scratchPath()
        expect(journalState(path)).toBe('missing')
        putJournalInPlace(path)
        expect(journalState(path)).toBe('cold')
        truncateSync(journalPathOf(path))
        expect(journalState(path)).toBe('empty')
        expect(keepJournal(path)).toBe(true)
      }
      expect(openFiles()).toBeLessThan(before + 20)
    },
  )
})
