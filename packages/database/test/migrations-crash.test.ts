import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { check } from '../src/maintenance.js'
import { migrate, migrationStatus } from '../src/migrations.js'
import { MigrationFolder } from './support/migration-folder.js'
import { open, rows, scratchPath } from './support/scratch.js'

const PROGRAM = fileURLToPath(new URL('support/migrate-slowly.ts', import.meta.url))
const LONG = `CREATE TABLE two (a);
  INSERT INTO two WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT max(i) FROM n`

it('a deploy that is killed in the middle of a migration leaves nothing of it, and the next deploy applies it', async () => {
  const path = scratchPath()
  const folder = new MigrationFolder({ '1_one': 'CREATE TABLE one (a)', '2_two': LONG })
  const flags = ['--conditions=@sqlite-efs/source', '--import', 'tsx']
  const child = spawn(process.execPath, [...flags, PROGRAM, path, folder.path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  for await (const line of createInterface(child.stdout)) {
    if (line === 'applying 2_two') child.kill('SIGKILL')
  }
  expect(await exited).toEqual([null, 'SIGKILL'])
  const database = open(path)
  expect(await migrationStatus(database, folder.path)).toMatchObject({
    applied: ['1_one'],
    pending: ['2_two'],
    failed: [],
  })
  expect(await rows(database, "SELECT name FROM sqlite_schema WHERE name = 'two'")).toEqual([])
  folder.add({ '2_two': 'CREATE TABLE two (a)' })
  expect(await migrate(database, folder.path)).toEqual({ applied: ['2_two'] })
  expect(await check(database)).toEqual([])
})
