import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { LeaseError } from '../contract/errors.js'
import type { LineItem } from '../line/line-item.js'
import { type LineAnswer, StoreFailure } from '../line/line-store.js'
import { emptyItem, type Transition } from '../line/line-transitions.js'
import { nonce, type Random } from '../time/random.js'
import { namePartOf, parseNamePart, parseStoredItem, storedItemOf } from './file-names.js'
import { codeOf, isThere, makeDirectory, removeIfEmpty, removeQuietly, unlessMissing } from './files.js'
import { TransitionLineStore } from './transition-store.js'

/** As often somebody else may be faster before this attempt counts as throttled. */
const MAX_TRIES = 100
/** A listing that runs beside a rename may show neither name; so many in a row mean that there is none. */
const MAX_LISTINGS = 20
/** Bytes. Most file systems allow 255, eCryptfs (encrypted home folders, say) no more than these. */
const MAX_FILE_NAME = 143

/** One state of the item: what it says, and the name of the pointer that makes it the current one. */
interface State {
  version: number
  /** Without an ending: `<version>-<ticket>-<nonce>`, and the item's own part where it has one. */
  name: string
  /** Whether it is in a file of its own: else the name says all. */
  hasFile: boolean
  /** Whether there may be files besides that nothing will point to once this state is over. */
  hasRest: boolean
  item: LineItem
}

/**
 * The line's operations on files of a local disk, for several processes of one machine, without a lock.
 *
 * A key has a folder. In it stands exactly one pointer, an empty file `<version>-<ticket>-<nonce>.line`, and the item is
 * in the file of the same name that ends in `.json` and is never changed. A line of one or of nobody needs no such file: the
 * pointer's own name tells it, in a fourth part, and a turn that nobody waits for costs two renames. An update writes the
 * next `.json`, if it needs one, and then renames the pointer from the name that it read to the next one: rename(2) does
 * that for one contender and fails with ENOENT for all others, who read again and ask anew whether their condition holds.
 * Names are never used twice, so a pointer that has moved on can't be taken for the current one. A folder is made whole,
 * beside its place, and renamed into it, which fails where there is one already.
 *
 * Who is killed at any point leaves at most a file that nothing points to. Nothing is synced: a power failure ends all
 * holders too. It may leave a pointer whose item is torn: an empty line then, whose tickets go on from the one in the
 * pointer's name.
 */
export class FileLineStore extends TransitionLineStore {
  readonly directory: string
  readonly #random: Random
  readonly #folders = new Map<string, string>()
  readonly #known = new Map<string, State>()

  constructor(directory: string, random: Random) {
    super()
    this.directory = directory
    this.#random = random
  }

  protected read(key: string): LineAnswer {
    return this.#attempt(() => {
      const state = this.#current(this.#folderOf(key))
      return { done: true, item: copyOf(state?.item ?? emptyItem()) }
    })
  }

  protected write(key: string, transition: Transition): LineAnswer {
    return this.#attempt(() => {
      const folder = this.#folderOf(key)
      // What was last seen is taken for current: the rename will tell. A refusal must be of what is current for sure.
      let seen = this.#known.get(folder) ?? this.#current(folder)
      for (let tries = 0; tries < MAX_TRIES; tries++, seen = this.#current(folder)) {
        const item = copyOf(seen?.item ?? emptyItem())
        if (!transition(item)) {
          if (tries > 0 || seen === this.#current(folder)) return { done: false, item }
          continue
        }
        const next = nextState(seen, item, nonce(this.#random))
        const text = next.hasFile ? storedItemOf(key, item) : undefined
        if (seen ? replace(folder, seen, next, text) : this.#create(folder, next, text)) {
          // It is done, whether or not the rest can be removed just now.
          if (next.hasFile || seen?.hasRest) next.hasRest = !removeBefore(folder, next) || next.hasFile
          this.#known.set(folder, next)
          return { done: true, item: copyOf(item) }
        }
      }
      throw Object.assign(new Error(`${MAX_TRIES} others were faster`), { code: 'EAGAIN' })
    })
  }

  #folderOf(key: string): string {
    const known = this.#folders.get(key)
    if (known !== undefined) return known
    const folder = join(this.directory, createHash('sha256').update(key).digest('hex').slice(0, 32))
    this.#folders.set(key, folder)
    return folder
  }

  /** Nothing where nobody has written yet. */
  #current(folder: string): State | undefined {
    const known = this.#known.get(folder)
    if (known && isThere(pointer(folder, known.name))) return known
    for (let listings = 0; listings < MAX_LISTINGS; listings++) {
      const names = unlessMissing(() => readdirSync(folder))
      if (!names) return undefined
      const latest = latestOf(names)
      if (!latest) continue
      const text = latest.hasFile ? unlessMissing(() => readFileSync(content(folder, latest.name), 'utf8')) : undefined
      // An item is removed only once its pointer has moved on. One that is missing beside its pointer was never written out.
      if (latest.hasFile && text === undefined && !isThere(pointer(folder, latest.name))) continue
      const item = latest.hasFile ? parseStoredItem(text) : parseNamePart(latest.ticket, latest.part)
      const state = { ...latest, hasRest: names.length > 1, item: item ?? emptyItem(latest.ticket) }
      this.#known.set(folder, state)
      return state
    }
    return undefined
  }

  #create(folder: string, next: State, text: string | undefined): boolean {
    const unborn = `${folder}.${nonce(this.#random)}.new`
    makeDirectory(this.directory)
    try {
      mkdirSync(unborn)
      if (text !== undefined) writeFileSync(content(unborn, next.name), text)
      writeFileSync(pointer(unborn, next.name), '')
      renameSync(unborn, folder)
      return true
    } catch (error) {
      removeQuietly(unborn)
      removeIfEmpty(this.directory)
      // A folder with something in it is never replaced. Or somebody who was faster has cleared this one away.
      if (existsSync(folder) || codeOf(error) === 'ENOENT') return false
      throw error
    } finally {
      if (existsSync(folder)) clearUnborn(folder)
    }
  }

  #attempt(attempt: () => LineAnswer): LineAnswer {
    try {
      return attempt()
    } catch (error) {
      throw failure(this.directory, error as Error)
    }
  }
}

