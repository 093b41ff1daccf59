import { type Clock, Moment } from '@sqlite-efs/lease'

/** More than a clock that is set right by NTP moves in one step, less than any server's lease on locks. */
const FREEZE_MS = 1_000

/** Notices that the process was frozen between two looks: the wall clock ran ahead of the monotonic one. */
export class FreezeDetector {
  readonly #clock: Clock
  #lastLook: Moment

  constructor(clock: Clock) {
    this.#clock = clock
    this.#lastLook = new Moment(clock)
  }

  /**
   * Whether there was a freeze since the last call: locks may be gone, and cached pages stale. So it is taken for after a silence
   * of more than `maxSilenceMs`, whatever the clocks say.
   */
  thawed(maxSilenceMs = Number.POSITIVE_INFINITY): boolean {
    const lastLook = this.#lastLook
    this.#lastLook = new Moment(this.#clock)
    return lastLook.frozenMs() > FREEZE_MS || lastLook.elapsedMs() > maxSilenceMs
  }
}
