import { readFileSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { LocalLeaser } from '@sqlite-efs/lease'
import Libsql from 'libsql'
import { describe, expect, it, onTestFinished } from 'vitest'
import { engineVersions } from '../src/engine/engine-versions.js'
import { inspectFile } from '../src/index.js'
import { runChild } from './support/run-child.js'
import { open, openBank, scratchFolder, scratchPath } from './support/scratch.js'

describe('a look at the file', () => {
  it('tells size, journal and fence of a file that was written under the lease', async () => {
    const leaser = new LocalLeaser()
    const path = scratchPath()
    await leaser.raise(`database#${path}`, 41)
    await openBank({ leaser }, path)
    expect(inspectFile(path)).toEqual({
      path,
      state: 'database',
      sizeBytes: statSync(path).size,
      header: {
        pageSize: 4096,
        pages: 2,
        journalMode: 'rollback',
        isFenced: true,
        userVersion: 42,
        applicationId: 0x53514546,
      },
      journal: 'cold',
      journalBytes: statSync(`${path}-journal`).size,
    })
  })

  it('writes nothing, and changes nothing that stands in the folder', async () => {
    const path = scratchPath()
    const database = await openBank({}, path)
    await database.close()
    rmSync(`${path}-journal`)
    const before = readFileSync(path)
    expect(inspectFile(path).journal).toBe('missing')
    expect(readFileSync(path).equals(before)).toBe(true)
    expect(() => statSync(`${path}-journal`)).toThrow('ENOENT')
  })

  it('leaves the locks alone that this process holds on the file', async () => {
    const path = scratchPath()
    const database = await openBank({}, path)
    const transaction = await database.transaction()
    await transaction.execute('UPDATE account SET balance = 1 WHERE id = 1')
    inspectFile(path)
    const held = await runChild('is-locked.ts', [path])
    expect(held.output).toBe('locked')
    await transaction.rollback()
  })

  it('tells how much of its end a file lacks, by the header, and nothing while a journal may bring it back', async () => {
    const path = scratchPath()
    const database = await openBank({}, path)
    await database.script('CREATE TABLE filler AS SELECT randomblob(100000) AS x')
    await database.close()
    const { size } = statSync(path)
    const { missingBytes, header } = inspectFile(path)
    expect({ missingBytes, bytes: header!.pages! * header!.pageSize }).toEqual({ missingBytes: undefined, bytes: size })
    for (const left of [size - 1, size - 4096, 4096, 100]) {
      truncateSync(path, left)
      expect(inspectFile(path)).toMatchObject({ sizeBytes: left, missingBytes: size - left })
    }
    writeFileSync(`${path}-journal`, Buffer.from('d9d505f920a163d7', 'hex'))
    expect(inspectFile(path)).not.toHaveProperty('missingBytes')
  })

  it('finds the journal of a killed writer', async () => {
    const path = scratchPath()
    await (await openBank({}, path)).close()
    await runChild('die-in-commit.ts', [path])
    expect(inspectFile(path)).toMatchObject({ state: 'database', journal: 'hot-or-live' })
  })

  it('finds an empty journal', async () => {
    const path = scratchPath()
    await (await openBank({}, path)).close()
    truncateSync(`${path}-journal`)
    expect(inspectFile(path)).toMatchObject({ journal: 'empty', journalBytes: 0 })
  })

  it('finds WAL mode and what it keeps beside the file', () => {
    const path = scratchPath()
    const libsql = new Libsql(path)
    onTestFinished(() => void libsql.close())
    libsql.exec(
      'PRAGMA page_size=65536; PRAGMA journal_mode=WAL; CREATE TABLE t (a); PRAGMA wal_checkpoint; INSERT INTO t VALUES (1)',
    )
    expect(inspectFile(path)).toMatchObject({
      header: { journalMode: 'wal', pageSize: 65_536, isFenced: false, userVersion: 0, applicationId: 0 },
      walBytes: statSync(`${path}-wal`).size,
      shmBytes: statSync(`${path}-shm`).size,
    })
  })

  it('tells what is not there, and what is empty', () => {
    const path = scratchPath()
    expect(inspectFile(path)).toEqual({ path, state: 'missing', sizeBytes: 0, journal: 'missing', journalBytes: 0 })
    writeFileSync(path, '')
    expect(inspectFile(path)).toMatchObject({ state: 'empty', sizeBytes: 0 })
  })

  it('names the file by its one path', async () => {
    const path = scratchPath()
    await (await openBank({}, path)).close()
    const link = join(dirname(path), 'link.db')
    symlinkSync(path, link)
    expect(inspectFile(link).path).toBe(path)
  })

  it('refuses a folder, a path in no folder, and a file that is no database', () => {
    const folder = scratchFolder()
    writeFileSync(join(folder, 'text.db'), 'hello '.repeat(1000))
    for (const path of [folder, join(folder, 'nowhere/app.db'), join(folder, 'text.db'), 'app.db']) {
      expect(() => inspectFile(path)).toThrow(expect.objectContaining({ code: 'CONFIGURATION' }))
    }
  })
})

it('the versions are those of what is installed', async () => {
  const { sqlite, libsql } = engineVersions()
  const database = open(':memory:')
  expect((await database.execute('SELECT sqlite_version()')).rows).toEqual([[sqlite]])
  expect(libsql).toBe('0.5.29')
})
