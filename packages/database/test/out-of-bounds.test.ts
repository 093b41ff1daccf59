import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Libsql from 'libsql'
import { describe, expect, it } from 'vitest'
import { check, restore, snapshot, vacuum } from '../src/maintenance.js'
import { migrate } from '../src/migrations.js'
import { REFUSED_FUNCTIONS, REFUSED_TABLES } from '../src/sql/out-of-bounds.js'
import { isKnownPragma } from '../src/sql/pragmas.js'
import { leaserThatIsNeverAsked } from './support/leasers.js'
import { MigrationFolder } from './support/migration-folder.js'
import { outsider } from './support/outsider.js'
import { nextTick, open, openBank, rows, scratchFolder, scratchPath } from './support/scratch.js'

const REFUSED = { code: 'STATEMENT_REFUSED', message: expect.stringContaining('out of the database') as string }

/** Every way to say it, with a file that must not be written and one that must not be read. */
const statements = (target: string, source: string) => [
  `SELECT writefile('${target}', x'00')`,
  `SELECT WriteFile ('${target}', x'00')`,
  `SELECT "writefile"('${target}', x'00')`,
  `SELECT [writefile]('${target}', x'00')`,
  `SELECT \`writefile\`/* x */('${target}', x'00')`,
  `SELECT writefile -- x\n('${target}', x'00')`,
  `WITH a AS (SELECT writefile('${target}', x'00') AS n) SELECT n FROM a`,
  `SELECT 1 ORDER BY writefile('${target}', x'00')`,
  `INSERT INTO account SELECT 3, writefile('${target}', x'00')`,
  `UPDATE account SET balance = writefile('${target}', x'00')`,
  `DELETE FROM account WHERE writefile('${target}', x'00')`,
  `INSERT INTO account VALUES (3, 1) RETURNING writefile('${target}', x'00')`,
  `SELECT readfile('${source}')`,
  `SELECT name FROM fsdir('${source}')`,
  `SELECT name FROM 'fsdir' WHERE path = '${source}'`,
  `SELECT name FROM "fsdir" WHERE path = '${source}'`,
  `SELECT name FROM main.fsdir('${source}')`,
  `SELECT name FROM account, 'fsdir'('${source}')`,
  `SELECT name FROM (account CROSS JOIN ('fsdir')) WHERE path = '${source}'`,
  `SELECT name FROM account AS window, fsdir WHERE path = '${source}'`,
  `SELECT a.id FROM account a JOIN account b ON a.id IN (b.id), fsdir('${source}')`,
  'SELECT data FROM sqlite_dbpage',
  "SELECT data FROM 'sqlite_dbpage'",
  'SELECT data FROM account JOIN [sqlite_dbpage] ON pgno = id',
  'SELECT (SELECT data FROM main . "SQLITE_dbpage")',
  "SELECT 1 WHERE (1, x'00') IN sqlite_dbpage",
  'UPDATE sqlite_dbpage SET data = zeroblob(4096) WHERE pgno = 1',
  "UPDATE OR IGNORE 'sqlite_dbpage' SET data = zeroblob(4096) WHERE pgno = 1",
  'INSERT INTO sqlite_dbpage (pgno, data) VALUES (1, zeroblob(4096))',
  "REPLACE INTO main.'sqlite_dbpage' VALUES (1, zeroblob(4096))",
  'DELETE FROM sqlite_dbpage',
  'CREATE VIRTUAL TABLE pages USING sqlite_dbpage',
  "CREATE VIRTUAL TABLE pages USING fts5(data, content='sqlite_dbpage')",
  `CREATE TABLE c (x CHECK (writefile('${target}', x) > 0))`,
  `CREATE TABLE c (x DEFAULT (readfile('${source}')))`,
  `CREATE TABLE c (x, y AS (sqlite3mc_config('cipher')))`,
  `CREATE VIEW c AS SELECT readfile('${source}')`,
  `CREATE TRIGGER c AFTER INSERT ON account BEGIN SELECT writefile('${target}', 'x'); END`,
  `CREATE INDEX c ON account (readfile(id))`,
  "SELECT load_extension('x')",
  "SELECT sha3_query('SELECT 1')",
  "SELECT fts3_tokenizer('simple')",
  "SELECT sqlite3mc_config('cipher', 'aes128cbc')",
  'SELECT * FROM pragma_optimize',
  // Names by Unicode's rules, and not by SQLite's: a keyword to one of them, or a space.
  `SELECT name FROM account \u017Felect, fsdir('${source}')`,
  `SELECT name FROM account AS l\u0131m\u0131t, fsdir('${source}')`,
  `\uFEFFSELECT\uFEFF readfile('${source}')`,
  `SELECT 1, readfile(CAST(('${source}') AS materialized(1)))`,
  `EXPLAIN SELECT readfile('${source}')`,
]

