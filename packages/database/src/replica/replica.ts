import { setImmediate } from 'node:timers'
import type { Clock } from '@sqlite-efs/lease'
import { Moment } from '@sqlite-efs/lease/internal'
import type { Listeners } from '../contract/events.js'
import type { Connection, FileConnection } from '../engine/connection.js'
import type { FreezeDetector } from '../file/freeze-detector.js'
import type { ReplicaSettings } from '../file/options.js'
import type { ReadWindow } from '../read/read-window.js'
import type { Pragmas } from '../sql/pragmas.js'
import type { Copy } from './copy.js'
import { CurrentFile } from './current-file.js'
import { Journal, type LiveFile } from './direct-files.js'
import { Header, type PageOne, pageOneOf } from './header.js'
import { type OwnCommit, ownCommitOf } from './own-commit.js'
import { refreshByDelta } from './refresh.js'
import { ReplicaNews } from './replica-news.js'
import { SkiRental } from './ski-rental.js'
import { copyAtOnce, copyInBackground, type WholeCopyContext } from './whole-copy.js'

/** What validates the copy is one READ of at least the header; O_DIRECT takes whole blocks. */
const VALIDATION_BYTES = 4_096
/** A file of this size is copied by one READ, in a read window that is open anyway. */
const MAX_AT_ONCE_BYTES = 2 ** 20
/** A pinned copy of this size is copied for a refresh while the caller waits. */
const MAX_DUPLICATE_BYTES = 16 * 2 ** 20
/** After a failure of the disk, or of the live file, the next attempt waits for so long. */
const PAUSE_AFTER_FAILURE_MS = 10_000

/** What a replica works with. */
export interface ReplicaContext {
  path: string
  clock: Clock
  pragmas: Pragmas
  /** Undefined where there is none. */
  settings: Required<ReplicaSettings> | undefined
  listeners: Listeners
  window: ReadWindow
  freeze: FreezeDetector
}

/**
 * A copy of the database on this process's own disk, and what is known of it: {@link Copy} as one commit left it, and one READ of the live
 * file's header tells whether that was the last commit. Only what is proven under SQLite's lock becomes a copy; what can't be proven is
 * read from the live file.
 */
export class Replica {
  readonly #context: ReplicaContext
  readonly #settings: Required<ReplicaSettings> | undefined
  readonly #rental = new SkiRental()
  readonly #ownJournal: Journal
  readonly #file: CurrentFile
  readonly #news: ReplicaNews
  #copy: Copy | undefined
  /** The copy is known to be of an older state, and a delta can't help: no READ is spent on it. */
  #isBehind = false
  #validatedAt: Moment | undefined
  #failedAt: Moment | undefined
  #isCopying = false
  #isChargedNow = false
  #isClosed = false

  constructor(context: ReplicaContext) {
    this.#context = context
    this.#settings = context.settings
    const { path, clock, listeners } = context
    this.#ownJournal = new Journal(path)
    this.#file = new CurrentFile({ path, clock, onMoved: () => this.drop() })
    this.#news = new ReplicaNews(path, listeners)
  }

  /** Whether reads may be answered by a copy, now or later. */
  get isOn(): boolean {
    return this.#settings !== undefined
  }

  /** Whether a READ may show that the copy is true. */
  get isWorthValidating(): boolean {
    return this.isOn && this.#copy !== undefined && !this.#isBehind
  }

