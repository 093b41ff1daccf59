import { dirname } from 'node:path'
import type { Recorded } from '@sqlite-efs/storage-faults'

/** A change of a file's content that may or may not have reached the disk. */
export type ContentChange = { kind: 'write'; offset: number; data: Buffer } | { kind: 'truncate'; length: number }

/** A change of a folder that may or may not have reached the disk. A rename takes one name and gives another in one step. */
export interface NameChange {
  takes?: string
  gives?: { name: string; file: StoredFile }
}

/** A file by itself, under whatever names it has. */
export class StoredFile {
  /** Content that is on disk for sure. */
  certain: Buffer
  /** Later changes, in the order in which they were made. */
  pending: ContentChange[] = []

  constructor(certain: Buffer = Buffer.alloc(0)) {
    this.certain = certain
  }

  sync(): void {
    for (const change of this.pending) this.certain = changed(this.certain, change)
    this.pending = []
  }
}

/**
 * A disk that promises no more than POSIX does. A file's content is certain once the file was synced, and a name once its folder was.
 * Before that, changes reach the disk in any order, in part, or not at all.
 */
export class Disk {
  /** Names that are on disk for sure. */
  readonly certainNames: Map<string, StoredFile>
  pendingNames: NameChange[] = []
  /** Names as a running process sees them. */
  readonly #names: Map<string, StoredFile>

  constructor(files: ReadonlyMap<string, Buffer>) {
    this.certainNames = new Map([...files].map(([name, content]) => [name, new StoredFile(content)]))
    this.#names = new Map(this.certainNames)
  }

  /** Files that a power loss may leave under some name. */
  files(): Set<StoredFile> {
    const given = this.pendingNames.flatMap(({ gives }) => (gives ? [gives.file] : []))
    return new Set([...this.certainNames.values(), ...given])
  }

  apply({ call, path, to, offset, data }: Recorded): void {
    const file = this.#names.get(path)
    switch (call) {
      case 'create':
        return this.#rename({ gives: { name: path, file: new StoredFile() } })
      case 'write':
        return void file?.pending.push({ kind: 'write', offset, data })
      case 'truncate':
        return void file?.pending.push({ kind: 'truncate', length: offset })
      case 'sync':
        return file ? file.sync() : this.#syncFolder(path)
      case 'link':
        return this.#rename({ gives: { name: to, file: mustBeThere(file, path) } })
      case 'rename':
        return this.#rename({ takes: path, gives: { name: to, file: mustBeThere(file, path) } })
      case 'unlink':
        return this.#rename({ takes: path })
    }
  }

  #rename(change: NameChange): void {
    applyName(this.#names, change)
    this.pendingNames.push(change)
  }

  #syncFolder(folder: string): void {
    const isIn = ({ takes, gives }: NameChange) => dirname(gives?.name ?? takes ?? '') === folder
    for (const change of this.pendingNames) if (isIn(change)) applyName(this.certainNames, change)
    this.pendingNames = this.pendingNames.filter((change) => !isIn(change))
  }
}

export function applyName(names: Map<string, StoredFile>, { takes, gives }: NameChange): void {
  if (takes !== undefined) names.delete(takes)
  if (gives) names.set(gives.name, gives.file)
}

/** The content after a change; what lies between the old end and the change is zeros. */
export function changed(content: Buffer, change: ContentChange): Buffer {
  if (change.kind === 'truncate') return resized(content, change.length)
  const end = change.offset + change.data.length
  const result = resized(content, Math.max(content.length, end))
  change.data.copy(result, change.offset)
  return result
}

function resized(content: Buffer, length: number): Buffer {
  const result = Buffer.alloc(length)
  content.copy(result)
  return result
}

function mustBeThere(file: StoredFile | undefined, path: string): StoredFile {
  if (!file) throw new Error(`The recording names ${path}, and there is no such file`)
  return file
}
