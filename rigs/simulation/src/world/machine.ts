import type { Clock, LeaseEvent, Leaser, LeaserOptions } from '@sqlite-efs/lease'
import { checkOptions, LineLeaser } from '@sqlite-efs/lease/internal'
import { seeded } from '@sqlite-efs/toolkit/random'
import { type Host, NetworkStore } from './network.js'
import { hash } from './random.js'
import type { World } from './world.js'

/**
 * One machine with one process: clocks of its own, that a freeze stops, and a kill that silences it.
 *
 * What blocks its only thread (a statement, a COMMIT) takes time too. JavaScript can't be stopped in the middle, so the
 * process runs ahead: its clocks show the end of the block at once, what it sends is sent then, and what it is sent
 * before that waits until then.
 */
export class Machine implements Clock, Host {
  readonly world: World
  readonly name: string
  readonly events: LeaseEvent[] = []
  /** Hears of the events as they happen. */
  onEvent: (event: LeaseEvent) => void = () => {}
  skewMs: number
  #blockedUntilMs = 0
  #noFreezeUntilMs = 0
  #frozenSinceMs: number | undefined
  #frozenMs = 0
  #killed = false
  #thawing: { kind: 'timer' | 'message'; callback: () => void }[] = []
  #leasers = 0
  #unanswered = 0
  #whenQuiet: (() => void)[] = []

  constructor(world: World, { skewMs = 0, name = world.nextName() }: { skewMs?: number; name?: string } = {}) {
    this.world = world
    this.skewMs = skewMs
    this.name = name
  }

  leaser(options: LeaserOptions = {}): Leaser {
    const onEvent = (event: LeaseEvent) => {
      this.events.push(event)
      this.onEvent(event)
    }
    const random = seeded(hash(7, `${this.name}.${this.#leasers++}`))
    const settings = checkOptions({ clock: this, random, onEvent, owner: this.name, ...options })
    return new LineLeaser(new NetworkStore(this, settings.requestTimeoutMs), settings)
  }

  wallMs(): number {
    return this.localMs + this.skewMs
  }

  monotonicMs(): number {
    return (this.#frozenSinceMs ?? this.localMs) - this.#frozenMs
  }

  /** True time as this process has come to: later than the world's while it is blocked. */
  get localMs(): number {
    const { nowMs, isBeingChecked } = this.world
    return isBeingChecked ? nowMs : Math.max(nowMs, this.#blockedUntilMs)
  }

  /** As Node's timers: a millisecond at least. */
  after(ms: number, callback: () => void): () => void {
    return this.#at(this.localMs + Math.max(1, ms), callback)
  }

  /** Calls back when its thread is free: at once, or at the end of a block. */
  soon(callback: () => void): void {
    this.#at(this.localMs, callback)
  }

  #at(atMs: number, callback: () => void): () => void {
    let cancelled = false
    const cancel = this.world.at(atMs, () => this.awake(() => !cancelled && callback(), 'timer'))
    return () => {
      cancelled = true
      cancel()
    }
  }

  /** Calls back now, as soon as the process can, or never. */
  awake(callback: () => void, kind: 'timer' | 'message' = 'message'): void {
    if (this.#killed) return
    if (this.#frozenSinceMs !== undefined) this.#thawing.push({ kind, callback })
    else if (this.isBlocked) this.world.at(this.#blockedUntilMs, () => this.awake(callback, kind))
    else callback()
  }

  /** Has the process use its only thread for so long. */
  block(ms: number): void {
    this.#blockedUntilMs = this.localMs + ms
  }

  /** A request is under way until what is returned is called. */
  asks(): () => void {
    this.#unanswered++
    return () => {
      this.#unanswered--
      for (const callback of this.#whenQuiet.splice(0)) this.whenQuiet(callback)
    }
  }

  /** Calls back when no request is under way, and nothing is left to do about the last answer. */
  whenQuiet(callback: () => void): void {
    this.world.after(0, () => {
      if (this.#unanswered === 0) callback()
      else this.#whenQuiet.push(callback)
    })
  }

  get isBlocked(): boolean {
    return this.#blockedUntilMs > this.world.nowMs
  }

  /** Nothing freezes for so long: the length of a COMMIT is bounded by what was drawn for it. */
  postponeFreezes(ms: number): void {
    this.#noFreezeUntilMs = this.localMs + ms
  }

  /** After a block, and calls back as it happens. */
  freeze(frozen: () => void = () => {}): void {
    if (this.#killed || this.isFrozen) return
    const fromMs = Math.max(this.#blockedUntilMs, this.#noFreezeUntilMs)
    if (fromMs > this.world.nowMs) return void this.world.at(fromMs, () => this.freeze(frozen))
    this.#frozenSinceMs = this.world.nowMs
    frozen()
  }

  /** What waits comes in its order; or the timers come first, as in Node, where they do. */
  thaw(options: { timersFirst?: boolean } = {}): void {
    if (this.#frozenSinceMs === undefined) return
    this.#frozenMs += this.world.nowMs - this.#frozenSinceMs
    this.#frozenSinceMs = undefined
    const waiting = this.#thawing.splice(0)
    if (options.timersFirst) waiting.sort((a, b) => Number(b.kind === 'timer') - Number(a.kind === 'timer'))
    for (const { kind, callback } of waiting) this.world.after(0, () => this.awake(callback, kind))
  }

  /** Adds a line to the trace. */
  note(what: string): void {
    this.world.trace.add(this.world.nowMs, this.name, what)
  }

  kill(): void {
    this.#killed = true
  }

  get isAlive(): boolean {
    return !this.#killed
  }

  get isFrozen(): boolean {
    return this.#frozenSinceMs !== undefined
  }
}
