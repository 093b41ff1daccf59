import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '@sqlite-efs/toolkit/random'
import type { Guest } from '../guest.js'
import { SERVER_LEASE_S } from '../rig.js'
import type { Stage } from '../stage.js'
import type { Crowd, Worker } from './crowd.js'

export interface InjectorOptions {
  stage: Stage
  crowd: Crowd
  random: Random
  /** Time between two faults, on average. */
  everyMs: number
  /** Of a lease in the line: pauses are shorter, and longer. */
  ttlMs: number
}

/** A run that is longer than this has one freeze that outlasts the server's lease. */
const LONG_RUN_MS = 3 * SERVER_LEASE_S * 1000

/** Kills and stops workers, and freezes whole hosts. */
export class Injector {
  readonly counts = {
    kills: 0,
    'stopped processes': 0,
    'frozen hosts': 0,
    "hosts frozen for longer than the server's lease": 0,
  }
  readonly #options: InjectorOptions
  readonly #underWay = new Set<Promise<void>>()
  #frozen: Guest | undefined

  constructor(options: InjectorOptions) {
    this.#options = options
  }

  /** Resolves when the time is up and everybody that was paused goes on. */
  async run(forMs: number): Promise<void> {
    const { random, everyMs, stage } = this.#options
    const startedMs = performance.now()
    let hasFrozenLong = forMs < LONG_RUN_MS
    while (performance.now() - startedMs < forMs) {
      await sleep(random.exponentialMs(everyMs))
      if (!hasFrozenLong && performance.now() - startedMs > forMs / 4 && this.#frozen === undefined) {
        hasFrozenLong = true
        this.#begin(this.#freeze(random.pick(...stage.guests), (SERVER_LEASE_S + 20) * 1000))
        this.counts["hosts frozen for longer than the server's lease"]++
      } else this.#begin(this.#one())
    }
    await Promise.all(this.#underWay)
  }

  #begin(fault: Promise<void>): void {
    this.#underWay.add(fault)
    void fault.finally(() => this.#underWay.delete(fault))
  }

  async #one(): Promise<void> {
    const { random, stage, ttlMs } = this.#options
    const pauseMs = random.chance(0.6) ? random.between(50, ttlMs / 2) : random.between(ttlMs, 2.5 * ttlMs)
    const within = this.#reachable()
    switch (random.weighted({ kill: 60, stop: 20, freeze: 20 })) {
      case 'kill':
        return within.length > 0 ? this.#kill(random.pick(...within)) : undefined
      case 'stop':
        return within.length > 0 ? this.#stop(random.pick(...within), pauseMs) : undefined
      case 'freeze':
        return this.#frozen === undefined ? this.#freeze(random.pick(...stage.guests), pauseMs) : undefined
    }
  }

  /** A frozen host takes no orders. */
  #reachable(): Worker[] {
    return this.#options.crowd.alive.filter(({ guest }) => guest !== this.#frozen)
  }

  async #kill(worker: Worker): Promise<void> {
    worker.isKilled = true
    this.counts.kills++
    await worker.process.kill('KILL').catch(() => {})
  }

  async #stop({ process }: Worker, pauseMs: number): Promise<void> {
    this.counts['stopped processes']++
    await process.kill('STOP').catch(() => {})
    await sleep(pauseMs)
    await process.kill('CONT').catch(() => {})
  }

  async #freeze(guest: Guest, pauseMs: number): Promise<void> {
    this.#frozen = guest
    this.counts['frozen hosts']++
    await guest.freeze()
    await sleep(pauseMs)
    await guest.thaw()
    this.#frozen = undefined
  }
}
