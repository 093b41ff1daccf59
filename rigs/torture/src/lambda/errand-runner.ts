import { setTimeout as sleep } from 'node:timers/promises'
import { Random } from '@sqlite-efs/toolkit/random'
import type { Client } from '../worker/contestants.js'
import { describeError } from '../worker/errors.js'
import { type HistoryWriter, monotonicMs, type Style } from '../worker/history.js'
import { LOOKS, type Look, lookAtOwn } from '../worker/readings.js'
import { chooseTransfer, type Moments, makeTransfer } from '../worker/transfers.js'
import { lookAndRecord } from '../worker/workday.js'
import type { ErrandEvent } from './errands.js'

/** So long a transaction that nobody awaits goes on, at the most. */
const FORGOTTEN_MS = 400

/** One invocation: what its handler does with the bank. */
export class ErrandRunner {
  readonly #client: Client
  readonly #history: HistoryWriter
  readonly #event: ErrandEvent
  readonly #random: Random
  #count = 0

  constructor(client: Client, history: HistoryWriter, event: ErrandEvent) {
    this.#client = client
    this.#history = history
    this.#event = event
    this.#random = new Random(event.seed)
  }

  async run(): Promise<void> {
    const { errand, timeoutMs } = this.#event
    const random = this.#random
    const untilTheEnd = () => sleep(1.2 * timeoutMs)
    switch (errand) {
      case 'good':
        for (let left = random.whole(1, 5); left > 0; left--) await this.#transfer()
        return this.#look()
      case 'forgets a transfer':
        if (random.chance(0.5)) await this.#transfer()
        void this.#transfer()
        return sleep(random.between(0, 30))
      case 'forgets a transaction':
        return this.#forgetTransaction()
      case 'hangs in a transaction':
        await this.#transfer('interactive', { halfDone: untilTheEnd })
        return
      case 'hangs after a transfer':
        await this.#transfer()
        return untilTheEnd()
      case 'never ends': {
        const endMs = monotonicMs() + 1.2 * timeoutMs
        while (monotonicMs() < endMs) {
          // One that is refused at once is no reason to try again at once.
          if (!(await this.#transfer())) await sleep(random.between(50, 200))
        }
      }
    }
  }

  /** Answers as soon as it is open. */
  async #forgetTransaction(): Promise<void> {
    const openMs = this.#random.between(FORGOTTEN_MS / 4, FORGOTTEN_MS)
    await new Promise<void>((resolve) => {
      void this.#transfer('interactive', { begun: resolve, halfDone: () => sleep(openMs) }).then(() => resolve())
    })
    await sleep(this.#random.between(0, openMs / 4))
  }

  /** Whether it was acknowledged. */
  async #transfer(style?: Style, moments: Moments = {}): Promise<boolean> {
    const chosen = chooseTransfer(this.#random, this.#event.sequence, ++this.#count)
    // Long scripts are a matter of their own: nothing can give the lease back while SQLite computes.
    const transfer = { ...chosen, style: style ?? (chosen.style === 'script' ? ('trigger' as const) : chosen.style) }
    const { id } = transfer
    const write = this.#history.write.bind(this.#history)
    write({ type: 'intent', at: monotonicMs(), ...transfer })
    try {
      await makeTransfer(this.#client, transfer, this.#random, {
        ...moments,
        begun: () => {
          write({ type: 'begun', at: monotonicMs(), id })
          moments.begun?.()
        },
      })
    } catch (error) {
      write({ type: 'fail', at: monotonicMs(), id, ...describeError(error) })
      return false
    }
    write({ type: 'ack', at: monotonicMs(), id })
    if (style === undefined && this.#random.chance(0.2)) await this.#lookAs('own', lookAtOwn(transfer))
    return true
  }

  async #look(): Promise<void> {
    if (this.#random.chance(0.3)) await this.#lookAs('snapshot', LOOKS.snapshot)
  }

  #lookAs(kind: string, look: Look): Promise<void> {
    return lookAndRecord(this.#client.prisma, this.#history, kind, look)
  }
}
