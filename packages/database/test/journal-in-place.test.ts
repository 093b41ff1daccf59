import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { journalPathOf, keepJournal, putJournalInPlace } from '../src/file/journal.js'
import { scratchPath } from './support/scratch.js'

const MAGIC = Buffer.from('d9d505f920a163d7', 'hex')
const namesBeside = (path: string) => readdirSync(dirname(path)).toSorted()

describe('a journal is put in place', () => {
  it('never over one that is there: another process may be in its COMMIT', () => {
    const path = scratchPath()
    const journal = journalPathOf(path)
    const content = Buffer.concat([MAGIC, Buffer.alloc(1000, 7)])
    writeFileSync(journal, content)
    const { ino } = statSync(journal)
    expect(putJournalInPlace(path)).toBe(false)
    expect(statSync(journal).ino).toBe(ino)
    expect(readFileSync(journal)).toEqual(content)
    expect(namesBeside(path)).toEqual([basename(journal)])
  })

  it('never over an empty one: whoever has it open would write to a file without a name', () => {
    const path = scratchPath()
    const journal = journalPathOf(path)
    writeFileSync(journal, '')
    const { ino } = statSync(journal)
    expect(putJournalInPlace(path)).toBe(false)
    expect(statSync(journal)).toMatchObject({ ino, size: 0 })
  })

  it('where there is none, with a header of zeros and nothing else beside it', () => {
    const path = scratchPath()
    expect(putJournalInPlace(path)).toBe(true)
    expect(readFileSync(journalPathOf(path))).toEqual(Buffer.alloc(512))
    expect(namesBeside(path)).toEqual([basename(journalPathOf(path))])
  })
})

describe('the journal is kept', () => {
  it('as it is, where it holds something', () => {
    const path = scratchPath()
    writeFileSync(journalPathOf(path), MAGIC)
    expect(keepJournal(path)).toBe(false)
    expect(readFileSync(journalPathOf(path))).toEqual(MAGIC)
  })

  it('in the same file, where it was emptied', () => {
    const path = scratchPath()
    writeFileSync(journalPathOf(path), '')
    const { ino } = statSync(journalPathOf(path))
    expect(keepJournal(path)).toBe(true)
    expect(statSync(journalPathOf(path))).toMatchObject({ ino, size: 512 })
  })

  it('in a new file, where it was taken away', () => {
    const path = scratchPath()
    expect(keepJournal(path)).toBe(true)
    expect(statSync(journalPathOf(path)).size).toBe(512)
  })
})
