import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LocalLeaser } from '@sqlite-efs/lease'
import Libsql from 'libsql'
import { describe, expect, it } from 'vitest'
import { checkVfs, openLibsql, PLAIN_VFS } from '../src/engine/vfs.js'
import { VFS_FOR_TESTS } from '../src/file/options.js'
import { openDatabase } from '../src/index.js'
import { openBank, scratchPath } from './support/scratch.js'

const SUM = 'SELECT sum(balance) FROM account'

/** What a connection reads once it has a key: a VFS for encrypted files takes the plain pages for encrypted ones. */
function readWithKey(libsql: Libsql.Database): unknown {
  try {
    libsql.exec(`PRAGMA key='a key'`)
    return libsql.prepare(SUM).raw().all([])
  } catch (error) {
    return (error as Error).message
  } finally {
    libsql.close()
  }
}

describe('the VFS', () => {
  it('of every connection is SQLite’s own, and not the one for encrypted files, which drops errors of reads', async () => {
    const path = scratchPath()
    await (await openBank({}, path)).close()
    expect(readWithKey(openLibsql(path, { mode: 'ro', immutable: true }))).toEqual([[200]])
    // So that the line before means something.
    expect(readWithKey(new Libsql(`file:${path}?mode=ro&immutable=1`))).toBe('file is not a database')
  })

  it('is named in one place, by which every file is opened', () => {
    const source = fileURLToPath(new URL('../src', import.meta.url))
    const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
    const opening = files.filter((file) => /new Libsql\(/.test(readFileSync(join(source, file), 'utf8')))
    // The second one opens no file: it asks for SQLite's version in memory.
    expect(opening.toSorted()).toEqual(['engine/engine-versions.ts', 'engine/vfs.ts'])
  })

  it('that libsql does not have is refused, with the way out, and no file is touched', async () => {
    const path = scratchPath()
    await (await openBank({}, path)).close()
    const bank = openDatabase({ path, leaser: new LocalLeaser(), [VFS_FOR_TESTS]: 'none-such' } as never)
    await expect(bank.execute(SUM)).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringMatching(/libsql has no VFS none-such.*Install the version of libsql/) as string,
    })
    await bank.close()
  })

  it('that libsql ignores is refused: it would be the one for encrypted files', () => {
    const ignoring = () => new Libsql(':memory:')
    expect(() => checkVfs('never-asked-for-before', ignoring)).toThrow(/libsql ignores the VFS that it is asked for/)
    expect(() => checkVfs(PLAIN_VFS)).not.toThrow()
  })
})
