import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LocalLeaser } from '@sqlite-efs/lease'
import { describe, expect, test } from 'vitest'
import { NetworkFileWarning } from '../src/options/network-file-warning.js'
import { Workbench } from './support/clients.js'

const ATTEMPT = fileURLToPath(new URL('support/attempt.ts', import.meta.url))

/** What another process on this machine meets, that reads and writes with `lease: 'local'`. */
async function elsewhere(file: string) {
  const child = spawn(process.execPath, ['--conditions=@sqlite-efs/source', '--import', 'tsx', ATTEMPT, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  await once(child, 'close')
  return JSON.parse(output) as Record<'read' | 'write' | 'transaction', { result?: unknown; code?: string }>
}

describe("lease: 'local'", () => {
  test('keeps its line beside the database, from the first write on, and reads make nothing', async () => {
    await using bench = await new Workbench().migrate('official')
    const prisma = bench.ours()
    await prisma.tag.findMany()
    expect(existsSync(`${bench.file}-lease`)).toBe(false)
    await prisma.tag.create({ data: { name: 'a' } })
    expect(existsSync(`${bench.file}-lease`)).toBe(true)
  })

  test('is one line for all processes of the machine, whatever name they reach the file by', async () => {
    await using bench = await new Workbench().migrate()
    const link = join(bench.folder, 'link')
    mkdirSync(link)
    symlinkSync(bench.file, join(link, 'the-same.db'))
    const leaser = new LocalLeaser({ directory: `${bench.file}-lease` })
    const held = await leaser.acquire(`database#${bench.file}`, { owner: 'somebody-else' })
    const kept = await elsewhere(join(link, 'the-same.db'))
    expect(kept).toMatchObject({ read: { result: 0 }, write: { code: 'P1008' }, transaction: { code: 'P1008' } })
    await held.release()
    expect(await elsewhere(bench.file)).toMatchObject({ write: { result: { name: 'x' } } })
  })

  test("takes the waits that a table takes, as protocol: 'local'", async () => {
    await using bench = await new Workbench().migrate()
    const leaser = new LocalLeaser({ directory: `${bench.file}-lease` })
    const key = 'the-app'
    const held = await leaser.acquire(key, { owner: 'somebody-else' })
    const hasty = bench.ours({ lease: { protocol: 'local', key, timeoutMs: 1, transactionTimeoutMs: 2 } })
    await expect(hasty.tag.create({ data: { name: 'a' } })).rejects.toMatchObject({
      code: 'P1008',
      message: expect.stringContaining('lease.timeoutMs') as string,
    })
    await expect(hasty.$transaction((tx) => tx.tag.create({ data: { name: 'a' } }))).rejects.toMatchObject({
      code: 'P1008',
      message: expect.stringMatching(
        /^No turn to write .*app\.db came within 2 ms: .*\. Raise lease\.transactionTimeoutMs, or hold the lease for shorter\.$/,
      ) as string,
    })
    await hasty.$disconnect()

    let heard = () => {}
    const waiting = new Promise<void>((resolve) => {
      heard = resolve
    })
    const patient = bench.ours({
      lease: { protocol: 'local', key, transactionTimeoutMs: 60_000, maxHoldMs: 0, ttlMs: 50_000 },
      onEvent: ({ type }) => type === 'waiting' && heard(),
    })
    const written = patient.$transaction(
      async (tx) => {
        await tx.tag.create({ data: { name: 'b' } })
        return leaser.inspect(key)
      },
      { maxWait: 60_000, timeout: 60_000 },
    )
    await waiting
    await held.release()
    const [holder] = (await written).contenders
    expect(holder?.aliveUntilMs).toBeGreaterThan(Date.now() + 10_000)
  })

  test('a hundred transactions at once are served, where each may wait for long enough', async () => {
    await using bench = await new Workbench().migrate()
    const prisma = bench.ours({ lease: { protocol: 'local', transactionTimeoutMs: 50_000 } })
    const create = (name: string) =>
      prisma.$transaction((tx) => tx.tag.create({ data: { name } }), { maxWait: 50_000, timeout: 50_000 })
    await Promise.all(Array.from({ length: 100 }, (_, i) => create(`${i}`)))
    expect(await prisma.tag.count()).toBe(100)
  })

  test('needs none for a database in memory', async () => {
    await using bench = new Workbench()
    const prisma = bench.ours({ url: ':memory:' })
    await prisma.$executeRaw`CREATE TABLE t (a)`
    expect(existsSync(':memory:-lease')).toBe(false)
  })
})

describe('a local line on a network file system', () => {
  const warnings = (type: number | Error) => {
    const given: [string, { code: string }][] = []
    const warning = new NetworkFileWarning({
      typeOf: () => {
        if (type instanceof Error) throw type
        return type
      },
      warn: (...each) => given.push(each),
    })
    for (const path of [':memory:', '/mnt/efs/app.db', '/mnt/efs/other.db']) warning.check(path)
    return given
  }

  test.each([
    ['NFS', 0x6969],
    ['SMB', 0xfe534d42],
    ['CIFS', 0xff534d42],
    ['CIFS', 0xff534d42 - 2 ** 32],
  ])('is warned of once: %s', (name, type) => {
    const [first, ...others] = warnings(type)
    expect(others).toEqual([])
    expect(first?.[0]).toContain(`/mnt/efs/app.db is on ${name}`)
    expect(first?.[1]).toMatchObject({ code: 'SQLITE_EFS_LOCAL_ON_NFS' })
  })

  test('is no other file system, nor one that can’t be asked', () => {
    // ext4, tmpfs
    for (const type of [0xef53, 0x01021994, new Error('ENOENT')]) expect(warnings(type)).toEqual([])
  })
})
