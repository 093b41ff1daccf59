import { type Checker, type Fate, fateOf, RolledBack } from './checks/checker.js'
import type { HostPlan, Plan } from './plan/plan.js'
import type { Storm } from './plan/storm.js'
import { drawWork, longestMs, type Work } from './plan/work.js'
import type { SimulatedFile } from './process/file.js'
import { Process } from './process/process.js'
import { Machine } from './world/machine.js'
import { Draws } from './world/random.js'
import type { World } from './world/world.js'

/** What all hosts of a run share. */
export interface Surroundings {
  world: World
  plan: Plan
  storm: Storm
  file: SimulatedFile
  checker: Checker
}

/** So long before its end, or later, an invocation does not wait for what it gives back. */
const LAST_MOMENTS_MS = 250

/** A machine on which one process runs after the other, each with its callers. */
export class Host {
  readonly id: string
  process: Process
  /** What its callers wait for, by name, and how long the turn of each can take. */
  readonly outstanding = new Map<string, number>()
  readonly #in: Surroundings
  readonly #plan: HostPlan
  #skewMs: number
  #wrongByMs = 0
  #toBeWrongByMs = 0
  #processes = 0
  readonly #works: number[]

  constructor(surroundings: Surroundings, plan: HostPlan) {
    this.#in = surroundings
    this.#plan = plan
    this.id = plan.id
    this.#skewMs = plan.skewMs
    this.#works = Array.from({ length: plan.callers }, () => 0)
    this.process = this.#start()
  }

  get machine(): Machine {
    return this.process.machine
  }

  kill(lockedMs: number): void {
    const dead = this.process
    if (!dead.machine.isAlive) return
    dead.die()
    this.outstanding.clear()
    this.#in.world.after(lockedMs, () => dead.dropLocks())
  }

  restart(): void {
    if (!this.machine.isAlive) this.process = this.#start()
  }

  freeze(forMs: number, timersFirst: boolean): void {
    const { process } = this
    const { world, plan, checker } = this.#in
    const { locks, ttlMs } = plan.settings
    process.machine.freeze(() => {
      world.after(forMs, () => {
        // Silent for longer than the file server puts up with.
        if (locks === 'dropped after a silence' && forMs > ttlMs) process.loseLocks()
        process.note('thaws')
        process.machine.thaw({ timersFirst })
        checker.counts.thawed++
      })
    })
  }

  setClock(skewMs: number): void {
    this.#skewMs = skewMs
    this.#setClock()
  }

  /**
   * Far off, until it is set right with 0. Ahead only between two requests: a Date proves nothing about a clock that was
   * right as the request was sent, and whoever looks at the line with it sweeps a holder that is alive.
   */
  setClockWrong(byMs: number): void {
    this.#toBeWrongByMs = byMs
    const set = () => {
      if (this.#toBeWrongByMs !== byMs) return
      this.#wrongByMs = byMs
      this.#setClock()
    }
    if (byMs > 0) this.machine.whenQuiet(set)
    else set()
  }

  #setClock(): void {
    this.machine.skewMs = this.#skewMs + this.#wrongByMs
  }