describe('a statement that reaches out of the database', () => {
  it('is refused however it is written, alone, in a transaction, in a script and in a migration', async () => {
    const [target, source] = [join(scratchFolder(), 'target'), join(scratchFolder(), 'source')]
    writeFileSync(source, 'secret')
    const bank = await openBank()
    const before = readFileSync(bank.path).subarray(100)
    const [empty, folder] = [open(scratchPath()), new MigrationFolder()]
    const run: string[] = []
    const expectRefused = async (sql: string, where: string, attempt: Promise<unknown>) => {
      const error = await attempt.then(
        () => undefined,
        (it: unknown) => it as { code: string; message: string },
      )
      if (error?.code !== 'STATEMENT_REFUSED' || !error.message.includes('out of the database')) {
        run.push(`${where}: ${sql} (${error?.message})`)
      }
    }
    for (const sql of statements(target, source)) {
      await expectRefused(sql, 'alone', bank.execute(sql))
      for (const mode of ['immediate', 'deferred'] as const) {
        const transaction = await bank.transaction({ mode })
        await expectRefused(sql, mode, transaction.execute(sql))
        await transaction.rollback()
      }
      await expectRefused(sql, 'script', bank.script(`SELECT 1; ${sql}`))
      folder.add({ '1_try': sql })
      await expectRefused(sql, 'migration', migrate(empty, folder.path))
    }
    expect(run).toEqual([])
    expect(existsSync(target)).toBe(false)
    expect(readFileSync(bank.path).subarray(100)).toEqual(before)
    expect(await check(bank)).toEqual([])
  })

  it('is refused while the file is not there yet and something else waits', async () => {
    const target = join(scratchFolder(), 'target')
    const database = open(scratchPath())
    const results = await Promise.allSettled(
      ['CREATE TABLE a (x)', `INSERT INTO a SELECT writefile('${target}', 'x')`].map((sql) => database.execute(sql)),
    )
    expect(results).toMatchObject([{ status: 'fulfilled' }, { status: 'rejected', reason: REFUSED }])
    expect(existsSync(target)).toBe(false)
  })

  it('can not write the file as a read, without the lease', async () => {
    const path = scratchPath()
    await (await openBank({}, path)).close()
    const reader = open(path, { leaser: leaserThatIsNeverAsked() })
    for (const sql of [`SELECT writefile('${path}', x'00')`, 'PRAGMA rekey', "PRAGMA hexkey='00'", 'PRAGMA key']) {
      await expect(reader.execute(sql)).rejects.toMatchObject({ code: 'STATEMENT_REFUSED' })
    }
    expect(await rows(reader, 'SELECT count(*) FROM account')).toEqual([[2n]])
  })

  it.each([
    "SELECT 'readfile(x)', 'sqlite_dbpage', name FROM (SELECT 'fsdir' AS name) WHERE name IN ('fsdir', 'sqlite_dbpage')",
    "INSERT INTO file (readfile, fsdir) VALUES ('fsdir', 'sqlite_dbpage')",
    'SELECT readfile, f.fsdir, "fsdir" FROM file AS f ORDER BY f.fsdir, readfile -- writefile(1, 2)',
    'SELECT * FROM generate_series(1, 3)',
    "SELECT * FROM json_each('[1, 2]')",
    "SELECT floor(1.5), sqrt(4), sha3('x'), uuid() <> '', regexp('a', 'b')",
    "SELECT * FROM pragma_table_info('file')",
    'SELECT name FROM file AS offset, (SELECT 1 AS name)',
    "SELECT 'a' IS NOT DISTINCT FROM 'fsdir'",
    'WITH a AS (SELECT 1), edit (x, y) AS (SELECT 1, 2), eval(z) AS NOT MATERIALIZED (SELECT 3) SELECT * FROM a, edit, eval',
    'INSERT INTO file AS edit (readfile) VALUES (1) RETURNING readfile',
  ])('is not one that only holds such a name as a column or a text, or what stays inside: %s', async (sql) => {
    const database = open(scratchPath())
    await database.script('CREATE TABLE file (readfile, fsdir)')
    await expect(database.execute(sql)).resolves.toBeDefined()
  })
})

