// What the programs share that run on a small file system of their own.
import { execFileSync } from 'node:child_process'
import { rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PrismaSqliteEfs } from '../../src/index.js'
import { PrismaClient } from '../generated/prisma/client.js'
import { SCHEMA } from './schema.js'

const mount = (...args: string[]) => execFileSync('mount', args)

/** A file system of so many KiB in the folder that the program was given, and the database on it. */
export class SmallDisk {
  readonly folder = process.argv[2]!
  readonly file = join(this.folder, 'app.db')
  readonly #filler = join(this.folder, 'filler')

  constructor(kib: number) {
    mount('-t', 'tmpfs', '-o', `size=${kib}k`, 'tmpfs', this.folder)
  }

  client(): PrismaClient {
    return new PrismaClient({ adapter: this.#adapter(this.file) })
  }

  async migrate(): Promise<void> {
    await this.script(SCHEMA)
  }

  async script(sql: string, file = this.file): Promise<void> {
    const adapter = await this.#adapter(file).connect()
    try {
      await adapter.executeScript(sql)
    } finally {
      await adapter.dispose()
    }
  }

  /** With so small a cache that a transaction would spill it into the file, if it were allowed to. */
  #adapter(url: string): PrismaSqliteEfs {
    return new PrismaSqliteEfs({ url, lease: 'local', pragmas: { cache_size: 10 } })
  }

  /** Leaves room for so many KiB, and no more. */
  fill(leaveKib: number): void {
    this.free()
    const { bavail, bsize } = statfsSync(this.folder)
    writeFileSync(this.#filler, Buffer.alloc(bavail * bsize - leaveKib * 1024))
  }

  free(): void {
    rmSync(this.#filler, { force: true })
  }

  remount(how: 'ro' | 'rw'): void {
    mount('-o', `remount,${how}`, this.folder)
  }
}

/** What came of it: the result, or the error's code and message. */
export const outcomeOf = (promise: Promise<unknown>) =>
  promise.then(
    (result) => ({ result }),
    ({ code, message }: { code?: string; message: string }) => ({ code, message }),
  )

/** What SQLite itself says of the file. */
export const integrity = async (prisma: PrismaClient) =>
  (await prisma.$queryRawUnsafe<{ integrity_check: string }[]>('PRAGMA integrity_check')).map(
    (row) => row.integrity_check,
  )
