import { format } from 'node:util'
import { Debug } from '@prisma/driver-adapter-utils'
import { afterEach, expect, test, vi } from 'vitest'
import { Workbench } from './support/clients.js'

afterEach(() => {
  Debug.disable()
  vi.restoreAllMocks()
})

test('the debug output has every statement, and no parameter', async () => {
  await using bench = await new Workbench().migrate()
  const prisma = bench.ours()
  const lines: string[] = []
  vi.spyOn(console, 'warn').mockImplementation((...args) => void lines.push(format(...args)))
  Debug.enable('prisma:driver-adapter:sqlite-efs')
  await prisma.user.create({ data: { email: 'secret@example.org', posts: { create: { title: 'hunter2' } } } })
  await prisma.user.findMany({ where: { email: 'secret@example.org' } })
  await prisma.user.create({ data: { email: 'secret@example.org' } }).catch(() => undefined)
  await prisma.$queryRaw`SELECT ${'hunter2'}`
  const output = lines.join('\n')
  expect(output).toContain('prisma:driver-adapter:sqlite-efs')
  expect(output).toContain('INSERT INTO')
  expect(output).toContain('[commit]')
  expect(output).toContain('failed')
  expect(output).not.toContain('hunter2')
  expect(output).not.toContain('secret@example.org')
})