describe('a file that another program gave a schema that reaches out of the database', () => {
  it.each([
    [
      'a CHECK constraint',
      (to: string) =>
        `CREATE TABLE bad (x CHECK (writefile('${to}', x) >= 0)); PRAGMA ignore_check_constraints=ON; INSERT INTO bad VALUES ('x')`,
    ],
    ['a default', (to: string) => `CREATE TABLE bad (x, y DEFAULT (writefile('${to}', 'x')))`],
    ['a generated column', () => `CREATE TABLE bad (x, y AS (sqlite3mc_config('cipher')))`],
    ['a view', (to: string) => `CREATE VIEW bad AS SELECT writefile('${to}', 'x')`],
    ['a view of a folder', () => `CREATE VIEW bad AS SELECT name FROM fsdir('/')`],
    ['a view of raw pages', () => 'CREATE VIEW bad AS SELECT data FROM "sqlite_dbpage"'],
    [
      'a trigger',
      (to: string) => `CREATE TRIGGER bad AFTER UPDATE ON account BEGIN SELECT "WriteFile"('${to}', 'x'); END`,
    ],
    ['a virtual table', () => 'CREATE VIRTUAL TABLE bad USING sqlite_dbpage'],
  ])('is not used, and the message names what to drop: %s', async (_, schema) => {
    const [path, target] = [scratchPath(), join(scratchFolder(), 'target')]
    const bank = await openBank({}, path)
    await rows(bank, 'SELECT count(*) FROM account')
    // The read window closes.
    await nextTick()
    const copy = `${path}.copy`
    const stranger = new Libsql(path)
    stranger.exec(schema(target))
    stranger.close()
    const unused = { code: 'CONFIGURATION', message: expect.stringContaining('drop bad') as string }
    const deferred = async () => {
      const transaction = await bank.transaction({ mode: 'deferred' })
      await transaction.rollback()
    }
    for (const attempt of [
      () => bank.execute('SELECT count(*) FROM account'),
      () => bank.execute('UPDATE account SET balance = 1'),
      () => bank.execute('PRAGMA integrity_check'),
      () => bank.script('UPDATE account SET balance = 1'),
      () => bank.transaction(),
      deferred,
      () => check(bank),
      () => snapshot(bank, copy),
      () => vacuum(bank),
      // Another database, into which this file is restored.
      async () => restore(await openBank(), path),
    ]) {
      await expect(attempt()).rejects.toMatchObject(unused)
    }
    // An owner who trusts the file drops that, and the file is used again.
    const owner = outsider(path)
    const type = (
      owner.prepare("SELECT type FROM sqlite_schema WHERE name = 'bad'").raw().all([]) as [string][]
    )[0]?.[0]
    owner.exec(`DROP ${type} bad`)
    expect([existsSync(target), existsSync(copy)]).toEqual([false, false])
    expect(await rows(bank, 'SELECT sum(balance) FROM account')).toEqual([[200n]])
  })
})

