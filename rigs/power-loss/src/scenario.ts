import type { CrashState } from './crash-states.js'

/** Where a scenario plays. */
export interface Place {
  /** The database file. */
  path: string
  /** A folder that loses nothing: for what is there before. */
  beside: string
}

/** What the process had said when the power went. */
export interface Story {
  /** Steps whose promise had resolved: they must be there. */
  done: ReadonlySet<string>
  /** Steps that had begun: they may be there. */
  begun: ReadonlySet<string>
}

/** Tells that a step begins, and that it is done. */
export type Step = <T>(name: string, action: () => Promise<T>) => Promise<T>

/** Something that a process does to a database, and what must be true of it after a power loss at any moment. */
export interface Scenario {
  name: string
  /** Makes the files that are on disk when the recording begins. */
  prepare(place: Place): Promise<void>
  /** Runs in a process of its own, which is recorded. */
  act(place: Place, step: Step): Promise<void>
  /** Whether the journal has to be there and not empty, before any process opens the database again. */
  hasJournal(story: Story, state: CrashState): boolean
  /** Opens what was left with the project's own code; throws where something is wrong. */
  verify(place: Place, story: Story): Promise<void>
}
