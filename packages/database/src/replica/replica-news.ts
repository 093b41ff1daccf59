import type { Listeners, ReplicaOffReason, ReplicaRefreshedEvent } from '../contract/events.js'

/** Tells what becomes of a replica. */
export class ReplicaNews {
  readonly #path: string
  readonly #listeners: Listeners
  /** Each read would find that again. */
  #isKnownTooLarge = false

  constructor(path: string, listeners: Listeners) {
    this.#path = path
    this.#listeners = listeners
  }

  refreshed(event: Omit<ReplicaRefreshedEvent, 'type' | 'path'>): void {
    this.#isKnownTooLarge = false
    this.#listeners.tell({ type: 'replica-refreshed', path: this.#path, ...event })
  }

  tooLarge(): void {
    if (!this.#isKnownTooLarge) this.#off('too large')
    this.#isKnownTooLarge = true
  }

  failed(error: unknown): void {
    this.#isKnownTooLarge = false
    const { code } = error as { code?: unknown }
    this.#off('error', typeof code === 'string' ? code : undefined)
  }

  #off(reason: ReplicaOffReason, code?: string): void {
    this.#listeners.tell({ type: 'replica-off', path: this.#path, reason, ...(code !== undefined && { code }) })
  }
}
