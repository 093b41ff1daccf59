import { setMaxListeners } from 'node:events'
import { basename, dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '@sqlite-efs/toolkit/random'
import { Deck } from '../faults/deck.js'
import type { Fault } from '../faults/injector.js'
import { toEnvironment, type WorkerConfig } from '../worker/worker-config.js'
import { ERRANDS, type Errand } from './errands.js'
import { type Thaw, WatchedFunction } from './watched-function.js'

/** Managed Instances have so many invocations in one environment. */
const AT_ONCE = 2
/** So long a machine that is busy may take to start an environment. */
const START_MS = 60_000
/** Between two invocations, mostly. */
const REST_MS = 200

/** What a fleet works with. */
export interface FleetOptions {
  /** The handlers' module, bundled. */
  program: string
  /** So many functions that are frozen after each invocation; two of Managed Instances come on top. */
  functions: number
  random: Random
  env: Readonly<Record<string, string>>
  ttlMs: number
  /** Time between two kills of environments, on average. */
  killEveryMs: number
  /** What the environments of a function are told. */
  configure(name: string): WorkerConfig
}

/** Lambda functions on one file, half of them in `withLease`, and their callers. */
export class Fleet implements AsyncDisposable {
  readonly functions: readonly WatchedFunction[]
  readonly #options: FleetOptions
  /** What is frozen has each errand once at the start. */
  readonly #decks: Readonly<Record<'leased' | 'bare', Deck<Errand>>>
  readonly #end = new AbortController()
  #loops: Promise<unknown> = Promise.resolve()
  #count = 0

  constructor(options: FleetOptions) {
    const { functions, random } = options
    this.#decks = { leased: new Deck(random, ERRANDS), bare: new Deck(random, ERRANDS) }
    this.#options = options
    // Each caller rests on it.
    setMaxListeners(0, this.#end.signal)
    this.functions = [
      ...Array.from({ length: functions }, (_, index) => this.#define(index % 2 === 0, `${index + 1}`, 1)),
      this.#define(true, 'managed', AT_ONCE),
      this.#define(false, 'managed', AT_ONCE),
    ]
  }

  /** What befell all environments. */
  get faults(): readonly Fault[] {
    return this.functions.flatMap(({ faults }) => faults)
  }

  get thaws(): readonly Thaw[] {
    return this.functions.flatMap(({ thaws }) => thaws)
  }

  /** Begins. */
  start(): void {
    const callers = this.functions.flatMap((each) => Array.from({ length: each.capacity }, () => this.#call(each)))
    this.#loops = Promise.all([...callers, this.#killNowAndThen()])
  }

  /** Waits for what is under way; the environments stay as they are. */
  async stop(): Promise<void> {
    this.#end.abort()
    await this.#loops
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort()
    await Promise.all(this.functions.map((each) => each[Symbol.asyncDispose]()))
    await this.#loops
  }

  #define(isLeased: boolean, suffix: string, invocationsPerEnvironment: number): WatchedFunction {
    const { program, env, ttlMs, configure } = this.#options
    const kind = isLeased ? 'leased' : 'bare'
    const config = configure(`${kind}-${suffix}`)
    return new WatchedFunction({
      name: config.name,
      file: config.file,
      isLeased,
      lambda: {
        folder: dirname(program),
        handler: `${basename(program, '.mjs')}.${kind}`,
        // Too short for who waits until somebody else has timed out and is replaced.
        timeoutMs: 2 * ttlMs,
        initTimeoutMs: START_MS,
        invocationsPerEnvironment,
        env: { ...env, ...toEnvironment(config), AWS_LAMBDA_NODEJS_WORKER_COUNT: '1' },
      },
    })
  }

  async #call(each: WatchedFunction): Promise<void> {
    const { random, ttlMs } = this.#options
    const deck = this.#decks[each.isLeased ? 'leased' : 'bare']
    let restMs = 0
    while (await this.#rest(restMs)) {
      const errand = each.capacity === 1 ? deck.deal() : random.weighted(ERRANDS)
      await each.run({ errand, sequence: `${each.name}/${++this.#count}`, seed: random.whole(0, 2 ** 31 + 1) })
      // What was frozen in the middle of something stays so for longer than the lease, or not.
      const isLong = random.chance(errand.startsWith('forgets') ? 0.5 : 0.05)
      restMs = isLong ? random.between(0.5, 2.5) * ttlMs : random.between(0, REST_MS)
    }
    // Nobody would thaw it any more, and others are still at work.
    if (each.capacity === 1) each.kill()
  }

  async #killNowAndThen(): Promise<void> {
    const { random, killEveryMs } = this.#options
    while (await this.#rest(Math.min(random.exponentialMs(killEveryMs), 4 * killEveryMs))) {
      random.pick(...this.functions).kill()
    }
  }

  /** Whether it was not ended meanwhile. */
  #rest(ms: number): Promise<boolean> {
    const { signal } = this.#end
    return sleep(ms, true, { signal }).catch(() => false)
  }
}
