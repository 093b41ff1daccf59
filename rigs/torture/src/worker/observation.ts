import { setTimeout as sleep } from 'node:timers/promises'
import type { Collector } from '../checks/collector.js'

const PROGRESS_MS = 5000
const START_MS = 60_000
const PATIENCE = 4

/** The run was ended by its `signal`: there is no report, and nothing is left of it. */
export class Stopped extends Error {}

/** Nobody is harmed before somebody is at work: loading takes seconds. */
export async function firstAnswer(collector: Collector, signal: AbortSignal | undefined): Promise<void> {
  const deadlineMs = performance.now() + START_MS
  while (!collector.collect().some(({ type }) => type === 'ack' || type === 'fail')) {
    if (performance.now() > deadlineMs)
      throw new Error(`no write had an answer within ${START_MS} ms, without any fault`)
    await pause(50, signal)
  }
}

/** How a run is watched. */
export interface Watch {
  seconds: number
  collector: Collector
  signal: AbortSignal | undefined
  /** Hears how it goes every few seconds, and of each violation that the workers see themselves. */
  onProgress: ((line: string) => void) | undefined
  /** What was done to whom so far. */
  faults(): string
  /** Asked when the time is up: a slow machine may need more of it, up to `PATIENCE` times as much. */
  isEnough(): boolean
  /** Called each time. */
  onLook?(): void
}

/**
 * Watches until it is over, and says how many seconds that took.
 *
 * @throws Stopped
 */
export async function observe(watch: Watch): Promise<number> {
  const { seconds, collector, signal, onProgress = () => {}, onLook = () => {} } = watch
  const startedMs = performance.now()
  let [acknowledged, failed, reads, violations] = [0, 0, 0, 0]
  for (;;) {
    const leftMs = seconds * 1000 - (performance.now() - startedMs)
    await pause(leftMs > 0 ? Math.min(PROGRESS_MS, leftMs) : 1000, signal)
    for (const record of collector.collect()) {
      if (record.type === 'ack') acknowledged++
      if (record.type === 'fail') failed++
      if (record.type === 'read') reads++
      if (record.type === 'violation' && ++violations <= 10) onProgress(`VIOLATION (${record.what}): ${record.detail}`)
    }
    const at = Math.round((performance.now() - startedMs) / 1000)
    onProgress(`${at} s: ${acknowledged} acknowledged, ${failed} failed, ${reads} reads; ${watch.faults()}`)
    const isOver = at >= seconds && watch.isEnough()
    if (isOver || at >= seconds * PATIENCE) return at
    onLook()
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return sleep(ms, undefined, signal && { signal }).catch((cause: unknown) => {
    throw new Stopped('The run was ended before its time', { cause })
  })
}
