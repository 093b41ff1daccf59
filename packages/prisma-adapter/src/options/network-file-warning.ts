import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { canonicalPath } from '@sqlite-efs/database/internal'
import { MEMORY } from './url.js'

/** Types of file systems that other hosts may mount too, by the number that statfs(2) gives on Linux. */
const NETWORK_FILE_SYSTEMS = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xfe534d42, 'SMB'],
  [0xff534d42, 'CIFS'],
])

/** What the warning asks, and where it goes. */
export interface WarningSeams {
  /** The type of the file system that a folder is on, as statfs(2) has it. */
  typeOf(folder: string): number
  warn(message: string, options: { type: string; code: string }): void
}

/** A warning that is given once: that a local line on a network file system keeps no other host out. */
export class NetworkFileWarning {
  readonly #seams: WarningSeams
  #isGiven = false

  constructor(seams: Partial<WarningSeams> = {}) {
    this.#seams = {
      typeOf: (folder) => statfsSync(folder).type,
      warn: (message, options) => process.emitWarning(message, options),
      ...seams,
    }
  }

  /** Looks where the database is, or will be. */
  check(path: string): void {
    if (this.#isGiven || path === MEMORY) return
    const kind = this.#networkFileSystemOf(dirname(canonicalPath(path)))
    if (kind === undefined) return
    this.#isGiven = true
    const message = `${path} is on ${kind}, and lease: 'local' excludes no writer on another host: the file may lose what was acknowledged. Name a DynamoDB table (lease.tableName) unless this host alone writes it.`
    this.#seams.warn(message, { type: 'SqliteEfsWarning', code: 'SQLITE_EFS_LOCAL_ON_NFS' })
  }

  #networkFileSystemOf(folder: string): string | undefined {
    try {
      // As 32 bits without a sign: some kernels extend it.
      return NETWORK_FILE_SYSTEMS.get(this.#seams.typeOf(folder) >>> 0)
    } catch {
      // A folder that is not there will be missed by whoever opens the file.
      return undefined
    }
  }
}
