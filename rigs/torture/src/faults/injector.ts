import { type ChildProcess, fork } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Random } from '@sqlite-efs/toolkit/random'
import type { Pool, Worker } from '../pool.js'
import { monotonicMs } from '../worker/history.js'
import { Deck } from './deck.js'
import type { Order, Shot } from './marksman.js'
import { CALM, type FaultyProxy, type Weather } from './proxy.js'

const MARKSMAN = fileURLToPath(new URL('marksman.ts', import.meta.url))
/** How long to wait for the moment; a takeover may be in the way of it. */
const AIM_MS = 1500

/** What was done to a process. */
export interface Fault {
  at: number
  kind:
    | 'kill at random'
    | 'kill in a transaction'
    | 'kill in COMMIT'
    | 'kill while frozen'
    | 'freeze, short'
    | 'freeze, about half a lease'
    | 'freeze, longer than the lease'
    | 'freeze in COMMIT, longer than the lease'
    // Of Lambda: an invocation took too long; an environment has answered, and waits for its next invocation.
    | 'kill at its timeout'
    | 'freeze after the answer'
    | 'freeze in a transaction'
  name: string
  pid: number
  /** Whether it was frozen with any of SQLite's locks. */
  isLocking?: boolean
}

/** What an injector works with. */
export interface InjectorOptions {
  pool: Pool
  proxy: FaultyProxy
  random: Random
  file: string
  ttlMs: number
  /** Time between two kills, and between two freezes, on average. */
  killEveryMs: number
  freezeEveryMs: number
  /** Without file locks nobody may be frozen for longer than half a lease, and nobody can tell who writes but the lease. */
  hasFileLocks: boolean
  /** The process that has the lease. */
  holder(): Promise<number | undefined>
}

/** Makes faults, at random and at chosen moments, until it is told to end. */
export class Injector implements AsyncDisposable {
  readonly #options: InjectorOptions
  readonly #marksman: ChildProcess
  readonly #kills: Deck<'random' | 'transaction' | 'commit'>
  readonly #freezeKinds: Deck<'short' | 'half' | 'long' | 'commit'>
  readonly #weathers: Deck<'rough' | 'slow' | 'blackout'>
  readonly #end = new AbortController()
  readonly #freezes = new Set<Promise<void>>()
  readonly #aiming = new Map<number, (shot: Shot) => void>()
  #orders = 0
  #loops: Promise<unknown> = Promise.resolve()
  readonly faults: Fault[] = []
  /** When the network became how. */
  readonly weather: { at: number; name: string }[] = []

