import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { type LocalFunction, LocalLambdaError } from '@sqlite-efs/local-lambda'
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { bodyOf, request } from './request.js'

/** A booking that a buyer was told of. */
export interface Sale {
  id: string
  seat: number
}

/** What the buyers met so far. */
export class Tally {
  readonly sales: Sale[] = []
  refused = 0
  /** Requests sent again because the answer was 503. */
  busy = 0
  /** Requests sent again because the environment died. */
  died = 0
  /** The invocations that sold a seat. */
  readonly tookMs: number[] = []
  readonly failures: string[] = []

  readonly #watchers: { sold: number; resolve: () => void }[] = []

  get answered(): number {
    return this.sales.length + this.refused
  }

  sell(sale: Sale, tookMs: number): void {
    this.sales.push(sale)
    this.tookMs.push(tookMs)
    for (const { sold, resolve } of this.#watchers) if (this.sales.length >= sold) resolve()
  }

  /** Resolves once so many are sold. */
  reached(sold: number): Promise<void> {
    return new Promise((resolve) => this.#watchers.push({ sold, resolve }))
  }
}

/**
 * One buyer, who comes back until the answer is yes or no. The booking's id is the buyer's: if an environment died after
 * its commit and before its answer, the next one finds that booking instead of making a second one.
 */
export async function buy(api: LocalFunction, eventId: string, buyer: string, tally: Tally): Promise<void> {
  const id = randomUUID()
  for (;;) {
    try {
      const { payload, functionError, tookMs } = await api.invoke(request('POST', '/bookings', { id, eventId, buyer }))
      if (functionError) {
        tally.failures.push(`the function failed for ${buyer}: ${JSON.stringify(payload)}`)
        return
      }
      const result = payload as APIGatewayProxyStructuredResultV2
      const body = bodyOf(result)
      if (result.statusCode === 201) {
        tally.sell({ id: String(body['id']), seat: Number(body['seatNumber']) }, tookMs)
        return
      }
      if (result.statusCode === 409 && body['error'] === 'sold-out') {
        tally.refused++
        return
      }
      if (result.statusCode !== 503) {
        tally.failures.push(`${buyer} was answered ${result.statusCode ?? 'nothing'}: ${result.body ?? ''}`)
        return
      }
      tally.busy++
      await wait(Number(result.headers?.['retry-after'] ?? 1) * 1000)
    } catch (error) {
      if (!(error instanceof LocalLambdaError && error.code === 'ENVIRONMENT_DIED')) throw error
      tally.died++
    }
  }
}
