import { setTimeout as sleep } from 'node:timers/promises'
import type { History } from '@sqlite-efs/torture'
import type { Guest, GuestProcess } from '../guest.js'

export type Role = 'writer' | 'reader'

/** A worker on a host, and what it has said. */
export interface Worker {
  role: Role
  name: string
  guest: Guest
  process: GuestProcess
  records: Told[]
  /** Whether it was killed from outside. */
  isKilled: boolean
  hasEnded: boolean
}

export interface CrowdOptions {
  start(guest: Guest, role: Role, name: string): GuestProcess
}

/** A line of a worker's history. */
type Told = History['records'][number]

const HOME_WITHIN_MS = 60_000
const FIRST_WITHIN_MS = 60_000

/** The workers: who dies is replaced, until all are sent home. */
export class Crowd {
  readonly accidents: string[] = []
  /** Workers that met the write at which they were to die. */
  deathsByThemselves = 0
  readonly #options: CrowdOptions
  readonly #workers: Worker[] = []
  #isOver = false

  constructor(options: CrowdOptions) {
    this.#options = options
  }

  get histories(): History[] {
    return this.#workers.map(({ name, records }) => ({ name, records }))
  }

  get alive(): Worker[] {
    return this.#workers.filter(({ hasEnded, isKilled }) => !hasEnded && !isKilled)
  }

  add(guest: Guest, role: Role): void {
    const name = `${role.slice(0, 1)}${this.#workers.length + 1}`
    const process = this.#options.start(guest, role, name)
    const worker: Worker = { role, name, guest, process, records: [], isKilled: false, hasEnded: false }
    this.#workers.push(worker)
    process.onLine((line) => worker.records.push(JSON.parse(line) as Told))
    process.write('go')
    void process.ended.then((ending) => {
      worker.hasEnded = true
      const isKill = ending !== 'lost' && ending.signal === 'SIGKILL'
      if (isKill && !worker.isKilled) this.deathsByThemselves++
      if (!isKill && !this.#isOver)
        this.accidents.push(`${name} ended with ${JSON.stringify(ending)}: ${process.errors}`)
      if (!this.#isOver) this.add(guest, role)
    })
  }

  /** Nobody is harmed before somebody could work. */
  async firstAcknowledgement(): Promise<void> {
    const deadline = performance.now() + FIRST_WITHIN_MS
    while (!this.#workers.some(({ records }) => records.some(({ type }) => type === 'ack'))) {
      if (performance.now() > deadline)
        throw new Error(`nothing was written within ${FIRST_WITHIN_MS} ms, without any fault`)
      await sleep(100)
    }
  }

  /** Has everybody finish what is under way. */
  async goHome(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.alive.map((worker) => this.#sendHome(worker)))
  }

  async #sendHome({ name, process }: Worker): Promise<void> {
    process.write('stop')
    const ending = await Promise.race([process.ended, sleep(HOME_WITHIN_MS, 'never' as const, { ref: false })])
    const isGood = typeof ending === 'object' && (ending.code === 0 || ending.signal === 'SIGKILL')
    if (isGood) return
    this.accidents.push(`${name} did not go home: ${JSON.stringify(ending)} ${process.errors}`)
    process.hangUp()
  }
}
