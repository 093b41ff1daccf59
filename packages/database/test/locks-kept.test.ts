import { closeSync, openSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { LocalLeaser } from '@sqlite-efs/lease'
import { describe, expect, it } from 'vitest'
import { inspectDataFile } from '../src/file/data-file.js'
import { type Database, inspectFile, openDatabase } from '../src/index.js'
import { check, recover, snapshot } from '../src/maintenance.js'
import { migrationStatus } from '../src/migrations.js'
import { MigrationFolder } from './support/migration-folder.js'
import { runChild } from './support/run-child.js'
import { openBank, rows, scratchPath } from './support/scratch.js'

const SUM = 'SELECT sum(balance) FROM account'

const seenFromOutside = async (path: string) => (await runChild('is-read.ts', [path])).output

async function useBriefly(path: string): Promise<void> {
  const database = openDatabase({ path, leaser: new LocalLeaser() })
  await rows(database, SUM)
  await database.close()
}

/**
 * POSIX drops all locks of a process on a file as soon as the process closes any descriptor of it, so none of our code may open the
 * database but through SQLite (https://www.sqlite.org/howtocorrupt.html#posix_close_bug).
 */
describe('the locks of a read that lasts are kept while the same process', () => {
  it.each<[string, (bank: Database, path: string) => Promise<unknown>]>([
    ['reads', (bank) => rows(bank, SUM)],
    ['checks the file', (bank) => check(bank)],
    ['looks at the file', async (_, path) => [inspectDataFile(path), inspectFile(path)]],
    ['makes a snapshot', (bank, path) => snapshot(bank, join(dirname(path), 'copy.db'))],
    ['asks for migrations', (bank) => migrationStatus(bank, new MigrationFolder({ first: 'SELECT 1' }).path)],
    ['looks for something to recover', (bank) => recover(bank)],
    [
      'puts the journal back',
      async (_, path) => {
        rmSync(`${path}-journal`)
        await useBriefly(path)
      },
    ],
    ['opens and closes it again', (_, path) => useBriefly(path)],
  ])('%s', async (_, action) => {
    const path = scratchPath()
    const bank = await openBank({}, path)
    const reading = await bank.transaction({ mode: 'deferred' })
    await reading.execute(SUM)
    await action(bank, path)
    expect(await seenFromOutside(path)).toBe('read')
    await reading.rollback()
  })

  it.skipIf(process.platform === 'win32')('would be lost if it opened and closed the file itself, once', async () => {
    const path = scratchPath()
    const bank = await openBank({}, path)
    const reading = await bank.transaction({ mode: 'deferred' })
    await reading.execute(SUM)
    closeSync(openSync(path, 'r'))
    expect(await seenFromOutside(path)).toBe('free')
    await reading.rollback()
  })
})