/** structuredClone takes thirty times as long. */
const copyOf = ({ ticket, contenders, swept }: LineItem): LineItem => ({
  ticket,
  contenders: contenders.map((it) => ({ ...it })),
  ...(swept && { swept: { ...swept } }),
})

function nextState(seen: State | undefined, item: LineItem, fresh: string): State {
  const version = (seen?.version ?? 0) + 1
  const name = `${version}-${item.ticket}-${fresh}`
  const part = namePartOf(item)
  const whole = `${name}-${part}`
  return part === undefined || basename(pointer('', whole)).length > MAX_FILE_NAME
    ? { version, name, hasFile: true, hasRest: true, item }
    : { version, name: whole, hasFile: false, hasRest: false, item }
}

/** False: somebody else was faster, or the folder is gone. */
function replace(folder: string, seen: State, next: State, text: string | undefined): boolean {
  const [from, to] = [pointer(folder, seen.name), pointer(folder, next.name)]
  const item = content(folder, next.name)
  let mayHaveMoved = false
  try {
    if (text !== undefined) writeFileSync(item, text, { flag: 'wx' })
    mayHaveMoved = true
    renameSync(from, to)
    return true
  } catch (error) {
    // A rename can fail after it took effect. The pointer that it made was never there before.
    if (mayHaveMoved && isThereAfter(error, to)) return true
    if (text !== undefined) removeQuietly(item)
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
}

/** @throws Unsettled where that can't be found out: the item has to stay then, for the pointer may be there */
function isThereAfter(failed: unknown, path: string): boolean {
  try {
    return isThere(path)
  } catch {
    throw new Unsettled((failed as Error).message, { cause: failed })
  }
}

/**
 * Items of older versions, and of others who wanted to be this one: whoever wrote them began with a pointer that is gone,
 * and will not get to rename it. False where some of them may be left.
 */
function removeBefore(folder: string, current: State): boolean {
  try {
    for (const name of unlessMissing(() => readdirSync(folder)) ?? []) {
      const parsed = parseName(name)
      if (!parsed || parsed.isPointer || parsed.name === current.name || parsed.version > current.version) continue
      unlessMissing(() => unlinkSync(join(folder, name)))
    }
    return true
  } catch {
    return false
  }
}

/** What others who were about to make the folder left. Renamed first, so that none can be put in place half empty. */
function clearUnborn(folder: string): void {
  const isUnborn = (name: string) => name.startsWith(`${basename(folder)}.`) && /\.(new|old)$/.test(name)
  try {
    for (const name of readdirSync(dirname(folder)).filter(isUnborn)) {
      const dead = join(dirname(folder), name.replace(/new$/, 'old'))
      unlessMissing(() => renameSync(join(dirname(folder), name), dead))
      rmSync(dead, { recursive: true, force: true })
    }
  } catch {
    // Somebody else clears up too, or will.
  }
}

/** A listing may show a pointer under its old name and its new one. */
function latestOf(names: string[]) {
  const pointers = names.flatMap((name) => parseName(name) ?? []).filter(({ isPointer }) => isPointer)
  return pointers.toSorted((a, b) => b.version - a.version)[0]
}

function parseName(file: string) {
  const match = /^((\d+)-(\d+)-[a-z2-7]{8}(?:-(.*))?)\.(line|json)$/.exec(file)
  if (!match) return undefined
  const [, name = '', version, ticket, part, ending] = match
  const isPointer = ending === 'line'
  return {
    name,
    version: Number(version),
    ticket: Number(ticket),
    hasFile: part === undefined,
    part: part ?? '',
    isPointer,
  }
}

const pointer = (folder: string, name: string) => join(folder, `${name}.line`)
const content = (folder: string, name: string) => join(folder, `${name}.json`)

/** A write that may have been applied. */
class Unsettled extends Error {}

/** What no second attempt would mend. */
const REFUSALS = ['ENOENT', 'EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG']

function failure(directory: string, error: Error): StoreFailure {
  const code = codeOf(error) ?? ''
  const where = `directory ${JSON.stringify(directory)}`
  if (REFUSALS.includes(code)) {
    const message = `The lease's ${where} must be writable, on a local disk, and hold nothing else (${error.message}).`
    return new StoreFailure('refused', new LeaseError('CONFIGURATION', message, {}, { cause: error }))
  }
  const message = `The lease could not be kept in ${where} (${error.message}).`
  const kind = error instanceof Unsettled ? 'ambiguous' : 'throttled'
  return new StoreFailure(kind, new LeaseError('FILES_FAILED', message, {}, { cause: error }))
}
