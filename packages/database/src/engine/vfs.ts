import Libsql from 'libsql'
import { DatabaseError } from '../contract/errors.js'
import { extendedCodeOf, GENERIC_ERROR } from './sqlite-error.js'

/**
 * SQLite's own VFS (https://www.sqlite.org/vfs.html) for this platform. libsql's default wraps it in one for encrypted files
 * (SQLite3MultipleCiphers 1.8.1), which drops errors: after a failed read, the old bytes of the page buffer become the page.
 */
export const PLAIN_VFS = process.platform === 'win32' ? 'win32' : 'unix'

/** How libsql opens a file. */
export interface OpenOptions {
  mode: 'ro' | 'rw' | 'rwc'
  /** SQLite's VFS; only tests name another one. @default {@link PLAIN_VFS} */
  vfs?: string | undefined
  /** No process changes the file: no locks are taken, and no journal is looked for. */
  immutable?: boolean | undefined
}

/** Opens a file by the VFS that was asked for. Every connection of this package is made here. */
export function openLibsql(path: string, { mode, vfs = PLAIN_VFS, immutable }: OpenOptions): Libsql.Database {
  checkVfs(vfs)
  return openUri(uriOf(path, { mode, vfs, immutable: immutable ? '1' : undefined }))
}

const openUri = (uri: string) => new Libsql(uri)

const checked = new Set<string>()

/**
 * Asks libsql, once for each VFS in a process, whether it opens files by the VFS that the URI names: one that does not exist must be
 * refused. The file is one in memory, so nothing is touched.
 *
 * @param open only tests give another one
 * @throws DatabaseError `CONFIGURATION`
 */
export function checkVfs(vfs: string, open: (uri: string) => Pick<Libsql.Database, 'close'> = openUri): void {
  if (checked.has(vfs)) return
  if (refuses('sqlite-efs-no-such-vfs', open) !== GENERIC_ERROR) {
    throw wrongVfs(`libsql ignores the VFS that it is asked for, ${vfs}, and may take a failed read for a good one`)
  }
  if (refuses(vfs, open) !== undefined) throw wrongVfs(`libsql has no VFS ${vfs} on ${process.platform}`)
  checked.add(vfs)
}

/** The result code with which libsql refuses a VFS; undefined where it does not. */
function refuses(vfs: string, open: (uri: string) => Pick<Libsql.Database, 'close'>): number | undefined {
  try {
    open(uriOf(':memory:', { vfs, mode: 'memory' })).close()
    return undefined
  } catch (error) {
    return extendedCodeOf(error)
  }
}

const wrongVfs = (why: string) =>
  new DatabaseError(
    'CONFIGURATION',
    `No database is opened: ${why}. Install the version of libsql that @sqlite-efs/database depends on, without an override, and report this if it stays.`,
    { option: 'libsql' },
  )

/** A `file:` URI for SQLite (https://www.sqlite.org/uri.html). */
function uriOf(path: string, parameters: Record<string, string | undefined>): string {
  const query = Object.entries(parameters).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]))
  return `file:${path.split('/').map(encodeURIComponent).join('/')}?${query.join('&')}`
}
