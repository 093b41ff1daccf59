import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { inspectFile } from '@sqlite-efs/database'
import { expect, test } from 'vitest'
import { type RunbookBlock, runbook } from './support/runbook.js'
import { Stage } from './support/stages.js'

interface Ended {
  code: number
  output: string
}

/** Runs a block as a reader would, with the folder of the test for the mount. */
function play(stage: Stage, { script }: RunbookBlock): Promise<Ended> {
  const environment = /^export .*$/gm
  const commands = script.replaceAll(environment, '').replaceAll('/mnt/efs', stage.mount)
  return new Promise((resolve) => {
    const options = { cwd: stage.project, env: { HOME: process.env['HOME'], ...stage.env } }
    execFile('sh', ['-eu', '-c', commands], options, (error, stdout, stderr) => {
      const code = error ? (typeof error.code === 'number' ? error.code : 255) : 0
      resolve({ code, output: stdout + stderr })
    })
  })
}

const blocks = ['docs/operations.md', 'docs/migrate-from.md'].flatMap(runbook)

const MIGRATED = { pending: [], failed: [], missing: [], edited: [] }

/** What is there after the block that has these words, beside that it ended as it says. */
const AFTER: Readonly<Record<string, (stage: Stage, output: string) => Promise<void> | void>> = {
  'status\nnpx sqlite-efs release --ticket 4711': async (stage) => {
    expect((await stage.leaser.inspect(stage.key)).contenders).toEqual([])
  },
  'restore --yes': async (stage, output) => {
    expect(await stage.names()).toEqual(['one'])
    const kept = readdirSync(stage.mount).filter((name) => name.startsWith('app.db.before-restore-'))
    expect(kept).toHaveLength(1)
    expect(output).toContain(kept[0])
  },
  'mv /mnt/efs/app.new': async (stage) => {
    await stage.add('another')
    expect(await stage.names()).toEqual(['one', 'another'])
    expect(existsSync(join(stage.mount, 'broken/app.db'))).toBe(true)
  },
  'resolve --rolled-back': async (stage) => {
    expect(await stage.migrationStatus()).toMatchObject(MIGRATED)
  },
  'resolve --applied': async (stage) => {
    expect(await stage.migrationStatus()).toMatchObject(MIGRATED)
  },
  'UPDATE "Item"': async (stage) => {
    expect(await stage.names()).toEqual(['ONE'])
  },
  'create-table\nnpx sqlite-efs run -- true': async (stage) => {
    await stage.add('another')
    expect(await stage.names()).toEqual(['one', 'another'])
  },
  'PRAGMA journal_mode=DELETE': async (stage) => {
    await stage.add('another')
    expect(await stage.names()).toEqual(['another'])
  },
  'sqlite3 /mnt/efs/app.db < dump.sql': async (stage) => {
    expect(await stage.migrationStatus()).toMatchObject({ ...MIGRATED, applied: [stage.init] })
    await stage.add('another')
    expect(await stage.names()).toEqual(['one', 'another'])
  },
  'PRAGMA journal_mode=WAL': (stage) => {
    const header = inspectFile(join(stage.mount, 'last.db')).header
    expect(header).toMatchObject({ journalMode: 'wal', isFenced: false, userVersion: 0 })
  },
  'release --protocol': async (stage) => {
    await stage.add('another')
    expect(await stage.names()).toEqual(['one', 'another'])
  },
}

test('the environment that docs/operations.md begins with is the one that the command line reads', () => {
  expect(blocks[0]?.script).toContain('export DATABASE_URL=file:/mnt/efs/app.db\nexport SQLITE_LOCK_DYNAMODB_TABLE=')
})

test.for(blocks)('$page, line $line, with $stage, does what it says', async (block) => {
  const stage = await Stage.set(block.stage)
  const { code, output } = await play(stage, block)
  expect({ code, output }).toMatchObject({ code: block.exits })
  for (const [words, check] of Object.entries(AFTER)) if (block.script.includes(words)) await check(stage, output)
})

test('what is checked after a block is in the block', () => {
  const missing = Object.keys(AFTER).filter((words) => !blocks.some(({ script }) => script.includes(words)))
  expect(missing).toEqual([])
})
