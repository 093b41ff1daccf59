import type { Lease } from '@sqlite-efs/lease'
import { KEY } from './process/process.js'
import { Machine } from './world/machine.js'
import { Draws } from './world/random.js'
import { World } from './world/world.js'

/** A line under load, all machines and the network being well: who takes part, and what goes wrong with them. */
export interface Load {
  name: string
  contenders: number
  /** How long each waits for its turn. */
  timeoutMs: number
  /** How likely a contender dies in line; another one takes its place. */
  diesInLine: number
  holdMs: number
  /** One way, on average. */
  latencyMs: number
  forMs: number
}

/** What came of it, in simulated time. */
export interface Liveness {
  /** Turns per second. */
  perSecond: number
  /** The longest time in which nobody's turn began. */
  longestGapMs: number
  gaveUp: number
  died: number
  medianWaitMs: number
  longestWaitMs: number
}

const COMMON = { holdMs: 40, latencyMs: 2.5, forMs: 60_000 }

/** As docs/lease-protocol.md has it: 5 ms for a round trip, 40 ms for the holder's own work. */
export const loads: readonly Load[] = [
  { ...COMMON, name: '20 contenders', contenders: 20, timeoutMs: 5000, diesInLine: 0 },
  { ...COMMON, name: '20 contenders, 1 % die in line', contenders: 20, timeoutMs: 5000, diesInLine: 0.01 },
  {
    ...COMMON,
    name: '20 contenders, 1 % die in line, which wait for 1.9 s',
    contenders: 20,
    timeoutMs: 1900,
    diesInLine: 0.01,
  },
  { ...COMMON, name: '80 contenders that give up after 2 s', contenders: 80, timeoutMs: 2000, diesInLine: 0 },
]

/** Runs a load; the seed decides the jitter, and who dies. */
export async function measure(load: Load, seed: number): Promise<Liveness> {
  const world = new World()
  const draws = new Draws(seed, load.name)
  world.fate = () => ({
    requestMs: load.latencyMs * draws.between(0.6, 1.4),
    answerMs: load.latencyMs * draws.between(0.6, 1.4),
  })
  const startMs = world.nowMs
  const waits: number[] = []
  let [lastMs, longestGapMs, gaveUp, died] = [startMs, 0, 0, 0]

  const live = async () => {
    const machine = new Machine(world)
    const leaser = machine.leaser({ random: draws.random })
    for (;;) {
      const beganMs = world.nowMs
      if (draws.chance(load.diesInLine)) {
        // Somewhere in its wait; and another one comes.
        void leaser.acquire(KEY, { timeoutMs: load.timeoutMs }).catch(() => {})
        await new Promise<void>((resolve) => world.after(draws.between(20, 500), resolve))
        machine.kill()
        died++
        void live()
        return
      }
      let lease: Lease
      try {
        lease = await leaser.acquire(KEY, { timeoutMs: load.timeoutMs })
      } catch {
        gaveUp++
        continue
      }
      waits.push(world.nowMs - beganMs)
      longestGapMs = Math.max(longestGapMs, world.nowMs - lastMs)
      lastMs = world.nowMs
      await new Promise<void>((resolve) => world.after(load.holdMs, resolve))
      await lease.release()
    }
  }
  for (let i = 0; i < load.contenders; i++) void live()
  await world.pass(load.forMs)
  waits.sort((a, b) => a - b)
  return {
    perSecond: waits.length / (load.forMs / 1000),
    longestGapMs: Math.max(longestGapMs, world.nowMs - lastMs),
    gaveUp,
    died,
    medianWaitMs: waits[waits.length >> 1] ?? 0,
    longestWaitMs: waits.at(-1) ?? 0,
  }
}

/** All loads, as a table. */
export async function livenessReport(seed = 1): Promise<string> {
  const lines = [
    '| load | turns a second | longest gap | median wait | longest wait | died | gave up |',
    '|---|---|---|---|---|---|---|',
  ]
  for (const load of loads) {
    const it = await measure(load, seed)
    const ms = (value: number) => `${Math.round(value)} ms`
    const cells = [
      load.name,
      it.perSecond.toFixed(1),
      ms(it.longestGapMs),
      ms(it.medianWaitMs),
      ms(it.longestWaitMs),
      it.died,
      it.gaveUp,
    ]
    lines.push(`| ${cells.join(' | ')} |`)
  }
  return lines.join('\n')
}
