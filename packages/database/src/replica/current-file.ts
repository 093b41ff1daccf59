import type { Clock } from '@sqlite-efs/lease'
import { Moment } from '@sqlite-efs/lease/internal'
import { identityOf } from '../engine/file-identity.js'
import { LOOK_FOR_MOVE_MS } from '../read/read-window.js'
import { type DirectAccess, LiveFile } from './direct-files.js'

/** No page of a database is smaller: https://www.sqlite.org/fileformat2.html#pages */
const SMALLEST_PAGE_BYTES = 512

/** What a {@link CurrentFile} works with. */
export interface CurrentFileContext {
  path: string
  clock: Clock
  /** Another file stands at the path, or none: what is known of the old one is worth nothing. */
  onMoved(): void
}

/** The live file, as long as it is the one at the path: a descriptor reads the file that it opened, however long that has been replaced. */
export class CurrentFile {
  readonly #context: CurrentFileContext
  #live: LiveFile | undefined
  #lookedAt: Moment | undefined

  constructor(context: CurrentFileContext) {
    this.#context = context
  }

  /** The file, if it was opened already. */
  get opened(): LiveFile | undefined {
    return this.#live
  }

  /** Whether the file that was opened is the one at the path. */
  get isCurrent(): boolean {
    return this.#live !== undefined && this.#live.identity === identityOf(this.#context.path)
  }

  /** The file that stands at the path now; throws where it can't be read. */
  open(access: DirectAccess): LiveFile {
    this.#noticeMove()
    if (this.#live) return this.#live
    const live = LiveFile.open(this.#context.path, access)
    // A file system without O_DIRECT answers EINVAL.
    live.read(0, SMALLEST_PAGE_BYTES)
    this.#live = live
    return live
  }

  /** Looks once a second whether another file stands at the path. */
  lookForMove(): void {
    if (this.#lookedAt && this.#lookedAt.elapsedMs() < LOOK_FOR_MOVE_MS) return
    this.#lookedAt = new Moment(this.#context.clock)
    this.#noticeMove()
  }

  #noticeMove(): void {
    if (!this.#live || this.isCurrent) return
    this.close()
    this.#context.onMoved()
  }

  /** The file could not be read: the next attempt opens it anew. */
  forget(live: LiveFile): void {
    if (this.#live === live) this.#live = undefined
    live.forget()
  }

  close(): void {
    this.#live?.close()
    this.#live = undefined
  }
}