/** Names that were looked at, and stay inside the database. */
const SAFE_FUNCTIONS = `
  -> ->> abs acos acosh asin asinh atan atan2 atanh atn2 avg bm25 ceil ceiling changes char charindex coalesce concat concat_ws cos cosh
  cot coth count cume_dist current_date current_time current_timestamp date datetime degrees dense_rank difference exp first_value floor
  format fts5 fts5_source_id geopoly_area geopoly_bbox geopoly_blob geopoly_ccw geopoly_contains_point geopoly_group_bbox geopoly_json
  geopoly_overlap geopoly_regular geopoly_svg geopoly_within geopoly_xform glob group_concat hex highlight ifnull iif instr json
  json_array json_array_length json_error_position json_extract json_group_array json_group_object json_insert json_object json_patch
  json_quote json_remove json_replace json_set json_type json_valid jsonb jsonb_array jsonb_extract jsonb_group_array
  jsonb_group_object jsonb_insert jsonb_object jsonb_patch jsonb_remove jsonb_replace jsonb_set julianday lag last_insert_rowid
  last_rows_affected last_value lead leftstr length libsql_vector_idx like likelihood likely ln log log10 lower lower_quartile lsmode
  ltrim match matchinfo max median min mode nth_value ntile nullif octet_length offsets optimize padc padl padr percent_rank pi power
  printf proper quote radians random randomblob rank regexp regexpi replace replicate reverse rightstr round row_number rtreecheck
  rtreedepth rtreenode rtrim sha3 sign sin sinh snippet soundex sqlite_compileoption_get sqlite_compileoption_used sqlite_crypt
  sqlite_log sqlite_source_id sqlite_version sqrt square stdev strfilter strftime string_agg substr substring subtype sum tan tanh time
  timediff total total_changes trim typeof unhex unicode unixepoch unlikely upper upper_quartile uuid uuid_blob uuid_str variance vector
  vector16 vector1bit vector32 vector64 vector8 vector_distance_cos vector_distance_l2 vector_extract vectorb16 zeroblob`
const SAFE_MODULES = `
  carray dbstat fts3 fts3tokenize fts4 fts4aux fts5 fts5vocab generate_series geopoly json_each json_tree rtree rtree_i32 sqlite_stmt
  vector_top_k`
const words = (text: string) => text.trim().split(/\s+/)

describe('what libsql registers', () => {
  const namesIn = (list: string) => {
    const libsql = new Libsql(':memory:')
    const names = libsql.prepare(`SELECT DISTINCT name FROM ${list}`).raw().all([]) as [string][]
    return names.map(([name]) => name)
  }

  it('is known to be safe, or refused: look at what a new version brings, and put it in one of the lists', () => {
    const functions = new Set([...words(SAFE_FUNCTIONS), ...REFUSED_FUNCTIONS])
    expect(namesIn('pragma_function_list').filter((name) => !functions.has(name))).toEqual([])
    const modules = new Set([...words(SAFE_MODULES), ...REFUSED_TABLES])
    const isPragma = (name: string) => name.startsWith('pragma_') && isKnownPragma(name.slice(7))
    expect(namesIn('pragma_module_list').filter((name) => !modules.has(name) && !isPragma(name))).toEqual([])
  })

  it('has each PRAGMA that is known, and no other', () => {
    expect(namesIn('pragma_pragma_list').filter((name) => !isKnownPragma(name))).toEqual([])
  })

  it('takes no value in the form of a table but for those that only read: a SELECT sets nothing', () => {
    const libsql = new Libsql(':memory:')
    const reading = words(
      'foreign_key_check foreign_key_list index_info index_list index_xinfo integrity_check quick_check table_info table_list table_xinfo',
    )
    const taking = namesIn('pragma_pragma_list').filter((name) => {
      try {
        // Their one hidden column may be the schema; two are a value and the schema.
        libsql.prepare(`SELECT * FROM pragma_${name}(1, 'main')`)
        return true
      } catch {
        return false
      }
    })
    expect(taking.filter((name) => !reading.includes(name) && !REFUSED_TABLES.has(`pragma_${name}`))).toEqual([])
  })
})
