import type { Contender } from '@sqlite-efs/lease'
import { DynamoDBLineStore, type LineAnswer, type LineStore } from '@sqlite-efs/lease/internal'
import { Agenda } from './agenda.js'
import type { Fate, Sender } from './fate.js'
import { SimulatedTable } from './table.js'
import { Trace } from './trace.js'

/** Simulated time, machines, network and table behind the real waiting and holding code. */
export class World {
  /** True time: epoch milliseconds. */
  nowMs = 1_800_000_000_000
  readonly trace: Trace
  readonly table = new SimulatedTable()
  /** The table without a network in between: applied and answered at once. */
  readonly store: LineStore = new DynamoDBLineStore(this.table)
  /** The operation of every request that was sent. */
  readonly requests: string[] = []
  /** The line after each write, for reads that are stale. */
  readonly history: { atMs: number; key: string; answer: LineAnswer }[] = []
  /** What becomes of a request; asked once for each. */
  fate: (operation: string, from: Sender) => Partial<Fate> = () => ({})
  /** Called after everything that happens. */
  check: () => void = () => {}
  /** Called when somebody was swept who stood in `line`. */
  swept: (gone: Contender, line: Contender[]) => void = () => {}
  /** While it is set, clocks show true time also where a process is ahead of it: see {@link Machine.block}. */
  isBeingChecked = false
  /** Messages of an earlier one are lost. */
  epoch = 0
  readonly #agenda = new Agenda()
  #machines = 0

  constructor(options: { trace?: Trace } = {}) {
    this.trace = options.trace ?? new Trace({ keep: false })
  }

  /** A name for the next machine that was given none. */
  nextName(): string {
    return `m${this.#machines++}`
  }

  after(ms: number, callback: () => void): () => void {
    return this.at(this.nowMs + Math.max(0, ms), callback)
  }

  at(atMs: number, callback: () => void): () => void {
    return this.#agenda.add(Math.max(atMs, this.nowMs), callback)
  }

  /** Lets time pass until `promise` settles. */
  async run<T>(promise: Promise<T>): Promise<T> {
    let settled = false
    const settle = () => {
      settled = true
    }
    promise.then(settle, settle)
    for (;;) {
      await turn()
      if (settled) return promise
      if (!this.#step(Number.POSITIVE_INFINITY)) throw new Error('The promise never settles: nothing is left to happen')
    }
  }

  async pass(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms
    do await turn()
    while (this.#step(untilMs))
    this.nowMs = untilMs
  }

  #step(untilMs: number): boolean {
    const next = this.#agenda.next(untilMs)
    if (!next) return false
    this.nowMs = Math.max(this.nowMs, next.atMs)
    next.callback()
    this.isBeingChecked = true
    try {
      this.check()
    } finally {
      this.isBeingChecked = false
    }
    return true
  }
}

/**
 * Resolves when everything has run that needs no time. Node runs all microtasks before the next immediate; and as
 * nothing here does I/O, there is nothing whose turn could come in between.
 */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
