import type { CommitFate } from '../process/actor.js'
import type { Fate, Sender } from '../world/fate.js'
import { Draws } from '../world/random.js'
import type { Plan } from './plan.js'
import { LONGEST_COMPUTATION, LONGEST_STATEMENT } from './work.js'

/**
 * What the seed decides as it comes up: the fate of each request, the length of each COMMIT, the statements that block.
 * Each has a name, and what it decides depends on the seed and on that name alone, so that a run without some of them is
 * a run like the others.
 */
export class Storm {
  isOver = false
  /** When the last message that is still under way arrives. */
  latestMs = 0
  /** The names of what happened, in its order. */
  readonly happened = new Set<string>()
  readonly #plan: Plan
  readonly #keep: ReadonlySet<string> | undefined
  readonly #counts = new Map<string, number>()

  constructor(plan: Plan, keep: ReadonlySet<string> | undefined) {
    this.#plan = plan
    this.#keep = keep
  }

  /** Whether the thing of this name takes part in the run; it is remembered if it does. */
  has(id: string): boolean {
    if (this.#keep && !this.#keep.has(id)) return false
    this.happened.add(id)
    return true
  }

  fate(operation: string, machine: Sender): Fate {
    const { settings } = this.#plan
    const id = this.#next(machine, operation)
    const draws = this.#draws(id)
    const [low, high] = settings.latencyMs
    const fate: Fate = { requestMs: draws.between(low, high), answerMs: draws.between(low, high) }
    if (this.isOver) return fate
    const fault = this.#fault(operation, draws)
    if (!fault || !this.has(id)) return fate
    const faulty = { ...fate, ...fault }
    const { requestMs, answerMs, duplicateAfterMs = 0 } = faulty
    this.latestMs = Math.max(this.latestMs, machine.localMs + requestMs + Math.max(answerMs, duplicateAfterMs))
    machine.note(`${id}: ${describe(fault)}`)
    return faulty
  }

  #fault(operation: string, draws: Draws): Partial<Fate> | undefined {
    const { weather, ttlMs, requestTimeoutMs } = this.#plan.settings
    const dice = draws.random()
    let from = 0
    const hits = (share: number) => {
      from += share
      return dice < from
    }
    if (hits(weather.lostRequest)) return { lost: 'request' }
    if (hits(weather.lostAnswer)) return { lost: 'answer' }
    if (hits(weather.duplicate)) return { duplicateAfterMs: draws.between(0, 1.5 * ttlMs) }
    if (hits(weather.lateRequest)) return { requestMs: draws.between(0, 1.5 * ttlMs) }
    if (hits(weather.lateAnswer)) return { answerMs: draws.between(0, 0.5 * ttlMs) }
    if (hits(weather.throttled)) return { throttled: true }
    if (operation === 'look' && hits(weather.stale)) return { staleMs: draws.between(0, 1.5 * ttlMs) }
    if (operation === 'join' && hits(weather.slowJoin)) {
      return { requestMs: draws.between(0.9, 2) * requestTimeoutMs }
    }
    if (operation === 'read' && hits(weather.slowJoin)) return { answerMs: draws.between(0.3, 0.9) * requestTimeoutMs }
    return undefined
  }

  /** Under half of a lease, always: that is what a COMMIT is assumed to take at the most. */
  commitMs(machine: Sender): number {
    const { ttlMs, slowCommits } = this.#plan.settings
    const id = this.#next(machine, 'commit')
    const draws = this.#draws(id)
    const usualMs = draws.between(0, 10)
    const slow = draws.chance(slowCommits)
    const slowMs = draws.between(0.1, 0.49) * ttlMs
    return slow && !this.isOver && this.has(id) ? slowMs : usualMs
  }

  commitFate(machine: Sender): CommitFate {
    const id = this.#next(machine, 'commit error')
    const draws = this.#draws(id)
    const fails = draws.chance(this.#plan.settings.failedCommits)
    const fate = draws.pick<CommitFate>('failed', 'failed, though it was done')
    return fails && !this.isOver && this.has(id) ? fate : 'done'
  }

  readByStrangerMs(machine: Sender): number {
    const id = this.#next(machine, 'reader')
    const draws = this.#draws(id)
    const reads = draws.chance(this.#plan.settings.readCommits)
    const ms = draws.between(0, 1.2) * this.#plan.settings.ttlMs
    if (!reads || this.isOver || !this.has(id)) return 0
    machine.note(`${id}: somebody reads the file for ${Math.round(ms)} ms`)
    return ms
  }

  blockingMs(machine: Sender): number {
    const id = this.#next(machine, 'block')
    const draws = this.#draws(id)
    const { blockingStatements, ttlMs } = this.#plan.settings
    const blocks = draws.chance(blockingStatements)
    const ms = draws.between(0, 1.2) * ttlMs
    if (!blocks || this.isOver || !this.has(id)) return 0
    machine.note(`${id}: a statement blocks the process for ${Math.round(ms)} ms`)
    return ms
  }

  computationMs(machine: Sender): number {
    const id = this.#next(machine, 'computation')
    const draws = this.#draws(id)
    const { computations, ttlMs } = this.#plan.settings
    const computes = draws.chance(computations)
    const ms = draws.between(0.3, LONGEST_COMPUTATION) * ttlMs
    if (!computes || this.isOver || !this.has(id)) return 0
    machine.note(`${id}: a caller computes for ${Math.round(ms)} ms`)
    return ms
  }

  statementMs(machine: Sender): number {
    const id = this.#next(machine, 'statement')
    const draws = this.#draws(id)
    const usualMs = draws.between(0, 10)
    const long = draws.chance(this.#plan.settings.longHolds)
    const longMs = draws.between(0.1, LONGEST_STATEMENT) * this.#plan.settings.ttlMs
    if (!long || this.isOver || !this.has(id)) return usualMs
    machine.note(`${id}: a statement takes ${Math.round(longMs)} ms`)
    return longMs
  }

  #next(machine: Sender, what: string): string {
    const name = `${machine.name}.${what}`
    const count = this.#counts.get(name) ?? 0
    this.#counts.set(name, count + 1)
    return name + count
  }

  #draws(id: string): Draws {
    return new Draws(this.#plan.options.seed, id)
  }
}

function describe({ lost, duplicateAfterMs, requestMs, answerMs, throttled, staleMs }: Partial<Fate>): string {
  if (lost) return `the ${lost} is lost`
  if (duplicateAfterMs !== undefined) return `arrives a second time, ${Math.round(duplicateAfterMs)} ms later`
  if (requestMs !== undefined) return `arrives after ${Math.round(requestMs)} ms`
  if (answerMs !== undefined) return `the answer takes ${Math.round(answerMs)} ms`
  if (throttled) return 'is throttled'
  return `shows the line of ${Math.round(staleMs ?? 0)} ms ago`
}
