import { LeaseError } from '@sqlite-efs/lease'
import { Checker } from './checks/checker.js'
import { Violation } from './checks/violation.js'
import { Host, type Surroundings } from './host.js'
import { drawPlan, type Plan, type PlanOptions, type TimedFault } from './plan/plan.js'
import { Storm } from './plan/storm.js'
import { SimulatedFile } from './process/file.js'
import { KEY } from './process/process.js'
import { Machine } from './world/machine.js'
import { Draws } from './world/random.js'
import { Trace, type TraceEntry } from './world/trace.js'
import { World } from './world/world.js'

export interface RunOptions extends PlanOptions {
  /** Only what has one of these names takes part. @default everything that the seed has */
  keep?: ReadonlySet<string>
  /** Whether to keep what happened as text. */
  trace?: boolean
}

/** What came of a run. */
export interface Outcome {
  violation: Violation | undefined
  /** Of everything that happened: the same for the same seed, anywhere. */
  hash: string
  trace: TraceEntry[]
  /** The names of what took part. */
  happened: string[]
  counts: Checker['counts']
  /** How long everybody waited for a turn once the faults were over, and how long they might have. */
  calm: { longestMs: number; boundMs: number }
}

/** Runs what the seed says, to its end or to the first violation. */
export async function simulate(options: RunOptions): Promise<Outcome> {
  const plan = drawPlan(options)
  const trace = new Trace({ keep: options.trace ?? false })
  const run = new Run(plan, new World({ trace }), options.keep)
  const violation = await run.toTheEnd().then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof Violation) return error
      throw error
    },
  )
  return {
    violation,
    hash: trace.hash,
    trace: trace.entries ?? [],
    happened: run.happened,
    counts: run.counts,
    calm: run.calm,
  }
}

/** The lease's own longest pauses: before it repeats a request, and between two looks. */
const MAX_BACKOFF_MS = 1000
const MAX_LOOK_PAUSE_MS = 625
/** So many that some of them wait at any time. */
const GREEDY_CALLERS = 3

/** One run: a storm, and the calm after it. */
class Run {
  readonly calm = { longestMs: 0, boundMs: 0 }
  readonly #world: World
  readonly #plan: Plan
  readonly #storm: Storm
  readonly #checker: Checker
  readonly #file: SimulatedFile
  readonly #hosts: Host[]
  /** Until when a file stays locked by the dead. */
  #lockedUntilMs = 0
  /** Until when somebody may have said to be alive by a clock that was ahead, but for the length of a lease. */
  #aheadUntilMs = 0
  /** Settled when who had always more to write has no more. */
  readonly #writingOn: Promise<void>[] = []

