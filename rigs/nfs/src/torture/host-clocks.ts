import type { History } from '@sqlite-efs/torture'
import type { Place, Stage } from '../stage.js'

/** A line of a worker's history. */
type Told = History['records'][number]

const LOOKS = 40

interface Offset {
  /** To be added to a host's clock. */
  ms: number
  withinMs: number
}

/** How the monotonic clocks of the hosts compare, so that what one host acknowledged can be held against what another read. */
export class HostClocks {
  readonly #offsets: ReadonlyMap<string, Offset>

  private constructor(offsets: ReadonlyMap<string, Offset>) {
    this.#offsets = offsets
  }

  static async compare(stage: Stage, place: Place): Promise<HostClocks> {
    const offsets = await Promise.all(
      stage.guests.map(async (guest) => {
        const actor = await stage.actor(guest, place, { owner: 'clock' })
        let best: Offset = { ms: 0, withinMs: Number.POSITIVE_INFINITY }
        for (let look = 0; look < LOOKS; look++) {
          const askedAt = performance.now()
          const there = await actor.ask('clock', {})
          const withinMs = (performance.now() - askedAt) / 2
          if (withinMs < best.withinMs) best = { ms: askedAt + withinMs - there, withinMs }
        }
        actor.process.hangUp()
        return [`lambda${guest.number}`, best] as const
      }),
    )
    return new HostClocks(new Map(offsets))
  }

  /** By how much two clocks may be apart after all. */
  get withinMs(): number {
    return 2 * Math.max(...[...this.#offsets.values()].map(({ withinMs }) => withinMs))
  }

  /** The histories as of one host; each answer as late, and each question and grant as early, as it may have been. */
  onOneClock(histories: readonly History[]): History[] {
    return histories.map(({ name, records }) => {
      const start = records.find((record) => record.type === 'start')
      const { ms, withinMs } = this.#offsets.get(start?.host ?? '') ?? { ms: 0, withinMs: 0 }
      const moved = (record: Told): Told => {
        if (record.type === 'start') return { ...record, at: record.at + ms, host: 'all' }
        if (record.type === 'ack') return { ...record, at: record.at + ms + withinMs }
        if (record.type === 'intent' || record.type === 'lease') return { ...record, at: record.at + ms - withinMs }
        if (record.type === 'file') {
          return { ...record, at: record.at + ms - withinMs, latestAt: record.at + ms + withinMs }
        }
        if (record.type !== 'read') return { ...record, at: record.at + ms }
        return { ...record, at: record.at + ms - withinMs, doneAt: record.doneAt + ms + withinMs }
      }
      return { name, records: records.map(moved) }
    })
  }
}
