import { copyFile, open } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from '@sqlite-efs/toolkit/temporary-folder'
import Libsql from 'libsql'
import { isWhole, PROBE, probeOf } from './world.js'

/**
 * The random number of a journal that is there to be rolled back, or belongs to somebody who writes: each transaction draws one
 * (https://www.sqlite.org/fileformat2.html#the_rollback_journal). Undefined where there is no such journal.
 */
export async function hotJournal(database: string): Promise<string | undefined> {
  try {
    await using journal = await open(`${database}-journal`, 'r')
    const { buffer } = await journal.read(Buffer.alloc(16), 0, 16, 0)
    const isHot = buffer.toString('hex', 0, 8) === 'd9d505f920a163d7'
    return isHot ? buffer.toString('hex', 12, 16) : undefined
  } catch {
    return undefined
  }
}

/** Shows `look` a copy of the file and its journal, as they lie on the server, when all is quiet: the original belongs to the guests. */
export async function lookAtCopy<T>(database: string, look: (copy: string) => T): Promise<T> {
  using folder = temporaryFolder('nfs-tests')
  const copy = join(folder.path, 'copy.db')
  await copyFile(database, copy)
  await copyFile(`${database}-journal`, `${copy}-journal`).catch(() => {})
  return look(copy)
}

/**
 * What is wrong with the file at the end: nothing, if the list is empty.
 *
 * @param acknowledged what each writer was told is done
 * @param refused what each writer was told was not written
 */
export function whatIsWrong(database: string, acknowledged: Numbers, refused: Numbers = {}): Promise<string[]> {
  return lookAtCopy(database, (copy) => examine(copy, acknowledged, refused))
}

/** The transactions of each writer. */
type Numbers = Readonly<Record<string, readonly number[]>>

/** The same of a file that nobody uses. */
export function examine(path: string, acknowledged: Numbers, refused: Numbers): string[] {
  const libsql = new Libsql(`file:${path}?vfs=unix`)
  const wrong: string[] = []
  try {
    const all = (sql: string) => libsql.prepare(sql).raw().all([]) as unknown[][]
    const integrity = all('PRAGMA integrity_check').map(([line]) => String(line))
    if (integrity.join() !== 'ok') wrong.push(`integrity_check: ${integrity.slice(0, 3).join('; ')}`)
    const probe = probeOf(all(PROBE)[0])
    if (!isWhole(probe)) wrong.push(`half a transaction is in the file: ${JSON.stringify(probe)}`)
    const writtenBy = (owner: string) =>
      new Set(all(`SELECT n FROM entry WHERE who = '${owner}'`).map(([n]) => Number(n)))
    for (const [owner, numbers] of Object.entries(acknowledged)) {
      const written = writtenBy(owner)
      const lost = numbers.filter((n) => !written.has(n))
      if (lost.length > 0) wrong.push(`acknowledged to ${owner}, and not there: ${lost.join(', ')}`)
    }
    for (const [owner, numbers] of Object.entries(refused)) {
      const written = writtenBy(owner)
      const there = numbers.filter((n) => written.has(n))
      if (there.length > 0) wrong.push(`said not to be written to ${owner}, and there: ${there.join(', ')}`)
    }
  } catch (error) {
    wrong.push(`the file can't be read: ${String(error)}`)
  } finally {
    libsql.close()
  }
  return wrong
}