  /** The copy, once one READ has shown that it is true; undefined where it is not, or that can't be asked. */
  async validated(): Promise<Copy | undefined> {
    this.#context.freeze.look()
    this.#file.lookForMove()
    const copy = this.#copy
    const live = this.#file.opened
    if (!copy || !live || this.#isBehind) return undefined
    if (this.#isFreshEnough) return copy
    const expected = copy.header
    const begun = new Moment(this.#context.clock)
    let header: Header | undefined
    try {
      header = Header.of(await live.readInBackground(0, VALIDATION_BYTES))
    } catch (error) {
      this.#liveFailed(live, error)
      return undefined
    }
    // A copy that was patched meanwhile, by a commit of this process, say, is of a newer state than the one that was asked for.
    const isTrue = header !== undefined && (header.isSame(expected) || header.isSame(copy.header))
    if (!isTrue || this.#copy !== copy) return undefined
    this.#validatedAt = begun
    return copy
  }

  /** Whether a READ of not long ago is enough for its user. */
  get #isFreshEnough(): boolean {
    const { maxStalenessMs = 0 } = this.#settings ?? {}
    if (maxStalenessMs === 0 || !this.#validatedAt) return false
    return this.#validatedAt.elapsedMs() <= maxStalenessMs
  }

  /**
   * Makes the copy true in a read window: the caller holds SQLite's shared lock, and there is no hot journal. The copy is refreshed by what a
   * commit has changed, or made anew where that pays.
   *
   * @param connection of the window
   * @returns the copy, if it is true now
   */
  trueUnderLock(connection: Connection): Copy | undefined {
    const settings = this.#settings
    if (!settings || this.#isClosed || this.#isPausing) return undefined
    try {
      return this.#trueUnderLock(connection, settings)
    } catch (error) {
      this.drop()
      this.#fail(error)
      return undefined
    }
  }

  #trueUnderLock(connection: Connection, settings: Required<ReplicaSettings>): Copy | undefined {
    const pageOne = pageOneOf(connection)
    if (!pageOne || connection.isMoved) return undefined
    this.#charge(pageOne.header)
    const copy = this.#copy
    if (copy?.header.isSame(pageOne.header)) {
      this.#isBehind = false
      return copy
    }
    const live = this.#file.open(settings)
    if (copy && !this.#isBehind) {
      const refreshed = this.#refreshed(live, copy, pageOne)
      if (refreshed) return refreshed
    }
    return this.#copyIfItPays(settings, live, pageOne)
  }

  #refreshed(live: LiveFile, copy: Copy, pageOne: PageOne): Copy | undefined {
    const { clock } = this.#context
    const since = new Moment(clock)
    const patched = this.#unpinned(copy)
    const delta = patched ? refreshByDelta(clock, live, patched, pageOne) : 'many pages'
    if (typeof delta === 'object' && patched) {
      this.#news.refreshed({ how: 'delta', why: 'commit', ...delta, durationMs: since.elapsedMs() })
      return patched
    }
    this.#isBehind = true
    return undefined
  }

  /** The copy, or another one of the same state, where nobody has it pinned; undefined where that takes too long. */
  #unpinned(copy: Copy): Copy | undefined {
    if (!copy.isPinned) return copy
    if (copy.header.fileBytes > MAX_DUPLICATE_BYTES) return undefined
    const another = copy.duplicate()
    this.#copy = another
    copy.drop()
    return another
  }

  #copyIfItPays(
    { directory, maxBytes }: Required<ReplicaSettings>,
    live: LiveFile,
    pageOne: PageOne,
  ): Copy | undefined {
    const { path, clock, pragmas } = this.#context
    const { fileBytes } = pageOne.header
    if (fileBytes > maxBytes) {
      this.drop()
      this.#news.tooLarge()
      return undefined
    }
    const isSmall = fileBytes <= MAX_AT_ONCE_BYTES
    if (this.#isCopying || !this.#rental.isWorthCopying(fileBytes, isSmall)) return undefined
    const from = { live, place: { path, directory, pragmas } }
    if (!isSmall) {
      void this.#copyInBackground(from)
      return undefined
    }
    const since = new Moment(clock)
    const copy = copyAtOnce(from, pageOne)
    if (copy) this.#adopt(copy, since)
    return copy
  }

  async #copyInBackground(from: WholeCopyContext): Promise<void> {
    this.#isCopying = true
    const since = new Moment(this.#context.clock)
    try {
      const isOver = () => this.#isClosed || this.#file.opened !== from.live
      const copy = await copyInBackground(from, this.#context.window, isOver)
      if (copy && isOver()) copy.drop()
      else if (copy) this.#adopt(copy, since)
      else this.#rental.disturbed()
    } catch (error) {
      this.#fail(error)
    } finally {
      this.#isCopying = false
    }
  }

  #adopt(copy: Copy, since: Moment): void {
    const why = this.#copy ? 'gap' : 'first'
    this.drop()
    this.#copy = copy
    this.#isBehind = false
    const { pageCount: pages, fileBytes: bytes } = copy.header
    this.#news.refreshed({ how: 'whole', why, pages, bytes, durationMs: since.elapsedMs() })
  }

  /** What a window of its own has cost: once for all that share it. */
  #charge(header: Header): void {
    if (this.#isChargedNow) return
    this.#isChargedNow = true
    setImmediate(() => {
      this.#isChargedNow = false
    })
    this.#rental.charge(header)
  }

  /** Takes what an open transaction changes, as it is about to be committed. Never throws: the copy is refreshed by the next read otherwise. */
  beforeCommit(connection: FileConnection): OwnCommit | undefined {
    const copy = this.#copy
    if (!copy || this.#isBehind || !this.#file.isCurrent) return undefined
    try {
      return ownCommitOf(connection, this.#ownJournal, copy)
    } catch {
      return undefined
    }
  }

  /**
   * This process has committed.
   *
   * @param own what it changed; undefined where that is not known
   */
  committed(own: OwnCommit | undefined): void {
    const copy = this.#copy
    if (!own || !copy?.header.isSame(own.before)) {
      this.#validatedAt = undefined
      return
    }
    const since = new Moment(this.#context.clock)
    try {
      const patched = this.#unpinned(copy)
      if (!patched) return this.#detach()
      patched.patch(own.pages, own.pageOne)
      const pages = own.pages.size + 1
      const bytes = pages * copy.header.pageSize
      this.#news.refreshed({ how: 'own', why: 'commit', pages, bytes, durationMs: since.elapsedMs() })
    } catch (error) {
      this.drop()
      this.#fail(error)
    }
  }

  /** The copy is pinned and too large to be copied here: it stays as it is, for those that have it pinned. */
  #detach(): void {
    this.#validatedAt = undefined
    this.#isBehind = true
  }

  /** The copy, or what is known of it, is worth nothing any more: the next reads are of the live file. */
  drop(): void {
    this.#validatedAt = undefined
    this.#isBehind = false
    this.#copy?.drop()
    this.#copy = undefined
  }

  /** The copy could not be read. */
  copyFailed(copy: Copy, error: unknown): void {
    if (this.#copy === copy) this.drop()
    this.#fail(error)
  }

  #liveFailed(live: LiveFile, error: unknown): void {
    this.#file.forget(live)
    // The copy may be as good as before, and the file another one by now: only a lock tells.
    this.drop()
    this.#fail(error)
  }

  get #isPausing(): boolean {
    return this.#failedAt !== undefined && this.#failedAt.elapsedMs() < PAUSE_AFTER_FAILURE_MS
  }

  #fail(error: unknown): void {
    this.#failedAt = new Moment(this.#context.clock)
    this.#news.failed(error)
  }

  /** Gives the copy and its space back. */
  close(): void {
    this.#isClosed = true
    this.#ownJournal.close()
    this.#file.close()
    this.drop()
  }
}
