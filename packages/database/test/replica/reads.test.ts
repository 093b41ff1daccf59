import { describe, expect, it } from 'vitest'
import type { Database, DatabaseEvent, DatabaseOptions } from '../../src/index.js'
import { REPLICA_FOR_TESTS } from '../../src/file/options.js'
import { open, openBank, rows, scratchPath } from '../support/scratch.js'
import Libsql from 'libsql'

const SUM = 'SELECT sum(balance) FROM account'

async function bankWithReplica(options: Partial<DatabaseOptions> = {}) {
  const events: DatabaseEvent[] = []
  const path = scratchPath()
  const bank = await openBank({ onEvent: (event) => events.push(event), [REPLICA_FOR_TESTS]: { isDirect: false }, ...options } as object, path)
  return { bank, path, events }
}

const kinds = (events: DatabaseEvent[]) => events.splice(0).map((e) => e.type === 'read-window' ? `read by ${e.by}` : e.type === 'replica-refreshed' ? `refreshed ${e.how} ${e.why} ${e.pages}` : e.type === 'replica-off' ? `off ${e.reason}` : e.type)

describe('a replica', () => {
  it('works', async () => {
    const { bank, path, events } = await bankWithReplica()
    for (let i = 0; i < 4; i++) expect(await rows(bank, SUM)).toEqual([[200n]])
    console.log(kinds(events))
    await bank.execute('UPDATE account SET balance = 150 WHERE id = 1')
    expect(await rows(bank, SUM)).toEqual([[250n]])
    console.log(kinds(events))
    const other = new Libsql(path)
    other.exec('PRAGMA journal_mode=PERSIST')
    other.exec('UPDATE account SET balance = 151 WHERE id = 1')
    expect(await rows(bank, SUM)).toEqual([[251n]])
    expect(await rows(bank, SUM)).toEqual([[251n]])
    console.log(kinds(events))
    other.exec('UPDATE account SET balance = 152 WHERE id = 1')
    other.exec('UPDATE account SET balance = 153 WHERE id = 1')
    for (let i = 0; i < 4; i++)     expect(await rows(bank, SUM)).toEqual([[253n]])
    console.log(kinds(events))
    await bank.execute('CREATE TABLE x AS SELECT 1 AS a')
    expect(await rows(bank, 'SELECT * FROM x')).toEqual([[1n]])
    const tx = await bank.transaction({ mode: 'deferred' })
    console.log((await tx.execute(SUM)).rows, kinds(events))
    await bank.execute('UPDATE account SET balance = 1 WHERE id = 1')
    console.log((await tx.execute(SUM)).rows, kinds(events))
    await expect(tx.execute('UPDATE account SET balance = 7')).rejects.toMatchObject({ code: 'WRITE_CONFLICT' })
    expect(await rows(bank, SUM)).toEqual([[101n]])
    console.log(kinds(events))
    other.close()
  })
})
