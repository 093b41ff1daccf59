import { setImmediate } from 'node:timers/promises'
import type { Clock } from '@sqlite-efs/lease'

interface Timer {
  atMs: number
  callback: () => void
}

/** Time that passes only when a test says so. */
export class ManualClock implements Clock {
  #wallMs: number
  #monotonicMs = 0
  #timers: Timer[] = []

  constructor(wallMs = Date.now()) {
    this.#wallMs = wallMs
  }

  wallMs = () => this.#wallMs
  monotonicMs = () => this.#monotonicMs

  after(ms: number, callback: () => void): () => void {
    const timer = { atMs: this.#monotonicMs + ms, callback }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((it) => it !== timer)
    }
  }

  /** Lets time pass, and what was to happen in it happen; with `timers: false` not yet, as in a process that is busy. */
  advance(ms: number, { timers = true } = {}): void {
    this.#wallMs += ms
    this.#monotonicMs += ms
    if (!timers) return
    for (;;) {
      const due = this.#timers.filter(({ atMs }) => atMs <= this.#monotonicMs).toSorted((a, b) => a.atMs - b.atMs)[0]
      if (!due) return
      this.#timers = this.#timers.filter((it) => it !== due)
      due.callback()
    }
  }

  /** As a frozen Lambda sees it: the wall clock goes on, and nothing else. */
  freeze(ms: number): void {
    this.#wallMs += ms
  }
}

/** Lets time pass in small steps until the promise is settled. */
export async function passUntil<T>(clock: ManualClock, promise: Promise<T>): Promise<T> {
  const it = { isSettled: false }
  const settled = () => {
    it.isSettled = true
  }
  promise.then(settled, settled)
  for (let rounds = 0; !it.isSettled; rounds++) {
    if (rounds === 1_000) throw new Error('5 s have passed, and it is not settled')
    await setImmediate()
    if (!it.isSettled) clock.advance(5)
  }
  return promise
}
