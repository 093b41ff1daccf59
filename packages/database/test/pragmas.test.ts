import { describe, expect, it } from 'vitest'
import { mergePragmas } from '../src/sql/pragmas.js'
import { outsider } from './support/outsider.js'
import { openBank, rows, scratchPath } from './support/scratch.js'

describe('a PRAGMA that sets what is set already', () => {
  it.each([
    'PRAGMA foreign_keys = ON',
    'pragma Foreign_Keys(yes)',
    'PRAGMA main."foreign_keys" = \'1\'',
    'PRAGMA synchronous = FULL',
    'PRAGMA synchronous=2',
    'PRAGMA journal_mode = persist',
    'PRAGMA journal_mode("PERSIST")',
    'PRAGMA locking_mode=NORMAL',
    'PRAGMA cache_size = -32768',
    'PRAGMA temp_store = memory',
    'PRAGMA busy_timeout = 0',
    'PRAGMA mmap_size = 0',
    'PRAGMA cache_spill = off',
  ])('changes nothing, and answers as SQLite does: %s', async (sql) => {
    const bank = await openBank()
    const plain = outsider(scratchPath())
    plain.exec('PRAGMA journal_mode=PERSIST; PRAGMA mmap_size=0')
    const statement = plain.prepare(sql)
    const expected = statement.reader ? (statement.raw().safeIntegers().all([]) as unknown[][]) : []
    expect(await rows(bank, sql)).toEqual(expected)
    for (const mode of ['immediate', 'deferred'] as const) {
      const transaction = await bank.transaction({ mode })
      await transaction.execute('UPDATE account SET balance = 5')
      expect(await rows(transaction, sql)).toEqual(expected)
      await transaction.commit()
    }
    await bank.script(`${sql}; UPDATE account SET balance = 7`)
    expect(await rows(bank, 'SELECT sum(balance) FROM account')).toEqual([[14n]])
  })

  it.each([
    ['PRAGMA cache_size = -9', 'PRAGMA cache_size = -32768'],
    ['PRAGMA synchronous = EXTRA', 'PRAGMA synchronous = FULL'],
  ])('goes by the `pragmas` option: %s, and not %s', async (same, other) => {
    const bank = await openBank({ pragmas: { cache_size: -9, synchronous: 'EXTRA' } })
    await expect(bank.execute(same)).resolves.toMatchObject({ rows: [] })
    await expect(bank.execute(other)).rejects.toMatchObject({ code: 'STATEMENT_REFUSED' })
    await expect(bank.script(other)).rejects.toMatchObject({ code: 'STATEMENT_REFUSED' })
  })
})

describe('the `pragmas` option', () => {
  it.each([
    [{ foreign_kyes: 'ON' }, /foreign_kyes.*SQLite has no such PRAGMA/],
    [{ key: 'secret' }, /SQLite has no such PRAGMA/],
    [{ constructor: 1 }, /SQLite has no such PRAGMA/],
    [{ defer_foreign_keys: 'ON' }, /first statement of the transaction/],
    [{ table_info: 'account' }, /not a setting: run it as a statement/],
    [{ page_size: 8192 }, /kept in the file/],
    [{ count_changes: 'ON' }, /changes what statements return/],
    [{ temp_store_directory: 'x' }, /whole process/],
    [{ synchronous: 'OFF' }, /could be lost/],
    [{ synchronous: 'false' }, /could be lost/],
    [{ synchronous: 'NO' }, /could be lost/],
    [{ synchronous: 0 }, /could be lost/],
    [{ synchronous: 7 }, /NORMAL, FULL or EXTRA/],
    [{ synchronous: 'FUL' }, /NORMAL, FULL or EXTRA/],
    [{ foreign_keys: 'enabled' }, /ON or OFF/],
  ])('refuses %o, and says why', (pragmas, message) => {
    const attempt = () => mergePragmas(pragmas as Record<string, string>)
    expect(attempt).toThrow(message)
    expect(attempt).toThrow(expect.objectContaining({ code: 'CONFIGURATION' }) as Error)
  })

  it('is in force on every connection that it is taken for', async () => {
    const pragmas = {
      analysis_limit: 100,
      automatic_index: 'OFF',
      cache_size: -1000,
      cell_size_check: 'true',
      foreign_keys: 0,
      fullfsync: 'YES',
      ignore_check_constraints: 1,
      legacy_alter_table: 'ON',
      max_page_count: 1000,
      recursive_triggers: 'ON',
      reverse_unordered_selects: 'ON',
      secure_delete: 'FAST',
      synchronous: 'EXTRA',
      temp_store: 'FILE',
      threads: 2,
      trusted_schema: 'OFF',
    }
    const bank = await openBank({ pragmas })
    const inForce = [100n, 0n, -1000n, 1n, 0n, 1n, 1n, 1n, 1000n, 1n, 1n, 2n, 3n, 1n, 2n, 0n]
    for (const mode of ['immediate', 'deferred'] as const) {
      const transaction = await bank.transaction({ mode })
      const values: unknown[] = []
      for (const name of Object.keys(pragmas)) values.push((await rows(transaction, `PRAGMA ${name}`))[0]?.[0])
      expect(values).toEqual(inForce)
      await transaction.rollback()
    }
  })
})