  constructor(options: InjectorOptions) {
    this.#options = options
    const { random, hasFileLocks } = options
    this.#kills = new Deck(random, { random: 70, transaction: hasFileLocks ? 12 : 0, commit: 18 })
    this.#freezeKinds = new Deck(random, {
      short: hasFileLocks ? 45 : 60,
      half: hasFileLocks ? 30 : 40,
      long: hasFileLocks ? 17 : 0,
      commit: hasFileLocks ? 8 : 0,
    })
    this.#weathers = new Deck(random, { rough: 50, slow: 20, blackout: 30 })
    this.#marksman = fork(MARKSMAN, { execArgv: ['--conditions=@sqlite-efs/source', '--import', 'tsx'] })
    this.#marksman.on('message', (shot: Shot) => {
      this.#aiming.get(shot.id)?.(shot)
      this.#aiming.delete(shot.id)
    })
  }

  /** Begins. */
  start(): void {
    const { killEveryMs, freezeEveryMs, proxy } = this.#options
    this.#loops = Promise.all([
      this.#repeat(killEveryMs, () => this.#kill()),
      this.#repeat(freezeEveryMs, async () => this.#freeze()),
      this.#changeWeather(proxy),
    ])
  }

  /** Ends all faults: the network is calm, and everybody awake. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort()
    await this.#loops
    await Promise.all(this.#freezes)
    this.#options.proxy.weather = CALM
    if (this.#marksman.connected) this.#marksman.disconnect()
  }

  async #repeat(meanMs: number, action: () => Promise<void>): Promise<void> {
    const { random } = this.#options
    let nextMs = performance.now()
    do {
      // Aiming takes time, and is not to make faults rare.
      nextMs = Math.max(nextMs, performance.now() - 2 * meanMs) + Math.min(random.exponentialMs(meanMs), 4 * meanMs)
      if (!(await this.#rest(Math.max(1, nextMs - performance.now())))) return
      await action()
    } while (!this.#end.signal.aborted)
  }

  /** Whether it was not ended meanwhile. */
  #rest(ms: number): Promise<boolean> {
    const { signal } = this.#end
    return sleep(ms, true, { signal }).catch(() => false)
  }

  async #kill(): Promise<void> {
    const { pool, random } = this.#options
    const kind = this.#kills.deal()
    if (kind !== 'random') {
      const shot = await this.#aim(kind === 'commit' ? 'in-commit' : 'in-transaction', 'SIGKILL')
      // It may be buried by now.
      const victim = shot.pid === undefined ? undefined : pool.find(shot.pid)
      if (victim) {
        victim.isKilled = true
        return this.#note(shot.inCommit ? 'kill in COMMIT' : 'kill in a transaction', victim)
      }
    }
    const victims = pool.working.filter((worker) => worker.isReady())
    // On a machine that is too slow for so many deaths nobody would ever get to work.
    if (victims.length < 2) return
    const victim = random.pick(...victims)
    if (pool.kill(victim)) this.#note(victim.isFrozen ? 'kill while frozen' : 'kill at random', victim)
  }

  async #freeze(): Promise<void> {
    const { pool, random, ttlMs, hasFileLocks } = this.#options
    const kind = this.#freezeKinds.deal()
    if (kind === 'commit') {
      const shot = await this.#aim('in-commit', 'SIGSTOP')
      const victim = shot.pid === undefined ? undefined : pool.find(shot.pid)
      if (!victim) return
      this.#note(shot.inCommit ? 'freeze in COMMIT, longer than the lease' : 'freeze, longer than the lease', victim)
      return this.#keepFrozen(victim, random.between(1.2, 2.5) * ttlMs)
    }
    const awake = pool.working.filter((worker) => !worker.isFrozen && worker.isReady())
    if (awake.length === 0) return
    const victim = random.pick(...awake)
    const halfOfIt = hasFileLocks ? random.between(0.35, 0.65) : random.between(0.3, 0.45)
    const [name, ms] = {
      short: ['freeze, short', random.between(20, 200)] as const,
      half: ['freeze, about half a lease', halfOfIt * ttlMs] as const,
      long: ['freeze, longer than the lease', random.between(1.2, 2.5) * ttlMs] as const,
    }[kind]
    this.#note(name, victim)
    this.#keepFrozen(victim, ms)
  }

  #keepFrozen(victim: Worker, ms: number): void {
    const freeze = this.#options.pool.freeze(victim, ms, this.#end.signal)
    this.#freezes.add(freeze)
    void freeze.finally(() => this.#freezes.delete(freeze))
  }

  async #aim(moment: Order['moment'], signal: Order['signal']): Promise<Shot> {
    const { pool, file, hasFileLocks, holder } = this.#options
    const id = ++this.#orders
    const pid = hasFileLocks ? undefined : await holder()
    const pids = pool.working.filter(({ isFrozen }) => !isFrozen).map(({ pid }) => pid)
    const order: Order = { id, file, moment, signal, pids, withinMs: AIM_MS, ...(pid === undefined ? {} : { pid }) }
    if (!hasFileLocks && pid === undefined) return { id, inCommit: false }
    return new Promise((resolve) => {
      this.#aiming.set(id, resolve)
      this.#marksman.send(order)
    })
  }

  #note(kind: Fault['kind'], { name, pid }: Worker): void {
    this.faults.push({ at: monotonicMs(), kind, name, pid })
  }

  async #changeWeather(proxy: FaultyProxy): Promise<void> {
    const { random, ttlMs } = this.#options
    const become = (weather: Weather) => {
      proxy.weather = weather
      this.weather.push({ at: monotonicMs(), name: weather.name })
    }
    for (;;) {
      become(CALM)
      if (!(await this.#rest(random.between(0.5, 3) * ttlMs))) return
      const kind = this.#weathers.deal()
      become(weatherOf(kind, ttlMs))
      const lastsMs = kind === 'blackout' ? random.between(0.2, 1.5) * ttlMs : random.between(1, 4) * ttlMs
      if (!(await this.#rest(lastsMs))) return
    }
  }
}

function weatherOf(kind: 'rough' | 'slow' | 'blackout', ttlMs: number): Weather {
  switch (kind) {
    case 'rough': {
      const each = 0.02
      const fates = {
        'delay-request': 0.1,
        'delay-answer': 0.1,
        'reset-before': each,
        'reset-inside': each,
        'reset-answer': each,
        'close-answer': each,
        'swallow-answer': each,
        'swallow-request': each,
        late: each,
        duplicate: each,
      }
      return { name: kind, fates, maxDelayMs: ttlMs / 4 }
    }
    case 'slow':
      return { name: kind, fates: { 'delay-request': 0.5, 'delay-answer': 0.5 }, maxDelayMs: ttlMs / 20 }
    case 'blackout':
      return { name: kind, fates: { 'swallow-request': 0.5, 'swallow-answer': 0.5 }, maxDelayMs: 0, refuses: true }
  }
}
