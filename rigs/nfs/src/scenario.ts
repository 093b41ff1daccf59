import type { Stage } from './stage.js'

/** What one round showed. */
export interface Outcome {
  /** What must not happen: the run fails. In a control it is what has to happen. */
  violations: string[]
  /** What kept the round from being played to its end: the scenario fails, a control too. */
  cameToNothing?: string
  /** How often something happened: added up over the rounds. */
  counts?: Record<string, number>
  /** Milliseconds and other measures: the smallest and the largest of the rounds are shown. */
  measures?: Record<string, number>
}

/** One thing that may happen to hosts, and what must be true then. */
export interface Scenario {
  name: string
  /** The behaviour that it proves, in a sentence. */
  shows: string
  rounds: number
  /** A control shows that the check can fail: without a violation in any of its rounds it fails itself. */
  isControl?: true
  /** Counts of {@link Outcome} that have to be above 0 over all rounds: else nothing was shown, and the scenario fails. */
  needs?: readonly string[]
  play(stage: Stage, round: number): Promise<Outcome>
}
