import type { Clock } from '@sqlite-efs/lease'
import { Moment } from '@sqlite-efs/lease/internal'

/** More than a clock that is set right by NTP moves in one step, less than any server's lease on locks. */
const FREEZE_MS = 1_000

/** Notices that the process was frozen between two looks: the wall clock ran ahead of the monotonic one. */
export class FreezeDetector {
  readonly #clock: Clock
  readonly #onThaw: (() => void)[] = []
  #lastLook: Moment

  constructor(clock: Clock) {
    this.#clock = clock
    this.#lastLook = new Moment(clock)
  }

  /** Has `thawed` called after each freeze that a look notices: locks may be gone, and cached pages stale. */
  onThaw(thawed: () => void): void {
    this.#onThaw.push(thawed)
  }

  /**
   * Looks whether there was a freeze since the last look, and calls what {@link FreezeDetector.onThaw} was given. A silence of more than `maxSilenceMs` counts as
   * one, whatever the clocks say.
   */
  look(maxSilenceMs = Number.POSITIVE_INFINITY): void {
    const lastLook = this.#lastLook
    this.#lastLook = new Moment(this.#clock)
    const isThawed = lastLook.frozenMs() > FREEZE_MS || lastLook.elapsedMs() > maxSilenceMs
    if (isThawed) for (const thawed of this.#onThaw) thawed()
  }
}
