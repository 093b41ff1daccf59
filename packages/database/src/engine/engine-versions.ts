import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import Libsql from 'libsql'

/** What {@link engineVersions} finds. */
export interface EngineVersions {
  /** The SQLite that libsql was built from, as `3.45.1`. */
  sqlite: string
  /** The npm package libsql that is installed. */
  libsql: string
}

/** The versions of what reads and writes the file in this process. */
export function engineVersions(): EngineVersions {
  const main = createRequire(import.meta.url).resolve('libsql')
  const { version } = JSON.parse(readFileSync(join(dirname(main), 'package.json'), 'utf8')) as { version: string }
  const memory = new Libsql(':memory:')
  try {
    const [[sqlite]] = memory.prepare('SELECT sqlite_version()').raw().all([]) as [[string]]
    return { sqlite, libsql: version }
  } finally {
    memory.close()
  }
}
