import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import type { PrismaClient } from '../../../examples/lambda/src/generated/prisma/client.js'
import { type Block, blocksOf } from '../src/blocks.js'
import { withModule } from '../src/compile.js'
import { readPages, TOP } from '../src/pages.js'
import { scratchFolder } from './support/bookings.js'

const CLI = join(TOP, 'packages/cli/src/main.ts')

const [, section = ''] = readFileSync(join(TOP, 'README.md'), 'utf8').split(/^## (?=Quick start$)/m)
const text = section.split(/^## /m)[0] ?? ''
const [install, client, migrate] = blocksOf({ path: 'README.md', text }) as [Block, Block, Block]

test('the quick start is five lines', () => {
  const blocks = blocksOf({ path: 'README.md', text })
  expect(blocks.map(({ language }) => language)).toEqual(['sh', 'ts', 'sh'])
  expect(blocks.flatMap(({ code }) => code.trim().split('\n'))).toHaveLength(5)
})

test('it installs packages of this repository, and what they ask for', () => {
  const own = readPages()
    .filter(({ path }) => /^packages\/[^/]+\/README\.md$/.test(path))
    .map(({ path }) => JSON.parse(readFileSync(join(TOP, path, '../package.json'), 'utf8')) as { name: string })
    .map(({ name }) => name)
  const words = install.code.split(/\s+/)
  const packages = words.filter((word) => !['npm', 'install', '&&', '--save-dev'].includes(word))
  const others = packages.filter((name) => !own.includes(name))
  expect(packages.length - others.length).toBe(2)
  expect(others.toSorted()).toEqual(['@prisma/client', 'prisma'])
})

test('its lines migrate a database, and write and read it', async () => {
  const path = join(scratchFolder(), 'app.db')
  const here = (code: string) => code.replaceAll('/tmp/app.db', path)
  const [npx, bin, ...args] = here(migrate.code).trim().split(' ')
  expect([npx, bin]).toEqual(['npx', 'sqlite-efs'])
  const node = ['--conditions=@sqlite-efs/source', '--import', import.meta.resolve('tsx'), CLI]
  await promisify(execFile)(process.execPath, [...node, ...args], { cwd: TOP })

  await withModule(here(client.code), async (exported) => {
    const prisma = exported['prisma'] as PrismaClient
    await prisma.event.create({ data: { id: 'a', name: 'A concert', startsAt: new Date() } })
    expect(await prisma.event.count()).toBe(1)
    await prisma.$disconnect()
  })
})
