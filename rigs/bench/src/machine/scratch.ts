import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PACKAGE } from '../sources.js'

/** What statfs says of a file system that is in memory: its fsync costs nothing. */
const TMPFS = 0x01021994

/** Folders on a disk, which go with it. */
export class Scratch implements Disposable {
  readonly #top: string
  #count = 0

  constructor() {
    const home = statfsSync(tmpdir()).type === TMPFS ? join(PACKAGE, 'temp') : tmpdir()
    mkdirSync(home, { recursive: true })
    this.#top = mkdtempSync(join(home, 'sqlite-efs-bench-'))
  }

  folder(): string {
    const path = join(this.#top, String(++this.#count))
    mkdirSync(path)
    return path
  }

  [Symbol.dispose](): void {
    rmSync(this.#top, { recursive: true, force: true })
  }
}