  constructor(plan: Plan, world: World, keep: ReadonlySet<string> | undefined) {
    this.#plan = plan
    this.#world = world
    this.#storm = new Storm(plan, keep)
    this.#checker = new Checker(world)
    this.#file = new SimulatedFile(plan.settings.locks, this.#checker)
    this.#checker.watch(this.#file)
    // Any wall clock may be the first.
    world.nowMs += new Draws(plan.options.seed, 'start').between(0, 1000)
    world.fate = (operation, machine) => this.#storm.fate(operation, machine)
    world.check = () => this.#checker.check()
    world.swept = (gone, line) => this.#checker.swept(gone, line)
    const surroundings: Surroundings = { world, plan, storm: this.#storm, file: this.#file, checker: this.#checker }
    if (plan.settings.firstTicket > 0) void world.store.raise(KEY, plan.settings.firstTicket)
    this.#hosts = plan.hosts.filter(({ id }) => this.#storm.has(id)).map((host) => new Host(surroundings, host))
    for (const fault of plan.faults) world.after(fault.atMs, () => this.#strike(fault))
  }

  get happened(): string[] {
    return [...this.#storm.happened]
  }

  get counts(): Checker['counts'] {
    return this.#checker.counts
  }

  /** @throws Violation */
  async toTheEnd(): Promise<void> {
    await this.#world.pass(this.#plan.settings.stormMs)
    await this.#serveEveryone()
    await this.#emptyTheLine()
    this.#checker.checkRows()
  }

  #strike(fault: TimedFault): void {
    const { id, kind } = fault
    const host = 'host' in fault ? this.#hosts.find((it) => it.id === fault.host) : undefined
    if (this.#storm.isOver || ('host' in fault && !host) || !this.#storm.has(id)) return
    const world = this.#world
    this.#note(host?.id ?? '-', `${id}: ${kind}${'forMs' in fault ? `, for ${Math.round(fault.forMs)} ms` : ''}`)
    if (kind === 'freeze') host?.freeze(fault.forMs, fault.timersFirst)
    else if (kind === 'kill') {
      this.#lockedUntilMs = Math.max(this.#lockedUntilMs, world.nowMs + fault.lockedMs)
      host?.kill(fault.lockedMs)
      world.after(fault.restartAfterMs, () => host?.restart())
    } else if (kind === 'set clock') host?.setClock(fault.skewMs)
    else if (kind === 'wrong clock') {
      host?.setClockWrong(fault.byMs)
      this.#aheadUntilMs = Math.max(this.#aheadUntilMs, world.nowMs + fault.forMs + fault.byMs)
      world.after(fault.forMs, () => host?.setClockWrong(0))
    } else if (kind === 'locked file') {
      this.#file.isLockedByStranger = true
      world.after(fault.forMs, () => {
        this.#file.isLockedByStranger = false
      })
    } else if (kind === 'lost table') this.#loseTable(fault.restartAfterMs)
  }

  #loseTable(restartAfterMs: number): void {
    const world = this.#world
    for (const host of this.#hosts) host.kill(0)
    world.epoch++
    world.table.clear()
    world.history.length = 0
    this.#checker.tableWasLost()
    for (const host of this.#hosts) world.after(restartAfterMs, () => host.restart())
  }

  /**
   * The faults are over, but for the messages that are still under way: everybody who is alive writes once, and has to
   * be done by the bound, though one of them has always more to write.
   */
  async #serveEveryone(): Promise<void> {
    const world = this.#world
    this.#storm.isOver = true
    this.#file.letGoByStrangers()
    for (const host of this.#hosts) {
      host.restart()
      host.setClockWrong(0)
      host.machine.thaw()
    }
    const startMs = world.nowMs
    this.calm.boundMs = this.#boundMs()
    this.#note('-', `the faults are over: everybody gets a turn within ${Math.round(this.calm.boundMs)} ms`)
    let served = 0
    const everyone = this.#hosts.map(async (host) => {
      await host.writeForSure(`${host.id}.last`, 2 * this.calm.boundMs)
      served++
    })
    const all = Promise.all(everyone)
    const [greedy] = this.#hosts
    for (let caller = 0; caller < GREEDY_CALLERS; caller++) {
      const isEnough = () => served === this.#hosts.length
      if (greedy) this.#writingOn.push(greedy.writeOn(`${greedy.id}.more${caller}`, 2 * this.calm.boundMs, isEnough))
    }
    const tooLate = new Promise<never>((_, reject) => {
      world.after(this.calm.boundMs, () => reject(new Error('too late')))
    })
    try {
      await world.run(Promise.race([all, tooLate]))
    } catch (error) {
      if (error instanceof Violation || !(error instanceof Error) || error.message !== 'too late') throw error
      const left = this.#hosts.length - served
      this.#checker.fail('everyone gets its turn', `${left} of ${this.#hosts.length} had none in time`)
    }
    this.calm.longestMs = world.nowMs - startMs
  }

  /** As docs/simulation.md states and explains it. */
  #boundMs(): number {
    const { nowMs } = this.#world
    const { ttlMs, maxClockSkewMs, requestTimeoutMs, latencyMs, maxHoldMs } = this.#plan.settings
    const stragglersMs = Math.max(
      0,
      this.#storm.latestMs - nowMs,
      this.#lockedUntilMs - nowMs,
      this.#aheadUntilMs - nowMs,
    )
    const deadMs = ttlMs + 2 * maxClockSkewMs
    const repeatMs = 2 * (requestTimeoutMs + MAX_BACKOFF_MS)
    const turns = this.#hosts.flatMap((host) => [...host.outstanding.values(), 0])
    const perTurnMs = ttlMs / 2 + MAX_LOOK_PAUSE_MS + 10 * 2 * latencyMs[1]
    const greedyMs = this.#hosts.length * (maxHoldMs + perTurnMs)
    return stragglersMs + deadMs + repeatMs + greedyMs + turns.reduce((sum, ms) => sum + ms + perTurnMs, 0)
  }

  /** Who comes last finds itself alone, once the time of what the storm left behind is over. */
  async #emptyTheLine(): Promise<void> {
    const world = this.#world
    const { ttlMs, maxClockSkewMs, requestTimeoutMs } = this.#plan.settings
    await world.pass(
      Math.max(0, this.#storm.latestMs - world.nowMs, this.#aheadUntilMs - world.nowMs) + ttlMs + 2 * maxClockSkewMs,
    )
    // What it still had to write may have waited for that, too.
    await world.run(Promise.all(this.#writingOn))
    const leaser = new Machine(world, { name: 'last' }).leaser({ ttlMs, maxClockSkewMs, requestTimeoutMs })
    const last = await world.run(leaser.acquire(KEY, { timeoutMs: 10 * ttlMs })).catch((error: unknown) => {
      if (!(error instanceof LeaseError)) throw error
      return this.#checker.fail('nobody is left in the line', error.message)
    })
    const line = world.table.contenders(KEY)
    if (line.length !== 1) {
      const left = line.map(({ owner, ticket }) => `${owner}#${ticket}`).join(' ')
      this.#checker.fail('nobody is left in the line', `after ${last.token} was served: ${left}`)
    }
    this.#checker.granted(undefined, last.token)
  }

  #note(by: string, what: string): void {
    this.#world.trace.add(this.#world.nowMs, by, what)
  }
}
