import { DatabaseError } from '@sqlite-efs/database'
import { serialDistance } from '@sqlite-efs/database/internal'
import { type Contender, LeaseError } from '@sqlite-efs/lease'
import type { Actor } from '../process/actor.js'
import type { Commit, FileObserver, SimulatedFile, Transaction } from '../process/file.js'
import { KEY } from '../process/process.js'
import type { World } from '../world/world.js'
import { type Rule, Violation } from './violation.js'

/** How a caller's row ended. */
export type Fate = 'acknowledged' | 'refused' | 'unknown'

/** A caller changed its mind, and says so. */
export class RolledBack extends Error {
  constructor() {
    super('rolled back')
  }
}

/** How a row ended whose caller was told of `error`, or of none. */
export function fateOf(error: unknown): Fate {
  if (error === undefined) return 'acknowledged'
  return error instanceof DatabaseError && error.code === 'COMMIT_UNKNOWN' ? 'unknown' : 'refused'
}

/** Looks at the world after every step, and at the file after every COMMIT. The first thing that is wrong is kept. */
export class Checker implements FileObserver {
  readonly processes: Actor[] = []
  violation: Violation | undefined
  readonly counts = { acquired: 0, committed: 0, lost: 0, outlived: 0, swept: 0, thawed: 0, conflicts: 0, unknown: 0 }
  readonly #world: World
  #file: SimulatedFile | undefined
  #lastServed = 0
  /** What each process has run a statement in last. */
  readonly #open = new Map<Actor, Transaction>()
  readonly #rows = new Map<string, Fate>()

  constructor(world: World) {
    this.#world = world
  }

  watch(file: SimulatedFile): void {
    this.#file = file
  }

  /** After each step. @throws Violation */
  check(): void {
    if (this.violation) throw this.violation
    let holder: Actor | undefined
    for (const process of this.processes) {
      if (!process.machine.isAlive || !process.holds) continue
      if (holder) this.#found('one holder', `${holder.machine.name} and ${process.machine.name} hold the lease`)
      holder = process
    }
    if (this.violation) throw this.violation
  }

  granted(process: Actor | undefined, token: number): void {
    this.counts.acquired++
    if (token <= this.#lastServed) {
      this.#found(
        'tickets are served in order',
        `${process?.machine.name ?? 'the last one'} has its turn with ticket ${token}, after ${this.#lastServed} had had it`,
      )
    }
    this.#lastServed = token
  }

  /** The table was made anew: its tickets begin again. */
  tableWasLost(): void {
    this.#lastServed = 0
  }

  /** Somebody was swept who stood in `line`. */
  swept(gone: Contender, line: Contender[]): void {
    this.counts.swept++
    const head = line[0]
    if (!head || head.ticket === gone.ticket) return
    this.#found(
      'nobody is passed over',
      `${gone.owner}#${gone.ticket} was swept as it waited behind ${head.owner}#${head.ticket}`,
    )
  }

  began(process: Actor, transaction: Transaction): void {
    const [other] = this.#file?.commits ?? []
    if (other) {
      this.#found(
        'nothing torn',
        `${process.machine.name} begins at version ${transaction.version} while ${other.process.machine.name} commits`,
      )
    }
  }

  wrote(process: Actor, transaction: Transaction): void {
    const { fence } = transaction
    this.#open.set(process, transaction)
    if (isNewer(fence, process.token)) {
      this.#found(
        'no older ticket after a newer one',
        `${process.machine.name} runs a statement under ticket ${process.token} in a transaction that began after ${fence} had committed`,
      )
    }
  }

  /** The caller was told what the last statement of this process came to. */
  gaveOut(process: Actor): void {
    const { version } = this.#open.get(process) ?? {}
    const { machine } = process
    const { name } = machine
    // A process that ran ahead tells it at the end of its block, if it lives to.
    this.#world.at(machine.localMs, () => {
      const now = this.#file?.version
      if (!machine.isAlive || version === undefined || version === now) return
      this.#found(
        'nothing stale is given out',
        `${name} tells what a statement found at version ${version} of the file, which is at version ${now}`,
      )
    })
  }

  /** An invocation has ended; it is the only one of its process. */
  invocationEnded(process: Actor, { id }: { id: string }): void {
    const { machine } = process
    if (!machine.isAlive || !process.holds) return
    this.#found('an invocation leaves nothing behind', `${machine.name} holds the lease after ${id}`)
  }

  commitStarted(commit: Commit): void {
    if ((this.#file?.commits.size ?? 0) > 1) {
      const names = [...(this.#file?.commits ?? [])].map(({ process }) => process.machine.name)
      this.#found('one committer', `${names.join(' and ')} are past their guards at once`)
    }
    this.#mustBeInLine(commit, 'begins')
  }

  commitEnded(commit: Commit, before: { fence: number | undefined }): void {
    const file = this.#file!
    this.counts.committed++
    const { name } = commit.process.machine
    if (commit.transaction.version !== file.version) {
      const { version } = commit.transaction
      this.#found('no lost update', `${name} commits what it read at version ${version} over version ${file.version}`)
    }
    if (isNewer(before.fence, commit.token) || isNewer(before.fence, commit.transaction.userVersion)) {
      this.#found(
        'the fence never goes back',
        `${name} commits under ticket ${commit.token} and leaves ${commit.transaction.userVersion} in the file, which had ${before.fence}`,
      )
    }
    this.#mustBeInLine(commit, 'ends')
  }

  ended(row: string, fate: Fate): void {
    this.#rows.set(row, fate)
  }

  /** What a caller was told in the place of an answer. */
  heardOf(error: unknown, { machine }: Actor): void {
    if (error instanceof DatabaseError && error.code === 'WRITE_CONFLICT') this.counts.conflicts++
    if (fateOf(error) === 'unknown') this.counts.unknown++
    if (error instanceof DatabaseError || error instanceof LeaseError || error instanceof RolledBack) return
    this.#found('every error is typed', `a caller of ${machine.name} was told ${String(error)}`)
  }

  /** At the end of a run. */
  checkRows(): void {
    const { rows } = this.#file!
    const times = new Map<string, number>()
    for (const row of rows) times.set(row, (times.get(row) ?? 0) + 1)
    for (const [row, fate] of this.#rows) {
      const count = times.get(row) ?? 0
      const isWrong = count > 1 || (fate === 'acknowledged' && count !== 1) || (fate === 'refused' && count !== 0)
      if (isWrong) this.#found('acknowledged means written', `${row} was ${fate} and is in the file ${count} times`)
    }
    if (this.violation) throw this.violation
  }

  #mustBeInLine({ process, token }: Commit, what: string): void {
    const line = this.#world.table.contenders(KEY)
    if (line.some((it) => it.ticket === token)) return
    this.#found(
      'a lost lease is noticed',
      `the COMMIT of ${process.machine.name} ${what} under ticket ${token}, which is not in the line any more`,
    )
  }

  fail(rule: Rule, message: string): never {
    this.#found(rule, message)
    throw this.violation
  }

  #found(rule: Rule, message: string): void {
    if (this.violation) return
    this.violation = new Violation(rule, this.#world.nowMs, message)
    this.#world.trace.add(this.#world.nowMs, '-', `VIOLATION of "${rule}": ${message}`)
  }
}

/** Of two tickets, by the 31 bits that the file keeps. */
const isNewer = (ticket: number | undefined, than: number) =>
  ticket !== undefined && serialDistance(ticket % 2 ** 31, than) > 0
