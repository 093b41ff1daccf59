import { type Clock, LeaseError, type LeaseEvent, type Leaser } from '../src/index.js'
import { LineLeaser } from '../src/line-leaser.js'
import { type LineAnswer, type LineStore, StoreFailure } from '../src/line-store.js'
import { MemoryLineStore } from '../src/memory-line-store.js'
import { checkOptions, type LeaserOptions } from '../src/options.js'

interface Timer {
  atMs: number
  callback: () => void
}

/** What becomes of one request; drawn anew for each. */
export interface Fate {
  /** Until the server applies it. */
  requestMs: number
  /** From there until the answer arrives. */
  answerMs: number
  lost?: 'request' | 'answer'
  /** Applied once more, this much later; nobody hears of it. */
  duplicateAfterMs?: number
  throttled?: boolean
  /** A look shows the line as it was this long ago. */
  staleMs?: number
}

/** Simulated time, machines, network and table behind the real waiting and holding code. */
export class World {
  /** True time: epoch milliseconds. */
  nowMs = 1_800_000_000_000
  readonly store = new MemoryLineStore()
  readonly requests: string[] = []
  fate: (operation: string, machine: Machine) => Partial<Fate> = () => ({})
  /** Called after everything that happens. */
  check: () => void = () => {}
  readonly history: { atMs: number; key: string; answer: LineAnswer }[] = []
  readonly #timers: Timer[] = []

  machine(options: { skewMs?: number } = {}): Machine {
    return new Machine(this, options.skewMs ?? 0)
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { atMs: this.nowMs + Math.max(0, ms), callback }
    this.#timers.push(timer)
    return () => {
      const index = this.#timers.indexOf(timer)
      if (index >= 0) this.#timers.splice(index, 1)
    }
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
    let next: Timer | undefined
    for (const timer of this.#timers) if (!next || timer.atMs < next.atMs) next = timer
    if (!next || next.atMs > untilMs) return false
    this.#timers.splice(this.#timers.indexOf(next), 1)
    this.nowMs = Math.max(this.nowMs, next.atMs)
    next.callback()
    this.check()
    return true
  }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** One machine: clocks of its own, that a freeze stops, and a process that a kill silences. */
export class Machine implements Clock {
  readonly world: World
  readonly events: LeaseEvent[] = []
  skewMs: number
  #frozenSinceMs: number | undefined
  #frozenMs = 0
  #killed = false
  #thawing: (() => void)[] = []

  constructor(world: World, skewMs: number) {
    this.world = world
    this.skewMs = skewMs
  }

  leaser(options: LeaserOptions = {}): Leaser {
    const onEvent = (event: LeaseEvent) => void this.events.push(event)
    const settings = checkOptions({ clock: this, random: () => 0.5, onEvent, ...options })
    const random = options.random ?? seeded(++seeds)
    return new LineLeaser(new NetworkStore(this, settings.requestTimeoutMs), { ...settings, random })
  }

  wallMs(): number {
    return this.world.nowMs + this.skewMs
  }

  monotonicMs(): number {
    return (this.#frozenSinceMs ?? this.world.nowMs) - this.#frozenMs
  }

  after(ms: number, callback: () => void): () => void {
    let cancelled = false
    const cancel = this.world.after(ms, () => this.awake(() => !cancelled && callback()))
    return () => {
      cancelled = true
      cancel()
    }
  }

  /** Calls back now, after the thaw, or never. */
  awake(callback: () => void): void {
    if (this.#killed) return
    if (this.#frozenSinceMs === undefined) callback()
    else this.#thawing.push(callback)
  }

  freeze(): void {
    this.#frozenSinceMs ??= this.world.nowMs
  }

  thaw(): void {
    if (this.#frozenSinceMs === undefined) return
    this.#frozenMs += this.world.nowMs - this.#frozenSinceMs
    this.#frozenSinceMs = undefined
    for (const callback of this.#thawing.splice(0)) this.world.after(0, () => this.awake(callback))
  }

  kill(): void {
    this.#killed = true
  }

  get isRunning(): boolean {
    return !this.#killed && this.#frozenSinceMs === undefined
  }
}

/** The table as seen from one machine, over a network that delays, loses and repeats. */
class NetworkStore implements LineStore {
  readonly #machine: Machine
  readonly #timeoutMs: number

  constructor(machine: Machine, timeoutMs: number) {
    this.#machine = machine
    this.#timeoutMs = timeoutMs
  }

  join: LineStore['join'] = (...args) => this.#send('join', args[0], (store) => store.join(...args))
  look: LineStore['look'] = (key, options) =>
    this.#send(options.consistent ? 'read' : 'look', key, (store) => store.look(key))
  renew: LineStore['renew'] = (...args) => this.#send('renew', args[0], (store) => store.renew(...args))
  leave: LineStore['leave'] = (...args) => this.#send('leave', args[0], (store) => store.leave(...args))
  yield: LineStore['yield'] = (...args) => this.#send('yield', args[0], (store) => store.yield(...args))
  sweep: LineStore['sweep'] = (...args) => this.#send('sweep', args[0], (store) => store.sweep(...args))
  raise: LineStore['raise'] = (...args) => this.#send('raise', args[0], (store) => store.raise(...args))

  #send(operation: string, key: string, apply: (store: MemoryLineStore) => Promise<LineAnswer>): Promise<LineAnswer> {
    const machine = this.#machine
    const { world } = machine
    world.requests.push(operation)
    const fate: Fate = { requestMs: 2, answerMs: 2, ...world.fate(operation, machine) }
    return new Promise((resolve, reject) => {
      const fail = (kind: StoreFailure['kind']) =>
        reject(new StoreFailure(kind, new LeaseError('UNREACHABLE', `${operation} failed`)))
      machine.after(this.#timeoutMs, () => fail('ambiguous'))
      if (fate.throttled) return void world.after(4, () => machine.awake(() => fail('throttled')))
      if (fate.lost === 'request') return
      world.after(fate.requestMs, () => {
        void this.#apply(operation, key, fate, apply).then((answer) => {
          const dateMs = Math.floor(world.nowMs / 1000) * 1000
          if (fate.lost === 'answer') return
          world.after(fate.answerMs, () => machine.awake(() => resolve({ ...answer, dateMs })))
        })
      })
      if (fate.duplicateAfterMs === undefined) return
      world.after(fate.requestMs + fate.duplicateAfterMs, () => void this.#apply(operation, key, {}, apply))
    })
  }

  async #apply(
    operation: string,
    key: string,
    { staleMs = 0 }: Partial<Fate>,
    apply: (store: MemoryLineStore) => Promise<LineAnswer>,
  ): Promise<LineAnswer> {
    const { world } = this.#machine
    const answer = await apply(world.store)
    // Only an eventually consistent read: answers to writes and consistent reads are never stale.
    if (staleMs > 0 && operation === 'look') {
      const old = world.history.findLast((it) => it.key === key && it.atMs <= world.nowMs - staleMs)
      return old?.answer ?? { done: true, item: { ticket: 0, contenders: [] } }
    }
    world.history.push({ atMs: world.nowMs, key, answer: { ...answer, done: true } })
    return answer
  }
}

let seeds = 0

/** Mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