  #start(): Process {
    const { world, plan, storm, file, checker } = this.#in
    const { settings } = plan
    const machine = new Machine(world, { skewMs: this.#skewMs + this.#wrongByMs, name: this.id })
    let grantedMs = world.nowMs
    machine.onEvent = ({ type, ...event }) => {
      if (type === 'lost') checker.counts.lost++
      // Later than its time lasts, by any clock.
      if (type === 'renewed' && world.nowMs - grantedMs > 1.6 * settings.ttlMs) checker.counts.outlived++
      if (type === 'renewed' || type === 'acquired') grantedMs = world.nowMs
      const token = 'token' in event ? ` ${event.token}` : ''
      if (type !== 'waiting') world.trace.add(world.nowMs, this.id, `${type}${token}`)
    }
    const { random } = new Draws(plan.options.seed, `${this.id}.process${this.#processes++}`)
    const { ttlMs, maxClockSkewMs, requestTimeoutMs } = settings
    const process = new Process({
      machine,
      file,
      lease: { ttlMs, maxClockSkewMs, requestTimeoutMs, random },
      maxHoldMs: settings.maxHoldMs,
      release: settings.release,
      commitMs: () => storm.commitMs(machine),
      commitFate: () => storm.commitFate(machine),
      readByStrangerMs: () => storm.readByStrangerMs(machine),
      blockingMs: () => storm.blockingMs(machine),
      statementMs: () => storm.statementMs(machine),
      granted: (granted, { token }) => checker.granted(granted, token),
    })
    checker.processes.push(process)
    for (let caller = 0; caller < this.#plan.callers; caller++) void this.#live(process, caller)
    return process
  }

  /** A caller's day. */
  async #live(process: Process, caller: number): Promise<void> {
    const { plan, storm } = this.#in
    while (!storm.isOver) {
      const number = this.#works[caller]!
      this.#works[caller] = number + 1
      const work = drawWork(plan.options.seed, `${this.id}.c${caller}.w${number}`, plan.settings)
      await process.pause(1 + work.pauseMs)
      if (!storm.isOver && storm.has(work.id)) await this.#perform(process, work)
    }
  }

  /** In an invocation, or outside of any. */
  async #perform(process: Process, work: Work): Promise<void> {
    if (work.invocationMs === undefined) return this.#do(process, work)
    process.note(`${work.id}: is an invocation that has ${Math.round(work.invocationMs)} ms`)
    const { machine } = process
    const endsAtMs = machine.monotonicMs() + work.invocationMs
    const invocation = process.invoke(work.invocationMs)
    await invocation.run(() => this.#do(process, work))
    await invocation.end()
    // One that ran out of time answers before all is given back; and another caller may have written since.
    const isInTime = machine.monotonicMs() < endsAtMs - LAST_MOMENTS_MS
    if (isInTime && this.#plan.callers === 1) this.#in.checker.invocationEnded(process, work)
  }

  async #do(process: Process, work: Work): Promise<void> {
    this.outstanding.set(work.id, longestMs(work, this.#in.plan.settings.ttlMs))
    process.note(
      `${work.id}: asks for a turn, ${work.kind} of ${work.rows.length}, for up to ${Math.round(work.timeoutMs)} ms`,
    )
    if (work.kind === 'writes') {
      await Promise.all(work.rows.map((row) => this.#tell(process, [row], process.write(row, work.timeoutMs))))
    } else if (work.kind === 'script') await this.#tell(process, work.rows, process.script(work.rows, work.timeoutMs))
    else await this.#tell(process, work.rows, this.#transact(process, work))
    this.outstanding.delete(work.id)
  }

  async #transact(process: Process, work: Work): Promise<unknown> {
    const transaction = await process.begin(work.timeoutMs)
    try {
      for (const [i, row] of work.rows.entries()) {
        const computationMs = this.#in.storm.computationMs(process.machine)
        // By microtasks alone, as Prisma goes from one statement to the next; or with a pause.
        if (computationMs > 0) process.machine.block(computationMs)
        else await process.pause(work.thinkMs[i] ?? 0)
        await transaction.execute(`INSERT INTO ledger VALUES ('${row}')`)
        this.#in.checker.gaveOut(process)
      }
    } catch (error) {
      await transaction.rollback()
      throw error
    }
    if (!work.rollsBack) return transaction.commit()
    await transaction.rollback()
    throw new RolledBack()
  }

  /** The caller hears what became of its rows. */
  async #tell(process: Process, rows: readonly string[], pending: Promise<unknown>): Promise<Fate> {
    const { checker } = this.#in
    const error: unknown = await pending.then(
      () => undefined,
      (reason: unknown) => reason ?? new Error('rejected with nothing'),
    )
    // When its thread is free again, if it lives to.
    await process.freed()
    const fate = fateOf(error)
    const why = error instanceof Error ? ` (${'code' in error ? String(error.code) : error.message})` : ''
    process.note(`${rows.join(' ')}: ${fate}${why}`)
    for (const row of rows) checker.ended(row, fate)
    if (error !== undefined) checker.heardOf(error, process)
    return fate
  }

  /** Has something to write at any time: the others get their turns all the same. */
  async writeOn(name: string, timeoutMs: number, isEnough: () => boolean): Promise<void> {
    const { process } = this
    for (let number = 0; !isEnough(); number++) {
      const row = `${name}.${number}`
      await this.#tell(process, [row], process.script([row], timeoutMs))
      await process.pause(1)
    }
  }

  /** One write, tried again for as long as it is safe to: what everybody alive must get. */
  async writeForSure(row: string, timeoutMs: number): Promise<void> {
    const { process } = this
    for (let tries = 0; ; tries++) {
      const attempt = `${row}.${tries}`
      if ((await this.#tell(process, [attempt], process.write(attempt, timeoutMs))) === 'acknowledged') return
      await process.pause(1)
    }
  }
}
