import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import Libsql from 'libsql'
import { describe, expect, it } from 'vitest'
import { PrismaSqliteEfs } from '../src/index.js'
import { PrismaClient } from './generated/prisma/client.js'
import { Workbench } from './support/clients.js'
import { READS, type Read } from './support/reads.js'
import { Traces } from './support/traces.js'

const commitNow = fileURLToPath(new URL('support/commit-now.mjs', import.meta.url))
const createTag = fileURLToPath(new URL('support/create-tag.ts', import.meta.url))

/** A database with users and their posts, and the number of reads of each window that was closed. */
class Bench extends Workbench {
  readonly windows: number[] = []
  #probe: Libsql.Database | undefined

  /** Whether SQLite's lock is held just now. */
  get isLocked(): boolean {
    if (!this.#probe) {
      this.#probe = new Libsql(this.file)
      this.#probe.exec('PRAGMA journal_mode=PERSIST; PRAGMA busy_timeout=0')
    }
    try {
      this.#probe.exec('BEGIN EXCLUSIVE; ROLLBACK')
      return false
    } catch {
      return true
    }
  }

  /** A client that tells of its windows. */
  reader(log = false): PrismaClient {
    const adapter = new PrismaSqliteEfs({
      url: this.file,
      lease: 'local',
      onEvent: (event) => {
        if (event.type === 'read-window') this.windows.push(event.reads)
      },
    })
    const client = new PrismaClient(log ? { adapter, log: [{ emit: 'event', level: 'query' }] } : { adapter })
    if (log) client.$on('query' as never, () => {})
    return this.manage(client)
  }

  async fill(): Promise<this> {
    await this.migrate()
    const prisma = this.ours()
    for (const n of [1, 2, 3]) {
      const posts = [{ title: 'one', tags: { create: { name: `tag ${n}` } } }, { title: 'two' }]
      await prisma.user.create({
        data: { email: `${n}@example.org`, profile: { create: { bio: 'b' } }, posts: { create: posts } },
      })
    }
    return this
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    this.#probe?.close()
    await super[Symbol.asyncDispose]()
  }

  /** Another process commits, while this one's only thread does nothing else. */
  commitElsewhere(): string {
    return execFileSync(process.execPath, [commitNow, this.file], { encoding: 'utf8' })
  }
}

const reads = Object.entries(READS)
const single = reads.filter(([, { areSeveral }]) => !areSeveral)

/** Runs each operation twice, for a text that is new and for one that is known, and reports what `seen` sees after each. */
async function afterEach<T>(prisma: PrismaClient, seen: (read: Read) => T): Promise<Record<string, T[]>> {
  const all: Record<string, T[]> = {}
  for (const [name, read] of reads) {
    await read.run(prisma)
    const first = seen(read)
    await read.run(prisma)
    all[name] = [first, seen(read)]
  }
  return all
}

const everywhere = <T>(value: T) => Object.fromEntries(reads.map(([name]) => [name, [value, value]]))

describe('User code that computes after a read', () => {
  it('keeps no other process from committing, whatever was read', { timeout: 120_000 }, async () => {
    await using bench = await new Bench().fill()
    const prisma = bench.reader()
    for (const [name, { run }] of reads) {
      await run(prisma)
      expect({ [name]: bench.commitElsewhere() }).toEqual({ [name]: 'committed' })
    }
  })

  it('holds no lock if queries are logged', async () => {
    await using bench = await new Bench().fill()
    expect(await afterEach(bench.reader(true), () => bench.isLocked)).toEqual(everywhere(false))
  })

  it('holds no lock if queries are traced', async () => {
    await using bench = await new Bench().fill()
    using _traces = new Traces()
    expect(await afterEach(bench.reader(), () => bench.isLocked)).toEqual(everywhere(false))
  })

  it('holds no lock inside a query extension', async () => {
    await using bench = await new Bench().fill()
    const seen = new Set<boolean>()
    const prisma = bench.reader().$extends({
      query: {
        async $allOperations({ args, query }) {
          try {
            return await query(args)
          } finally {
            seen.add(bench.isLocked)
          }
        },
      },
    })
    await afterEach(prisma as unknown as PrismaClient, () => undefined)
    expect([...seen]).toEqual([false])
  })

  it('holds no lock while another operation of the same process reads on, however they overlap', async () => {
    await using bench = await new Bench().fill()
    const prisma = bench.reader()
    const seen: boolean[] = []
    for (let apart = 0; apart < 60; apart++) {
      const later = async () => {
        for (let n = 0; n < apart; n++) await Promise.resolve()
        await READS['findMany with include of three levels']?.run(prisma)
        seen.push(bench.isLocked)
      }
      const first = async () => {
        await prisma.user.count()
        seen.push(bench.isLocked)
      }
      await Promise.all([first(), later(), first()])
    }
    expect(seen).toHaveLength(180)
    expect(seen).not.toContain(true)
  })

  it('lets a client of another process write', async () => {
    await using bench = await new Bench().fill()
    const prisma = bench.reader()
    await prisma.user.count()
    const run = ['--conditions=@sqlite-efs/source', '--import', 'tsx', createTag, bench.file, 'elsewhere']
    expect(execFileSync(process.execPath, run, { encoding: 'utf8' })).toBe('written')
    expect(await prisma.tag.count({ where: { name: 'elsewhere' } })).toBe(1)
  })
})

describe('The SELECTs of one operation', () => {
  const windowsOfEach = async (bench: Bench, prisma: PrismaClient) => {
    const all: Record<string, number[]> = {}
    for (const [name, { run }] of single) {
      await run(prisma)
      bench.windows.length = 0
      await run(prisma)
      all[name] = [...bench.windows]
    }
    return all
  }
  const one = Object.fromEntries(single.map(([name, { selects = 1 }]) => [name, [selects]]))

  it('share one lock', async () => {
    await using bench = await new Bench().fill()
    expect(await windowsOfEach(bench, bench.reader())).toEqual(one)
  })

  it('share one lock if queries are logged', async () => {
    await using bench = await new Bench().fill()
    expect(await windowsOfEach(bench, bench.reader(true))).toEqual(one)
  })

  it('share one lock if they are traced', async () => {
    await using bench = await new Bench().fill()
    using _traces = new Traces()
    expect(await windowsOfEach(bench, bench.reader())).toEqual(one)
  })
})
