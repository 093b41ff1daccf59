import type { Random } from '@sqlite-efs/toolkit/random'
import type { Client } from './contestants.js'
import { describeError } from './errors.js'
import { type HistoryWriter, monotonicMs, type Transfer } from './history.js'
import { LOOKS, type Look, lookAtOwn } from './readings.js'
import { chooseTransfer, makeTransfer } from './transfers.js'
import type { WorkerConfig } from './worker-config.js'

/** A teller rests for so long between two transfers, at the most. */
const REST_MS = 40
/** A reader process looks about so often. */
const READER_PAUSE_MS = 60

/** What one worker does until it is stopped. */
export class Workday {
  readonly #client: Client
  readonly #history: HistoryWriter
  readonly #config: WorkerConfig
  readonly #random: Random
  #isOver = false

  constructor(client: Client, history: HistoryWriter, config: WorkerConfig, random: Random) {
    this.#client = client
    this.#history = history
    this.#config = config
    this.#random = random
  }

  /** Resolves when it was stopped, and nothing is under way any more. */
  async work(): Promise<void> {
    const { role, tellers, name } = this.#config
    if (role === 'reader') return this.#watch()
    await Promise.all(Array.from({ length: tellers }, (_, teller) => this.#tell(`${name}/${teller}`)))
  }

  /** Lets nothing new begin. */
  stop(): void {
    this.#isOver = true
  }

  async #tell(sequence: string): Promise<void> {
    for (let seq = 1; !this.#isOver; seq++) {
      const transfer = chooseTransfer(this.#random, sequence, seq)
      const isDone = await this.#transfer(transfer)
      if (isDone && this.#random.chance(0.3)) await this.#look('own', lookAtOwn(transfer))
      if (this.#random.chance(0.2)) await this.#look('sum', LOOKS.sum)
      if (this.#random.chance(0.02)) await this.#lookAtAll()
      await rest(this.#random.between(0, REST_MS))
    }
  }

  async #watch(): Promise<void> {
    while (!this.#isOver) {
      if (this.#random.chance(0.5)) await this.#look('sum', LOOKS.sum)
      else await this.#lookAtAll()
      await rest(this.#random.between(0, 2 * READER_PAUSE_MS))
    }
  }

  async #transfer(transfer: Transfer): Promise<boolean> {
    const { id } = transfer
    this.#history.write({ type: 'intent', at: monotonicMs(), ...transfer })
    try {
      await makeTransfer(this.#client, transfer, this.#random)
    } catch (error) {
      this.#history.write({ type: 'fail', at: monotonicMs(), id, ...describeError(error) })
      return false
    }
    this.#history.write({ type: 'ack', at: monotonicMs(), id })
    return true
  }

  #lookAtAll(): Promise<void> {
    // Where every transaction takes the lease, one that only reads would be a writer in line.
    const isCheap = this.#config.transactionMode === 'deferred'
    return isCheap && this.#random.chance(0.4)
      ? this.#look('transaction', LOOKS.transaction)
      : this.#look('snapshot', LOOKS.snapshot)
  }

  #look(kind: string, look: Look): Promise<void> {
    return lookAndRecord(this.#client.prisma, this.#history, kind, look)
  }
}

/** Looks at the bank, and writes down what was seen. */
export async function lookAndRecord(
  prisma: Client['prisma'],
  history: HistoryWriter,
  kind: string,
  look: Look,
): Promise<void> {
  const at = monotonicMs()
  try {
    const { entries, violation } = await look(prisma)
    const doneAt = monotonicMs()
    history.write({ type: 'read', at, doneAt, kind, ...(entries === undefined ? {} : { entries }) })
    if (violation) history.write({ type: 'violation', at: doneAt, ...violation })
  } catch (error) {
    history.write({ type: 'read-failed', at: monotonicMs(), kind, ...describeError(error) })
  }
}

const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
